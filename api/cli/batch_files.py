"""Batch files and signed statements as files: written for their owner, never over something else."""

from __future__ import annotations

import json
from pathlib import Path

from api.cli.spoken import shown
from notary.core.errors import IssuerError
from notary.core.statement import MAX_ENTRY, SignedStatement
from notary.ports.ledger import BatchId
from notary.service.log.entries import read_statement
from notary.service.notary import Notary
from notary.service.submission.batch_file import BatchFile, write_batch_file


def write_batch(notary: Notary, number: BatchId, folder: Path) -> Path:
    """Write a batch's file; the statement in it is made anew, the positions stay what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"batch-{number}.ndjson"
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    with temporary.open("wb") as file:
        file.writelines(write_batch_file(notary, number))
    temporary.replace(path)
    return path


def read_batch(path: Path) -> BatchFile:
    """Read a batch file; what is wrong names file and line."""
    with path.open("rb") as lines:
        return BatchFile.parse(lines)


def write_statement(signed: SignedStatement, path: Path) -> Path:
    """Write a signed statement beside its batch file."""
    path.write_text(json.dumps(signed.to_json(), ensure_ascii=False, indent=1) + "\n")
    return path


def read_signed(path: Path) -> SignedStatement:
    """Read a signed statement; what is wrong names the file."""
    with path.open("rb") as file:
        data = file.read(2 * MAX_ENTRY)
    try:
        return read_statement(data)
    except Exception as error:
        raise IssuerError(f"{shown(path)}: {error}", hint="Sign the batch again: notary sign") from error
