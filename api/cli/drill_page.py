"""The switch-off report: one page for an administrator's board, complete in itself, printable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from importlib.resources import files

from api.cli.drill import HOLDS, Drill, Tried
from api.words import say_day

_TICK = '<path d="m7.5 12.4 3.1 3.1 6-6.6"/>'
_CROSS = '<path d="m8.5 8.5 7 7m0-7-7 7"/>'
_QUESTION = '<path d="M9.2 9.4a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1-1.4 2"/><path d="M12 17.1v.1"/>'
_OFF = (
    ("The institutions", "None was asked. Their keys stand in every receipt, with the proof of whose they are."),
    ("The notary", "No ledger, no page, no service of ours. The receipts hold all it ever knew of them that matters."),
    ("The blockchain node", "The blocks' hashes stand in the trust file; the rest is computed from the receipt."),
    ("IPFS", "Nothing was fetched. What is stored there is needed to rebuild a notary, not to verify a receipt."),
    ("Names and the internet", "No name was looked up and no connection made: an attempt would have ended the test."),
)
_PRINTED = "@media print { html { font-size: 10pt; } h1, h2, p, ul { margin-block-end: .6rem; } }\n"
"""So that the report of a consortium of some twenty institutions is one sheet."""
_SHOWN = 50
"""Receipts listed one by one; more would not be one page."""


def render(drill: Drill, at: datetime) -> str:
    """Return the whole page."""
    style = (files("api.http.pages") / "static" / "page.css").read_text(encoding="utf-8")
    title = f"Switch-off report: {headline(drill)}"
    parts = [*_answer(drill), *_switched_off(), *_institutions(drill), *_open(drill), *_carried(drill, at)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}{_PRINTED}</style>\n</head>\n<body>\n"
        f'<header class="house"><p>{escape(drill.consortium)} · switch-off report · '
        f'{at.day} {at:%B %Y}</p></header>\n<main id="main">\n{"".join(parts)}</main>\n</body>\n</html>\n'
    )


def headline(drill: Drill) -> str:
    """Return the answer in one line."""
    return f"{drill.verified:,} of {_count(len(drill.tried))} verified".replace(",", "\u202f")


def _count(number: int) -> str:
    return f"{number:,} {'receipt' if number == 1 else 'receipts'}"


def _answer(drill: Drill) -> Iterator[str]:
    false = any(each.result == "not verified" for each in drill.open)
    tone, icon = ("good", _TICK) if not drill.open else ("bad", _CROSS) if false else ("open", _QUESTION)
    yield f'<div class="answer {tone}" role="status">{_icon(icon)}<div><h1>{escape(headline(drill))}.</h1>'
    yield '<p class="reason">With everything switched off: institutions, notary, blockchain node, IPFS, internet.</p>'
    if drill.withdrawn:
        yield f'<p class="settle">{_count(len(drill.withdrawn))} more proven, and withdrawn by their issuers.</p>'
    yield "</div></div>\n"


def _switched_off() -> Iterator[str]:
    yield '<section aria-labelledby="off"><h2 id="off">What was off</h2>\n<ul class="checks">\n'
    for what, why in _OFF:
        yield f'<li class="good">{_icon(_TICK)}<div><p><b>{what}.</b> {why}</p></div></li>\n'
    yield "</ul></section>\n"


def _institutions(drill: Drill) -> Iterator[str]:
    yield '<section aria-labelledby="whose"><h2 id="whose">Whose receipts</h2>\n<table>\n'
    yield "<thead><tr><th>Institution</th><th>Receipts</th><th>Verified</th><th>Anchored</th></tr></thead>\n<tbody>\n"
    for name, tried in drill.by_institution().items():
        verified = sum(each.result in HOLDS for each in tried)
        tone = "good" if verified == len(tried) else "open"
        yield f"<tr><td>{escape(name)}</td><td>{len(tried)}</td>"
        yield f'<td class="{tone}">{verified}</td><td>{escape(_days(tried))}</td></tr>\n'
    yield "</tbody></table></section>\n"


def _days(tried: list[Tried]) -> str:
    times = [each.anchored for each in tried if each.anchored is not None]
    if not times:
        return "not readable"
    first, last = say_day(min(times)), say_day(max(times))
    return first if first == last else f"{first} to {last}"


def _open(drill: Drill) -> Iterator[str]:
    rest = (*drill.open, *drill.withdrawn)
    if not rest:
        return
    yield '<section aria-labelledby="rest"><h2 id="rest">The others</h2>\n<ul class="plain">\n'
    for each in rest[:_SHOWN]:
        yield f"<li><p><code>{escape(each.path.name)}</code> {escape(each.headline)}</p></li>\n"
    if len(rest) > _SHOWN:
        yield f"<li><p>And {len(rest) - _SHOWN} more: <code>notary drill --json</code> names them all.</p></li>\n"
    yield "</ul></section>\n"


def _carried(drill: Drill, at: datetime) -> Iterator[str]:
    processes = "one fresh process" if drill.processes == 1 else f"{drill.processes:,} fresh processes"
    yield '<section aria-labelledby="carried"><h2 id="carried">What carried it</h2>\n'
    yield f"<p>{_count(len(drill.tried))}, each one file, and the consortium's trust file of {drill.trust_date[:10]}, "
    yield f"in {processes} with the network forbidden: {drill.seconds:.1f} seconds, {at:%Y-%m-%d %H:%M} UTC.</p>\n"
    yield f'<p class="small">SHA-256 of the trust file: <code>{drill.trust_digest.hex()}</code>. '
    yield "Compare it with the one the consortium publishes: this report is worth what that file is worth.</p>\n"
    yield "</section>\n"
    yield '<section aria-labelledby="not"><h2 id="not">What this does not show</h2>\n'
    yield "<p>A status is as of the newest anchor in each receipt; what was revoked since, a refreshed receipt says. "
    yield "A receipt in hand is not identity: the verdict names whom it was issued to.</p>\n"
    yield "<p>To repeat it, on any machine: <code>notary drill receipts/ --trust trust.json</code></p>\n</section>\n"


def _icon(inside: str) -> str:
    ring = '<circle cx="12" cy="12" r="10"/>'
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{ring}{inside}</svg>'
