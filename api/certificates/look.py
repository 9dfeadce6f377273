"""How an institution's certificates look: a logo, one colour, a few words; a closed TOML, no code.

One file for each institution in the folder `certificates` of the data folder,
the logo beside it. Whoever has none gets the plain look. Format: docs/certificates.md.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.certificates.logo import MAX_LOGO, Logo
from notary.core.errors import IssuerError
from notary.service.issuing.finding import Finding, Unfit
from notary.service.issuing.reading import Fields

TYPE = "credential-notary/certificate-look/v1"
FOLDER = "certificates"
ACCENT = "#0b4f5c"
MAX_LOOK = 64 << 10
MAX_LOOKS = 500
LEAST_CONTRAST = 4.5
"""WCAG 2.2 §1.4.3 (AA), against white paper."""
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_FILE = re.compile(r"[\w][\w. -]{0,100}")


@dataclass(frozen=True, slots=True)
class Words:
    """What stands between institution, name and title; each may be in the institution's own language."""

    heading: str = "Certificate"
    certifies: str = "This certifies that"
    earned: str = "has earned"
    motto: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """`accent`: #rrggbb, dark enough to be read on white. `issuer`: the member's id, None for the plain look.

    `badge_png`, `badge_svg`: the pictures that badges are baked into.
    """

    issuer: str | None = None
    accent: str = ACCENT
    logo: Logo | None = None
    badge_png: Logo | None = None
    badge_svg: Logo | None = None
    words: Words = field(default_factory=Words)

    @classmethod
    def load(cls, path: Path) -> Look:
        """Read a look and the logo beside it; Unfit has everything that is wrong."""
        findings: list[Finding] = []
        fields = Fields(_load(path), "", findings)
        fields.choice("type", (TYPE,), needed=True)
        issuer = fields.uri("issuer", needed=True, why="The member's id, as `notary member list` shows it")
        accent = fields.line("accent") or ACCENT
        if not _COLOUR.fullmatch(accent):
            fields.fault("accent", "it is no colour like #0b4f5c")
        elif (ratio := contrast(accent)) < LEAST_CONTRAST:
            what = f"{accent} is too pale to be read on white: {ratio:.1f}:1; the least is {LEAST_CONTRAST}:1"
            fields.fault("accent", what, "Take a darker one")
        logo, png, svg = (_file(fields, name) for name in ("logo", "badge_png", "badge_svg"))
        words = fields.table("words", _words) or Words()
        fields.close()
        if findings or issuer is None:
            raise Unfit(path.name, findings, "See docs/certificates.md")
        return cls(
            *(issuer, accent.lower(), _picture(path, logo)),
            *(_picture(path, png, "image/png"), _picture(path, svg, "image/svg+xml"), words),
        )


def load_looks(data: Path) -> Mapping[str, Look]:
    """Read every institution's look from a data folder, by the institution's id."""
    paths = sorted((data / FOLDER).glob("*.toml"))[:MAX_LOOKS]
    looks: dict[str, Look] = {}
    for path in paths:
        look = Look.load(path)
        assert look.issuer is not None
        if look.issuer in looks:
            raise IssuerError(f"{path.name}: another look is for the same institution", actual=look.issuer)
        looks[look.issuer] = look
    return looks


def contrast(colour: str) -> float:
    """Return a colour's contrast ratio with white (WCAG 2.2, relative luminance)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def _words(fields: Fields) -> Words:
    plain = Words()
    return Words(
        heading=fields.line("heading", most=60) or plain.heading,
        certifies=fields.line("certifies", most=120) or plain.certifies,
        earned=fields.line("earned", most=120) or plain.earned,
        motto=fields.line("motto", most=120),
    )


def _load(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LOOK + 1)
        if len(data) > MAX_LOOK:
            raise Unfit(path.name, [Finding(f"it has more than {MAX_LOOK >> 10} KiB")])
        return tomllib.loads(data.decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise Unfit(path.name, [Finding(f"it is no TOML: {str(error).splitlines()[0][:200]}")]) from error


def _file(fields: Fields, name: str) -> str | None:
    found = fields.line(name)
    if found is not None and not _FILE.fullmatch(found):
        fields.fault(name, "it is no name of a file beside this one")
    return found


def _picture(look: Path, name: str | None, media_type: str | None = None) -> Logo | None:
    if name is None:
        return None
    try:
        with look.with_name(name).open("rb") as file:
            found = Logo.parse(file.read(MAX_LOGO + 1), name)
    except OSError as error:
        raise IssuerError(f"the picture {name} cannot be read", actual=error.strerror) from error
    if media_type not in (None, found.media_type):
        raise IssuerError(f"the picture {name}", expected=media_type, actual=found.media_type)
    return found
