"""`notary stamp`: files in, receipts beside them. Founds a consortium of one on first use, on embedded parts."""

from __future__ import annotations

import getpass
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.receipt_files import SUFFIX, TRUST_FILE, write_trust
from api.cli.spoken import Exit, Said, command, count, progress, shown
from api.settings import EMBEDDED, ChainSetting, Settings
from api.wiring import open_keys, open_notary
from api.words import answer, chain_names
from notary.core.canonical import JSON
from notary.core.errors import IssuerError, OperatorError, Pending
from notary.core.registry import MemberRecord
from notary.core.trust import TrustFile
from notary.core.verdict import Verdict
from notary.core.verify import verify
from notary.ports.ledger import BatchState, CredentialId
from notary.service.governance.applying import change_members
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.receipts.making import receipt as make_receipt
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.intake import open_sources
from notary.service.submission.reading import Reading, Refused, read_source
from notary.service.submission.seal import seal

SHOWN = 20
"""Files on screen; --json has them all."""


@dataclass(slots=True)
class _Stamped:
    """What became of every file, by name."""

    ids: dict[str, CredentialId] = field(default_factory=dict)
    as_files: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@command("stamp", example="notary stamp diplomas/ --name 'Fenwick College' --issuer-id did:web:fenwick.example")
@click.argument(
    "paths", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--name", help="Who stamps, on first use; else your user name.")
@click.option(
    "--issuer-id", "issuers", multiple=True, metavar="ID", help="An issuer id of yours, as credentials name it."
)
def stamp(settings: Settings, paths: tuple[Path, ...], name: str | None, issuers: tuple[str, ...]) -> Said:
    """Anchor files and write NAME.receipt.json beside each, in one go.

    Credentials that name you as issuer are anchored as issued by you; everything
    else as files that you submitted. Run it again and it goes on where it was.
    """
    lines: list[str] = []
    if not settings.founded:
        settings = _found(settings, name or getpass.getuser(), issuers)
        lines.append(f"Founded a notary of your own, {settings.name}, in {shown(settings.data)}.")
    elif name is not None and name != settings.name:
        raise IssuerError(f"--name: this notary is {settings.name} already", hint="Choose another folder: --data DIR")
    with open_notary(settings) as notary:
        member = _add_issuers(notary, settings, _own(notary, settings), issuers)
        stamped = _submit(notary, member, paths)
        lines += _warnings(stamped)
        _seal_and_sign(notary, settings, member)
        from api.cli.waiting import settle

        settle(notary)
        trust_file = settings.data / TRUST_FILE
        trust = write_trust(notary, settings, trust_file)
        receipts, waits = _write_receipts(notary, stamped)
    verdicts = {path: _judge(path, trust) for path in receipts}
    lines += _conclusion(verdicts, waits)
    data: dict[str, JSON] = {
        "data": str(settings.data),
        "trust": str(trust_file),
        "receipts": [str(path) for path in receipts],
        "results": {str(path): verdict.result.value for path, verdict in verdicts.items()},
        "as_files": dict(stamped.as_files),
        "refused": dict(stamped.refused),
        "pending": list(waits),
    }
    code = Exit.OPEN if waits else Exit.NOT if stamped.refused or not receipts else Exit.DONE
    again = f"notary stamp {' '.join(shown(path) for path in paths)}"
    first = next(iter(receipts), None)
    next_command = again if waits or first is None else f"notary verify {shown(first)} --trust {shown(trust_file)}"
    return Said(lines, data, next_command, code)


def _found(settings: Settings, name: str, issuers: tuple[str, ...]) -> Settings:
    from api.founding import found_notary
    from api.own_institution import make_own_institution

    settings = replace(
        settings,
        name=name,
        origin=settings.origin or f"notary-{secrets.token_hex(6)}/log",
        chains=settings.chains or (ChainSetting(EMBEDDED),),
    )
    return found_notary(settings, [make_own_institution(settings.data, name, issuers)])


def _own(notary: Notary, settings: Settings) -> MemberRecord:
    """Return the record of the institution whose key lies in the data folder."""
    from api.own_institution import own_id, own_key

    key = own_key(settings.data)
    if key is None:
        hint = "Submit, seal and sign as one of its institutions: notary submit"
        raise OperatorError(
            f"{shown(settings.data)} is a consortium's notary, with no institution of its own", hint=hint
        )
    return members_in_force(notary.ledger).require(own_id(key))


def _add_issuers(notary: Notary, settings: Settings, own: MemberRecord, issuers: tuple[str, ...]) -> MemberRecord:
    """Put issuer ids that were asked for and are new into the registry, as aliases."""
    new = [issuer for issuer in dict.fromkeys(issuers) if not own.names(issuer)]
    if not new:
        return own
    from api.cli.waiting import settle

    settle(notary)
    record = replace(own, aliases=(*own.aliases, *new))
    others = [other for other in members_in_force(notary.ledger).records if other.id != own.id]
    change_members(notary, [*others, record], [open_keys(settings.data).governor.approve])
    return record


def _submit(notary: Notary, member: MemberRecord, paths: tuple[Path, ...]) -> _Stamped:
    """Take files in; one that was stamped before keeps its place and gets its receipt again."""
    stamped = _Stamped()
    with progress("Reading") as done:
        for result in accept(notary, member, _new(notary, member, paths, stamped), done=done):
            if isinstance(result, Accepted):
                stamped.ids[result.source] = result.id
            else:
                stamped.refused[result.source] = result.why
    return stamped


def _new(
    notary: Notary, member: MemberRecord, paths: tuple[Path, ...], stamped: _Stamped
) -> Iterator[Reading | Refused]:
    named = (path for path in paths if path.is_dir() or not path.name.endswith(SUFFIX))
    for source in open_sources(named, as_file=True):
        if isinstance(source, Refused):
            yield source
            continue
        reading = read_source(source, member)
        if isinstance(reading, Refused):
            as_file = read_source(source, member, as_file=True)
            if isinstance(as_file, Reading):
                stamped.as_files[source.name] = reading.reason
            reading = as_file
        if isinstance(reading, Reading):
            with notary.ledger.read() as work:
                before = [row for row in work.credentials.by_digest(reading.digest) if row.institution == member.id]
            if before:
                stamped.ids[source.name] = before[-1].id
                continue
        yield reading


def _seal_and_sign(notary: Notary, settings: Settings, member: MemberRecord) -> None:
    """Seal what waits, then sign and log every batch of the own institution that is not yet."""
    from api.own_institution import own_key
    from api.signing import retained, sign_batch

    with suppress(IssuerError):  # nothing waits
        seal(notary, member)
    with notary.ledger.read() as work:
        unsigned = [batch for batch in work.batches.all(member.id) if batch.state is BatchState.SEALED]
    key = own_key(settings.data)
    assert key is not None
    for batch in unsigned:
        _, signed = sign_batch(notary, batch, retained(notary, batch.id), key)
        log_batch(notary, signed)


def _write_receipts(notary: Notary, stamped: _Stamped) -> tuple[list[Path], list[str]]:
    written, waits = [], []
    for name, credential in stamped.ids.items():
        try:
            made = make_receipt(notary, credential)
        except Pending:
            waits.append(name)
            continue
        path = Path(name + SUFFIX)
        path.write_bytes(bytes(made))
        written.append(path)
    return written, waits


def _judge(path: Path, trust: TrustFile) -> Verdict:
    beside = Path(str(path).removesuffix(SUFFIX))
    return verify(path.read_bytes(), trust, at=datetime.now(UTC), credential=beside.read_bytes())


def _warnings(stamped: _Stamped) -> list[str]:
    lines = []
    if stamped.as_files:
        lines.append("Stamped as files, which you submit and do not issue:")
        lines += [f"  {why}" for why in list(stamped.as_files.values())[:SHOWN]]
        more = len(stamped.as_files) - SHOWN
        lines += [f"  … and {more} more"] if more > 0 else []
        lines.append("  Where an issuer id among these is yours, say so: --issuer-id ID")
    return [*lines, *stamped.refused.values()]


def _conclusion(verdicts: dict[Path, Verdict], waits: list[str]) -> list[str]:
    lines = []
    if len(verdicts) == 1:
        ((path, verdict),) = verdicts.items()
        said = answer(verdict, chain_names())
        lines += [f"{shown(path)}: {said.headline}", *said.facts]
    elif verdicts:
        found = Counter(verdict.result.value for verdict in verdicts.values())
        lines.append(
            f"{count(len(verdicts), 'receipt')} beside the files: {', '.join(f'{n} {w}' for w, n in found.items())}."
        )
    if waits:
        lines.append(f"{count(len(waits), 'file')} anchored and not final yet; nothing is lost by ending here.")
    return lines
