"""What a member record allows at a moment: which key may sign what, and how highly it may claim.

Verification asks this of a proven record at a block's time (step 9); the notary
asks it of the record in force before it logs. Spec: docs/spec/verification.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from notary.core.encoding import format_unix, shorten
from notary.core.errors import Mismatch
from notary.core.registry import MemberKey, MemberRecord, RegistryState
from notary.core.statement import BatchStatement, Recognition, SignedStatement
from notary.core.summary import Achievements


def check_key(record: MemberRecord, signed: SignedStatement, moment: int) -> MemberKey:
    """Return the record's key that signed a statement, in force at `moment` (Unix seconds).

    Exactly one key has the id the proof names, with the purpose, and its
    signature holds. A member that left may still sign statuses. Raises Mismatch;
    Malformed or Unsupported for a key that is none to trust.
    """
    keys = [key for key in record.keys if key.id == signed.proof.verification_method]
    if len(keys) != 1:
        named = shorten(signed.proof.verification_method)
        raise Mismatch(f"keys of {record.name} named {named}", expected="one", actual=len(keys))
    key = keys[0]
    is_batch = isinstance(signed.statement, BatchStatement)
    purpose = "batch" if is_batch else "status"
    if purpose not in key.purposes:
        raise Mismatch(f"key {key.id} may not sign this", expected=purpose, actual=" and ".join(key.purposes))
    signed.verify(key.public_key())
    at = format_unix(moment)
    if not record.period.holds(moment, ignore_until=not is_batch):
        raise Mismatch(f"{record.name} was no member then", expected=str(record.period), actual=at)
    if not key.period.holds(moment):
        raise Mismatch(f"key {key.id} was not in force then", expected=str(key.period), actual=at)
    return key


def check_uncompromised(key: MemberKey, moment: int, newest: Iterable[RegistryState]) -> None:
    """Check that none of the newest states known marks the key as compromised by then; Mismatch where one does."""
    for state in newest:
        since = state.compromised_since(key.public_key_multibase)
        if since is not None and since <= moment:
            raise Mismatch(
                f"key {key.id} was compromised (registry state {state.number})",
                expected=f"a block before {format_unix(since)}",
                actual=format_unix(moment),
            )


def check_recognition(record: MemberRecord, claimed: Recognition) -> None:
    """Check that a claim is within the record's recognition; Mismatch where it is not."""
    if not claimed.within(record.recognition):
        raise Mismatch(
            f"{record.name} claims more than it is recognised for",
            expected=f"at most {record.recognition}",
            actual=claimed.value,
        )


def check_programmes(record: MemberRecord, subjects: tuple[Achievements, ...]) -> None:
    """Check that every subject has an achievement, and each is among the record's programmes.

    A record without programmes is authorised for everything. Raises Mismatch.
    """
    programmes = {programme.achievement for programme in record.programmes}
    if not programmes:
        return
    if not subjects or not all(subjects):
        raise Mismatch("what is authorised", expected="an achievement for every subject", actual="none")
    for achievement in (achievement for subject in subjects for achievement in subject):
        if achievement not in programmes:
            what = shorten(achievement) if achievement else "an achievement without an id"
            raise Mismatch(f"{record.name} is not authorised for {what}")
