"""Pages for people: templates, one style sheet, one small script; nothing from anywhere else."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.plain import plain
from notary.core.encoding import format_time

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
_QUOTED = re.compile(r"`([^`]*)`")
_COLUMN = re.compile(r"^(Row \d+, )\*(.{1,200}?)\*:")
_LONG = re.compile(r"[0-9A-Za-z_-]{32,}")


def page(template: str, *, status: int = 200, private: bool = False, **about: object) -> HTMLResponse:
    """Render a page; a private one is stored by nobody on the way."""
    html = _templates().get_template(template).render(**about)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store" if private else "no-cache"})


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"time": _time, "number": _number, "sentence": _sentence, "capital": _capital, "brief": _brief}
    templates.filters |= {"marked": _marked, "utc": _utc}
    return templates


def _shown(value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return plain(value)


def _time(moment: datetime) -> str:
    """Return a moment as the `datetime` of a <time>: the script shows it in the reader's own zone and way."""
    return format_time(moment)


def _utc(moment: datetime) -> str:
    """Say a moment to somebody whose browser runs no script."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _brief(text: str) -> str:
    """Shorten hashes, keys and addresses within a sentence; their whole stands among the values."""
    return _LONG.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", text)


def _marked(text: str) -> Markup:
    """Set what a message quotes between backticks, and the column it names between stars, as a page does."""
    shown = _QUOTED.sub(r"<code>\1</code>", str(escape(plain(text))))
    return Markup(_COLUMN.sub(r"\1<i>\2</i>:", shown))  # noqa: S704  # escaped above


def _sentence(text: str) -> str:
    """Begin with a capital and end with a stop."""
    text = _capital(text)
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
