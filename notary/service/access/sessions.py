"""Sessions at the desk: whoever shows an API key is given a token for a working day; a browser need not keep the key.

A token is 256 random bits, and the ledger has its hash. It opens what its key
opens, asked anew each time: a key that is revoked or ends takes its sessions along.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from notary.core.digest import Digest, sha256
from notary.core.encoding import to_base64url
from notary.ports.ledger import SessionRow
from notary.service.access.api_keys import Access, access_of, opened_by
from notary.service.access.journal import Action, record
from notary.service.errors import Denied
from notary.service.notary import Notary

LASTS = timedelta(hours=10)
_TOKEN_BYTES = 32


def open_session(notary: Notary, key: str) -> tuple[Access, str]:
    """Return who shows this key, and the token of a session, given out once; Denied for a key that opens nothing."""
    access = access_of(notary, key)
    token, now = to_base64url(notary.random(_TOKEN_BYTES)), notary.clock.now()
    with notary.ledger.begin() as work:
        work.sessions.sweep(now)
        work.sessions.add(SessionRow(_hash(token), access.key.id, now, min(now + LASTS, access.key.expires)))
        acting = replace(notary, by=access.actor)
        record(acting, work, Action.SIGN_IN, access.key.institution, [access.key.id])
    return access, token


def session_of(notary: Notary, token: str) -> Access:
    """Return whose session this is; Denied where it has ended, or its key has."""
    with notary.ledger.read() as work:
        session = work.sessions.get(_hash(token))
        row = None if session is None else work.keys.get(session.key)
    if session is None or row is None or notary.clock.now() >= session.expires:
        raise Denied("your session has ended", hint="Sign in again")
    return opened_by(notary, row)


def end_session(notary: Notary, token: str) -> None:
    """End a session now; one that is not there is no error."""
    with notary.ledger.begin() as work:
        work.sessions.end(_hash(token))


def _hash(token: str) -> Digest:
    return sha256(b"session\0" + token.encode("utf-8", "surrogatepass"))
