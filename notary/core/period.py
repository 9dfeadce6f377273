"""Whether a moment lies in a credential's validity period.

The bounds are validFrom and validUntil (VC 2.0), issuanceDate and
expirationDate (VC 1.1), nbf and exp (JWT), Open Badges 2's expires, and a
Data Integrity proof's own expires; all that stand there hold together. A
begin is part of the period, an end is not. Times are the issuer's claims.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from notary.core.canonical import JSON
from notary.core.credential import Credential, shown_claims
from notary.core.encoding import format_time, shorten
from notary.core.errors import NotaryError
from notary.core.finding import Finding
from notary.core.leaf import Form

EXPIRED = "expired"
NOT_YET = "not valid yet"

_BEGINS = ("validFrom", "issuanceDate", "nbf")
_ENDS = ("validUntil", "expirationDate", "exp", "expires")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def period(credential: Credential, at: datetime) -> Finding:
    """Say whether `at` (aware) lies in the period.

    A fail's message is EXPIRED or NOT_YET: verdicts, not faults. Unknown where a
    bound cannot be read and no other decides; a credential without bounds passes.
    """
    if credential.form is Form.FILE:
        return Finding("unknown", "a file has no validity period that could be read")
    try:
        claims = shown_claims(credential)
    except NotaryError as error:
        return Finding.of("unknown", error)
    begins = _bounds(claims, _BEGINS)
    ends = _ends(claims)
    unreadable = []
    for where, value in begins:
        begin = _moment(value)
        if begin is None:
            unreadable.append((where, value))
        elif at < begin:
            return Finding("fail", NOT_YET, f"from {format_time(begin)} ({where})", format_time(at))
    for where, value in ends:
        end = _moment(value)
        if end is None:
            unreadable.append((where, value))
        elif at >= end:
            return Finding("fail", EXPIRED, f"before {format_time(end)} ({where})", format_time(at))
    for where, value in unreadable:
        return Finding("unknown", f"{where} cannot be read", "a time with its offset", shorten(value))
    return Finding("pass", "within its validity period" if begins or ends else "its issuer set no validity period")


def end_of(claims: Sequence[dict[str, JSON]]) -> datetime | None:
    """Return when the validity that claims state ends; None where they state no end, or none that can be read."""
    ends = _ends(claims)
    return min((moment for _, value in ends if (moment := _moment(value)) is not None), default=None) if ends else None


def _ends(claims: Sequence[dict[str, JSON]]) -> list[tuple[str, JSON]]:
    proofs = [proof for item in claims if "proof" in item for proof in _proofs(item)]
    return _bounds([*claims, *proofs], _ENDS)


def _bounds(claims: Sequence[dict[str, JSON]], names: tuple[str, ...]) -> list[tuple[str, JSON]]:
    return [(name, item[name]) for item in claims for name in names if name in item and item[name] is not None]


def _proofs(claims: dict[str, JSON]) -> list[dict[str, JSON]]:
    proof = claims["proof"]
    return [item for item in (proof if isinstance(proof, list) else [proof]) if isinstance(item, dict)]


def _moment(value: JSON) -> datetime | None:
    """Read an RFC 3339 or XSD dateTime with its offset, or a JWT's NumericDate; None for anything else."""
    try:
        if isinstance(value, str) and (found := _DATE_TIME.fullmatch(value)):
            finer = (found[1] or "")[7:].strip("0")  # `fromisoformat` cuts what is below a microsecond
            return datetime.fromisoformat(value.upper()).astimezone(UTC) + timedelta(microseconds=bool(finer))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # the thirtieth of February, or a moment no calendar holds in UTC
    return None
