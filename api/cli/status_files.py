"""Status files and what is signed of them: kept beside each other, they are the institution's own list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from api.cli.spoken import shown
from notary.core.canonical import canonical
from notary.core.errors import IssuerError, NotaryError
from notary.core.statement import SignedStatement, statement_id
from notary.service.log.entries import read_statement
from notary.service.status.statements import MAX_LINE, StatusDraft, is_status_line, read_status_file

SIGNED = ".statements.ndjson"


def write_status_file(drafts: Sequence[StatusDraft], folder: Path) -> Path:
    """Write a status file, named after the number of its first statement."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"statuses-{drafts[0].statement.seq}.ndjson"
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.writelines(draft.line() for draft in drafts)
    temporary.replace(path)
    return path


def is_status_file(path: Path) -> bool:
    """Say whether a file is a status file, by its first line."""
    with path.open("rb") as file:
        return is_status_line(file.readline(MAX_LINE))


def read_drafts(path: Path) -> tuple[StatusDraft, ...]:
    """Read a status file; what is wrong names it."""
    with path.open("rb") as lines:
        try:
            return read_status_file(lines)
        except NotaryError as error:
            raise IssuerError(f"{shown(path)}: {error}", hint="Ask the notary for it again") from error


def write_signed(signed: Iterable[SignedStatement], status_file: Path) -> Path:
    """Write signed statements beside their status file, one a line."""
    path = status_file.with_name(status_file.stem + SIGNED)
    path.write_bytes(b"".join(canonical(each.to_json()) + b"\n" for each in signed))
    return path


def read_statements(path: Path) -> tuple[SignedStatement, ...]:
    """Read signed statements, one a line; what is wrong names file and line."""
    found = []
    with path.open("rb") as lines:
        for at, line in enumerate(lines, 1):
            try:
                found.append(read_statement(line))
            except NotaryError as error:
                raise IssuerError(f"{shown(path)}, line {at}: {error}", hint="Sign again: notary sign") from error
    return tuple(found)


def signed_before(folder: Path) -> tuple[StatusDraft, ...]:
    """Return the lists of a folder that were signed: each status file's lines whose statements stand beside it."""
    found: list[StatusDraft] = []
    for signed in sorted(folder.glob(f"*{SIGNED}")):
        status_file = signed.with_name(signed.name.removesuffix(SIGNED) + ".ndjson")
        if status_file.is_file():
            ids = {each.id for each in read_statements(signed)}
            found += [draft for draft in read_drafts(status_file) if statement_id(draft.statement) in ids]
    return tuple(found)
