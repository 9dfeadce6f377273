"""`verify --fresh`: the newest statuses, asked of sources the verifier chose; verified like the receipt's own.

A source is asked for a whole batch, never for one credential. What it gives counts
where the refreshed receipt holds by the verifier's own trust file; else the receipt
is judged as it is, and its status is *stale*, with its age, never false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from anchoring.mirrors import FolderMirror, HttpMirror
from notary.core.digest import Digest
from notary.core.encoding import shorten
from notary.core.errors import NotaryError, VerifierError
from notary.core.receipt import Receipt
from notary.core.verdict import Check, Result, State, Verdict
from notary.ports import Mirror
from notary.service.status.bundle import MAX_SIZE, StatusBundle, bundle_path, refreshed

SECONDS = 20.0
MOST = 96 << 20
"""Bytes that one source may send."""
_STATUS_STEP = 10

Judge = Callable[[bytes], Verdict]


@dataclass(frozen=True, slots=True)
class Freshened:
    """A verdict with the newest status that could be had: from where, or None; how old it is; who gave nothing."""

    verdict: Verdict
    source: str | None
    days: int | None
    in_vain: tuple[str, ...]


def freshen(data: bytes, verdict: Verdict, sources: Sequence[str], judge: Judge, now: datetime) -> Freshened:
    """Ask every source, and judge again with the newest statuses that hold; `verdict` is on the receipt as it is."""
    try:
        receipt = Receipt.parse(data)
    except NotaryError:
        return Freshened(verdict, None, None, ())  # there is nothing to refresh, as the verdict says
    best, chosen = verdict, None
    in_vain = []
    for place in sources:
        try:
            found = judge(bytes(refreshed(receipt, _ask(_open(place), receipt))))
            if not _decided(found):
                raise VerifierError(f"what {place} gives does not hold here", actual=_why(found))
        except NotaryError as error:
            in_vain.append(str(error).rstrip("."))
            continue
        if not _decided(best) or _as_of(found) > _as_of(best) or (chosen is None and _as_of(found) == _as_of(best)):
            best, chosen = found, place
    days = None if best.facts.status is None else int(now.timestamp() - best.facts.status.as_of) // 86_400
    if chosen is None:
        best = replace(best, checks=tuple(_stale(check, days) for check in best.checks))
    return Freshened(best, chosen, days, tuple(in_vain))


def _open(place: str) -> Mirror:
    if place.startswith(("http://", "https://")):
        return HttpMirror(place, seconds=SECONDS, most=MOST)
    if not Path(place).is_dir():
        raise VerifierError("--from", expected="an http(s) address or a folder", actual=shorten(place))
    return FolderMirror(Path(place))


def _ask(mirror: Mirror, receipt: Receipt) -> dict[Digest, StatusBundle]:
    found = {}
    for submission in receipt.submissions:
        name = submission.signed.id
        found[name] = StatusBundle.parse(mirror.read(bundle_path(name), max_size=MAX_SIZE))
    return found


def _decided(verdict: Verdict) -> bool:
    return verdict.result not in (Result.NOT_VERIFIED, Result.NOT_KNOWN) and verdict.facts.status is not None


def _as_of(verdict: Verdict) -> int:
    return verdict.facts.status.as_of if verdict.facts.status else 0


def _why(verdict: Verdict) -> str:
    return next((check.says for check in verdict.checks if not check.holds), verdict.result.value)


def _stale(check: Check, days: int | None) -> Check:
    """Say of a status that holds how old it is: a newer one may exist, and nobody could be asked."""
    if check.step != _STATUS_STEP or not check.holds:
        return check
    age = "" if days is None else f"; {days} days old" if days != 1 else "; a day old"
    settle = "A source that can be reached: notary verify --fresh --from PLACE, or the learner's link"
    return replace(check, state=State.STALE, says=f"{check.says.partition(';')[0]}{age}", settle=settle)


def configured(given: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sources named, else those of NOTARY_SOURCES, separated by white space."""
    return tuple(given) or tuple(environment.get("NOTARY_SOURCES", "").split())
