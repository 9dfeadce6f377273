"""Which key may sign what, and when: the vectors of rotation, compromise and recovery (docs/spec/registry.md)."""

from __future__ import annotations

from dataclasses import replace

from spec_world import ALPHA, Key, first_batch, status_statement

from notary.core.canonical import JSON
from notary.core.encoding import format_unix
from notary.core.keys import Algorithm
from notary.core.proof import DataIntegrityProof
from notary.core.registry import PURPOSES, Compromise, MemberKey, MemberRecord, Period
from notary.core.statement import SignedStatement, Statement, StatusStatement, message_to_sign

ROTATED, COMPROMISED = 1_780_000_000, 1_785_000_000
NEVER = Period("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
OLD, NEW = Key("alpha, old"), Key("alpha, new", Algorithm.P256)
STATUS, RECOVERY = Key("alpha, statuses"), Key("alpha, recovery")
TIMES = (0, ROTATED - 1, ROTATED, COMPROMISED - 1, COMPROMISED, 2**40)
LEFT = 1_790_000_000


def key_vectors() -> JSON:
    """A member with four keys, statements by each, and at which block times each counts.

    The old key ends as the new one begins; the new one is compromised later; one
    key may sign statuses alone; the recovery key signs nothing. `left` is the
    same member once it has left.
    """
    record = _record()
    statements = [_signed(statement, key) for statement in _statements() for key in (OLD, NEW, STATUS, RECOVERY)]
    return {
        "record": record.to_json(),
        "left": replace(record, period=Period(None, format_unix(LEFT))).to_json(),
        "compromised": [Compromise(NEW.public.multibase, format_unix(COMPROMISED)).to_json()],
        "times": [*TIMES],
        "statements": [
            {
                "statement": signed.to_json(),
                "counts": [_counts(signed, time) for time in TIMES],
                "countsOnceLeft": [_counts(signed, time) and (_is_status(signed) or time < LEFT) for time in TIMES],
            }
            for signed in statements
        ],
    }


def _record() -> MemberRecord:
    rotated = format_unix(ROTATED)
    keys = (
        _listed(OLD, PURPOSES, Period(None, rotated)),
        _listed(NEW, PURPOSES, Period(rotated, None)),
        _listed(STATUS, ("status",), Period(None, None)),
        _listed(RECOVERY, PURPOSES, NEVER),
    )
    return replace(ALPHA.record, keys=keys, period=Period(None, None), did_document=None)


def _listed(key: Key, purposes: tuple[str, ...], period: Period) -> MemberKey:
    return MemberKey(_method(key), key.public.multibase, purposes, period, custodial=False)


def _method(key: Key) -> str:
    return f"{ALPHA.record.id}#{key.public.multibase}"


def _statements() -> tuple[Statement, ...]:
    return first_batch().signed.statement, status_statement().statement


def _signed(statement: Statement, key: Key) -> SignedStatement:
    suite, method = key.public.cryptosuite, _method(key)
    return SignedStatement(
        statement, DataIntegrityProof(suite, method, key.sign(message_to_sign(statement, suite, method)))
    )


def _is_status(signed: SignedStatement) -> bool:
    return isinstance(signed.statement, StatusStatement)


def _counts(signed: SignedStatement, time: int) -> bool:
    """Say it by hand: the vectors are not made by the rule they test."""
    by = signed.proof.verification_method
    if by == _method(OLD):
        return time < ROTATED
    if by == _method(NEW):
        return ROTATED <= time < COMPROMISED
    return by == _method(STATUS) and _is_status(signed)
