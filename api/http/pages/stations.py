"""The picture of proof: credential → batch → log → anchor → block, each with its state, its values, what it proves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from notary.core.digest import ZERO
from notary.core.encoding import format_unix, to_base64url, to_digest_text, to_hex
from notary.core.errors import NotaryError
from notary.core.evm import Header
from notary.core.receipt import EvmAnchor, Receipt
from notary.core.verdict import Check, State, Verdict, Weight
from notary.service.rounds.progress import Stage

Values = tuple[tuple[str, str], ...]


class Mark(StrEnum):
    """A station's state: a word, an icon and a colour by this name."""

    HOLDS = "holds"
    DONE = "done"
    OLDER = "holds, as of then"
    UNKNOWN = "not known"
    BROKEN = "broken"
    PENDING = "pending"
    AHEAD = "not reached"


_MARKS = {State.PASS: Mark.HOLDS, State.STALE: Mark.OLDER, State.UNKNOWN: Mark.UNKNOWN, State.FAIL: Mark.BROKEN}
_GRAVITY = (Mark.BROKEN, Mark.UNKNOWN, Mark.OLDER, Mark.HOLDS)


@dataclass(frozen=True, slots=True)
class Station:
    """One of the five."""

    name: str
    proves: str
    mark: Mark
    values: Values = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    steps: tuple[int, ...]
    proves: str
    reached: Stage


_PLACES = (
    _Place(
        "Credential",
        (1, 2, 4, 10, 11),
        "What the learner holds. Change one character of it, and its digest is another.",
        Stage.OPEN,
    ),
    _Place(
        "Batch",
        (3, 9),
        "The institution signed one root over all credentials of a batch. This credential is among them.",
        Stage.SEALED,
    ),
    _Place(
        "Log",
        (5,),
        "What institutions signed stands in one public log that only grows. Nothing is taken back in silence.",
        Stage.LOGGED,
    ),
    _Place(
        "Anchor",
        (8,),
        "32 bytes on a public chain stand for the whole log as it was then. Nobody can set them back.",
        Stage.CONFIRMED,
    ),
    _Place(
        "Block",
        (7,),
        "The block with the anchor is final. Its hash is known to many who do not know each other.",
        Stage.FINAL,
    ),
)


def judged_stations(verdict: Verdict, receipt: Receipt | None, chains: Mapping[str, str]) -> tuple[Station, ...]:
    """Return the stations as a verdict found them; one that was never looked at is not reached."""
    values = _values(receipt, chains) if receipt else ((),) * len(_PLACES)
    found = []
    for place, known in zip(_PLACES, values, strict=True):
        checks = [check for check in verdict.checks if check.step in place.steps]
        # Two commitments of one receipt often say the same: once is enough for a person.
        said = {(check.state, check.says, check.expected, check.actual): check for check in reversed(checks)}
        found.append(Station(place.name, place.proves, _mark(checks), known, tuple(reversed(said.values()))))
    return tuple(found)


def reached_stations(stage: Stage) -> tuple[Station, ...]:
    """Return the stations of a credential on its way: those behind it, the one it waits at, those ahead."""
    order = list(Stage)
    done = [order.index(place.reached) <= order.index(stage) for place in _PLACES]
    marks = [Mark.DONE if passed else Mark.AHEAD for passed in done]
    if not all(done):
        marks[done.index(False)] = Mark.PENDING
    return tuple(Station(place.name, place.proves, mark) for place, mark in zip(_PLACES, marks, strict=True))


def _mark(checks: Sequence[Check]) -> Mark:
    """Return the gravest of what counts; where all is summed up elsewhere, the best of what was noted."""
    counted = {_MARKS[check.state] for check in checks if _counts(check)}
    if counted:
        return next(mark for mark in _GRAVITY if mark in counted)
    noted = {_MARKS[check.state] for check in checks}
    return next((mark for mark in reversed(_GRAVITY) if mark in noted), Mark.AHEAD)


def _counts(check: Check) -> bool:
    """Say whether a check bears on the verdict: what is only heeded does where it is false."""
    return check.weight is Weight.NEEDED or (check.weight is Weight.HEEDED and check.state is State.FAIL)


def _values(receipt: Receipt, chains: Mapping[str, str]) -> tuple[Values, ...]:
    """Return what the receipt says for each station; nothing here is proven by being shown."""
    if not receipt.submissions or not receipt.commitments:
        return ((),) * len(_PLACES)
    submission = receipt.submissions[0]
    statement, commitment = submission.statement, receipt.commitments[submission.commitment]
    manifest = commitment.manifest
    anchors = [anchor for anchor in commitment.anchors if isinstance(anchor, EvmAnchor)]
    return (
        (("Form", receipt.form.name), ("Salt", to_base64url(submission.salt)), ("Evidence", _evidence(receipt))),
        (
            ("Signed by", submission.signed.proof.verification_method),
            ("Position", f"{submission.index + 1} of {statement.size}"),
            ("Root", to_digest_text(statement.root)),
            ("Claims to be", statement.recognition.value),
        ),
        (
            ("Log", manifest.origin),
            ("Entry", f"{submission.entry} of {manifest.size}"),
            ("Root", to_digest_text(manifest.root)),
        ),
        tuple(
            pair
            for anchor in anchors
            for pair in (
                ("Chain", chains.get(anchor.chain, anchor.chain)),
                ("Contract", to_hex(anchor.contract)),
                ("Anchor root", to_digest_text(manifest.anchor_root())),
                ("Members' state", f"{anchor.state.number}, {to_digest_text(anchor.state.digest())}"),
            )
        ),
        tuple(pair for anchor in anchors for pair in _block(anchor)),
    )


def _block(anchor: EvmAnchor) -> Values:
    try:
        header = Header.parse(anchor.header)
    except NotaryError:
        return (("Block", "its header cannot be read"),)
    return (("Block", f"{header.number}"), ("Hash", to_hex(header.hash)), ("Time", format_unix(header.timestamp)))


def _evidence(receipt: Receipt) -> str:
    digest = receipt.evidence_digest()
    return "none" if digest == ZERO else to_digest_text(digest)
