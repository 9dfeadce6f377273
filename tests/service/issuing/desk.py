"""A template and tables to issue from, in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.examples import template_of
from notary.core.encoding import to_base64url
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.service.issuing.badge import BadgeMaker, Issuer
from notary.service.issuing.cells import Order
from notary.service.issuing.columns import match_columns
from notary.service.issuing.finding import Finding
from notary.service.issuing.issue import Desk
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.making import Form
from notary.service.issuing.roll import Roll
from notary.service.issuing.spreadsheet import open_table
from notary.service.issuing.table import Table
from notary.service.issuing.template import Template

SERIES = to_base64url(bytes(range(32)))
TODAY = date(2026, 5, 3)
PLAIN = f"""
type = "credential-notary/template/v1"
series = "{SERIES}"
[achievement]
id = "https://college.example/a/1"
name = "Harbour Pilot"
description = "Brings ships in."
[achievement.criteria]
narrative = "Brought in three ships."
"""


def template(text: str = PLAIN, more: str = "") -> Template:
    """Read a template."""
    return Template.parse((text + more).encode(), "template.toml")


def example(name: str) -> Template:
    """Read a worked example, its series drawn."""
    return template(template_of(name).replace('series = ""', f'series = "{SERIES}"'))


def signing() -> CredentialKey:
    """A did:key that signs."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    key = PublicKey.ed25519(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return CredentialKey(key, f"did:key:{key.multibase}#{key.multibase}", private.sign)


def desk(given: Template, key: CredentialKey | None = None, form: Form = "json", name: str = "College") -> Desk:
    """A desk of an institution that is its key."""
    key = key or signing()
    maker = BadgeMaker(given, Issuer(key.method.partition("#")[0], name, given.issuer))
    return Desk(maker, key, TODAY, "2026-05-03T00:00:00Z", form)


def signed(own: Desk, learner: Learner) -> bytes:
    """Make and sign a learner's credential."""
    credential = own.maker.make(learner, own.today)
    return own.key.token(credential) if own.form == "jwt" else own.key.prove(credential, own.created)


@contextmanager
def table(data: str | bytes, name: str = "class.csv") -> Iterator[Table]:
    """Open a table."""
    with open_table(io.BytesIO(data.encode() if isinstance(data, str) else data), name) as opened:
        yield opened


@contextmanager
def roll(
    data: str | bytes,
    given: Template | None = None,
    *,
    folder: Path | None = None,
    order: Order | None = None,
    maps: Mapping[str, str] | None = None,
    name: str = "class.csv",
) -> Iterator[Roll]:
    """Open a table with its columns matched."""
    given = given or template()
    with table(data, name) as opened:
        columns = match_columns(opened.headings, given, maps)
        columns.check(name)
        yield Roll(opened, RowReader(given, columns, folder, order))


def read(data: str | bytes, given: Template | None = None, **options: Any) -> list[Learner | tuple[Finding, ...]]:
    """Read all rows."""
    with roll(data, given, **options) as found:
        return list(found)


def learners(data: str | bytes, given: Template | None = None, **options: Any) -> list[Learner]:
    """Read all rows, which are all ready."""
    found = read(data, given, **options)
    assert all(isinstance(each, Learner) for each in found), found
    return [each for each in found if isinstance(each, Learner)]


def findings(data: str | bytes, given: Template | None = None, **options: Any) -> list[str]:
    """Read all rows, and say what is wrong."""
    found = read(data, given, **options)
    return [str(one) for each in found if not isinstance(each, Learner) for one in each]
