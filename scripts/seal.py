"""Draws the plain seal that badges bear where an institution gives no picture: `scripts/seal.py`, once, by hand.

One geometry, two files in api/certificates/seal/: the SVG, and the same as a PNG with Pillow, four times as
large and then made small. No text, so that it says nothing in any language.
"""

from __future__ import annotations

from math import cos, pi, sin
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parent.parent / "api" / "certificates" / "seal"
SIDE, SCALE = 512, 4
INK, PAPER = "#0b4f5c", "#fdfcf9"

Points = list[tuple[float, float]]


def curve(radius: float, depth: float, waves: int, phase: float = 0.0, steps: int = 1440) -> Points:
    """A closed curve around the middle whose radius swings `waves` times by `depth`."""
    turns = [2 * pi * step / steps for step in range(steps)]
    swing = [(radius + depth * cos(waves * turn + phase), turn) for turn in turns]
    return [(SIDE / 2 + r * sin(turn), SIDE / 2 - r * cos(turn)) for r, turn in swing]


def star(outer: float, inner: float, rays: int) -> Points:
    """A star with as many rays."""
    corners = [(outer if step % 2 == 0 else inner, pi * step / rays) for step in range(2 * rays)]
    return [(SIDE / 2 + r * sin(turn), SIDE / 2 - r * cos(turn)) for r, turn in corners]


FILLED = [(curve(244, 6, 48), INK), (curve(214, 0, 1, steps=360), PAPER), (curve(206, 0, 1, steps=360), INK)]
LINES = [curve(140, 44, 12, pi * step / 4, 720) for step in range(8)]
MIDDLE = [(curve(84, 0, 1, steps=360), PAPER), (star(66, 27, 8), INK)]


def svg() -> str:
    """The seal as SVG."""

    def path(points: Points, step: int = 1) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points[::step]) + "Z"

    filled = "".join(f'<path d="{path(points, 4)}" fill="{colour}"/>' for points, colour in FILLED)
    lines = "".join(f'<path d="{path(points, 2)}"/>' for points in LINES)
    middle = "".join(f'<path d="{path(points)}" fill="{colour}"/>' for points, colour in MIDDLE)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">{filled}'
        f'<g fill="none" stroke="{PAPER}" stroke-width="1.2" stroke-opacity="0.75">{lines}</g>{middle}</svg>\n'
    )


def png() -> Image.Image:
    """The seal as a picture."""
    large = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(large)

    def wide(points: Points) -> Points:
        return [(x * SCALE, y * SCALE) for x, y in points]

    for points, colour in FILLED:
        draw.polygon(wide(points), fill=colour)
    for points in LINES:
        draw.line(wide([*points, points[0]]), fill="#c0d0d0", width=5)
    for points, colour in MIDDLE:
        draw.polygon(wide(points), fill=colour)
    return large.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "seal.svg").write_text(svg())
    png().quantize(64, dither=Image.Dither.NONE).save(FOLDER / "seal.png", optimize=True)
