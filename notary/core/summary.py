"""Who issued a credential, to whom, for what, and when it is valid.

Read from Open Badges 3.0 and 2.0, CLR 2.0, plain VC 1.1 and 2.0, VC-JWT (the
payload is the credential, or its `vc` claim) and SD-JWT. Issuer and achievements
decide who may anchor a credential and how it is recognised, so they are read
from what was signed, never from a disclosure. The rest is for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

from notary.core.canonical import JSON
from notary.core.credential import Credential, shown_claims, signed_claims
from notary.core.digest import Digest
from notary.core.encoding import shorten
from notary.core.errors import Malformed
from notary.core.leaf import Form
from notary.core.naming import from_ni
from notary.core.period import end_of

CLAIM = "Self-asserted claim"
"""An evidence item's `genre` where it names a claim that the credential validates."""

Claims: TypeAlias = tuple[dict[str, JSON], ...]
Achievements: TypeAlias = tuple[str | None, ...]
"""Ids of one subject's achievements; None for one without an id."""


class Summary(NamedTuple):
    """What people want to know of a credential; all as its issuer wrote it. A tuple, for there are very many.

    `learners` has a name, else an identifier, else an id for every subject that
    has any. `issuer` is None for a file, which has none. `until`: when its validity
    ends, where that can be read. `claims`: digests of the self-asserted claims that
    the issuer says it validates.
    """

    issuer: str | None
    title: str | None
    learners: tuple[str, ...]
    until: datetime | None = None
    claims: tuple[Digest, ...] = ()


def issuer(credential: Credential) -> str | None:
    """Return the issuer's id, of `issuer`, `issuer.id`, `iss` and Open Badges 2's `badge.issuer`.

    All that are present must agree byte for byte. Raises Malformed where they do
    not, and where there is none; None is for files alone.
    """
    if credential.form is Form.FILE:
        return None
    names = [name for claims in signed_claims(credential) for name in _issuers(claims)]
    if not names:
        raise Malformed(
            "the credential names no issuer",
            expected="issuer, issuer.id, iss or badge.issuer",
            hint="One that is only linked to, or only disclosed, does not count; `--as file` needs none",
        )
    for name in names:
        if name != names[0]:
            raise Malformed("the credential names two issuers", expected=shorten(names[0]), actual=shorten(name))
    return names[0]


def achievements(credential: Credential) -> tuple[Achievements, ...]:
    """Return the achievement ids of every subject, and of an Open Badges 2 badge, without disclosures.

    One tuple for each subject. Where any is empty, or there is none at all, the
    credential does not say what was achieved, and nobody is authorised for it.
    """
    subjects = _subjects(signed_claims(credential))
    return tuple(tuple(map(_id, _list(subject.get("achievement")))) for subject in subjects)


def summarize(credential: Credential) -> Summary:
    """Read a credential for people; raises as `issuer` and `disclose` do."""
    shown = shown_claims(credential)
    subjects = _subjects(shown)
    learners = [name for subject in subjects if (name := _learner(subject))]
    return Summary(
        issuer=issuer(credential),
        title=_first(shown, "name") or _achievement_names(subjects) or _types(shown),
        learners=tuple(dict.fromkeys(learners)),
        until=end_of(shown),
        claims=_claims(signed_claims(credential)),
    )


def _claims(signed: Claims) -> tuple[Digest, ...]:
    """Give the claims that evidence names by digest (Open Badges 3.0 §B.1.11: `id` and `genre`)."""
    evidence = [item for claims in signed if "evidence" in claims for item in _list(claims["evidence"])]
    named = [from_ni(_id(item) or "") for item in evidence if isinstance(item, dict) and item.get("genre") == CLAIM]
    return tuple(digest for digest in named if digest is not None)


def _issuers(claims: Mapping[str, JSON]) -> Iterator[str]:
    if "issuer" in claims:
        yield _issuer_id(claims["issuer"], "issuer")
    if "iss" in claims:
        yield _issuer_id(claims["iss"], "iss")
    badge = claims.get("badge")
    if isinstance(badge, dict) and "issuer" in badge:
        yield _issuer_id(badge["issuer"], "badge.issuer")


def _issuer_id(value: JSON, where: str) -> str:
    name = _id(value)
    if not name:
        raise Malformed(f"the credential's {where}", expected="an id, or an object with one", actual=shorten(value))
    return name


def _id(value: JSON) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _subjects(claims: Claims) -> list[dict[str, JSON]]:
    """Give every subject; an Open Badges 2 assertion is one, whose achievement is its badge."""
    found: list[dict[str, JSON]] = []
    for item in claims:
        subjects = _list(item.get("credentialSubject"))
        found.extend(subject if isinstance(subject, dict) else {"id": subject} for subject in subjects)
        if "badge" in item:
            found.append({"achievement": item["badge"], "recipient": item.get("recipient")})
    return found


def _achievement_names(subjects: list[dict[str, JSON]]) -> str:
    every = [achievement for subject in subjects for achievement in _list(subject.get("achievement"))]
    names = [_text(achievement.get("name")) for achievement in every if isinstance(achievement, dict)]
    return ", ".join(name for name in names if name)


def _learner(subject: Mapping[str, JSON]) -> str | None:
    if name := _text(subject.get("name")):
        return name
    given, family = _text(subject.get("givenName")), _text(subject.get("familyName"))
    if given or family:
        return " ".join(filter(None, (given, family)))
    identifiers = [entry for entry in _list(subject.get("identifier")) if isinstance(entry, dict)]
    if len(identifiers) > 1:
        identifiers.sort(key=lambda entry: entry.get("identityType") != "name")
    for entry in identifiers:
        if entry.get("hashed") is False and (name := _text(entry.get("identityHash"))):
            return name
    recipient = subject.get("recipient")
    if isinstance(recipient, dict) and recipient.get("hashed") is False:
        return _text(recipient.get("identity"))
    return _text(subject.get("id"))


def _text(value: JSON) -> str | None:
    """Read a string, a language value (`@value`), or the first of several."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    return value if isinstance(value, str) and value else None


def _first(claims: Claims, name: str) -> str | None:
    for item in claims:
        if text := _text(item.get(name)):
            return text
    return None


def _types(claims: Claims) -> str | None:
    """Give the most specific type: the last that is not just VerifiableCredential."""
    every = [name for item in claims for name in _list(item.get("type"))]
    names = [name for name in every if isinstance(name, str) and name != "VerifiableCredential"]
    return names[-1] if names else None


def _list(value: JSON) -> list[JSON]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
