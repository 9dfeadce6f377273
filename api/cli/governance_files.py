"""The files by which a consortium governs itself, read with their names in every message and written with care."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from api.cli.spoken import shown
from notary.core.encoding import format_time, parse_time
from notary.core.errors import IssuerError, Malformed, NotaryError, OperatorError
from notary.ports import Address
from notary.service.governance import approvals as signed
from notary.service.governance.announcement import MAX_SIZE as MAX_ANNOUNCEMENT
from notary.service.governance.announcement import Announcement
from notary.service.governance.approvals import SignedApproval
from notary.service.governance.in_force import MAX_SIZE, InForce, read_address
from notary.service.governance.proposal import Proposal

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

T = TypeVar("T")


def read_proposal(path: Path) -> Proposal:
    """Read a proposal."""
    return _read(path, Proposal.parse, MAX_SIZE, "Ask whoever proposed it for the file again")


def read_copy(path: Path) -> InForce:
    """Read a copy of what is in force."""
    return _read(path, InForce.parse, MAX_SIZE, "Take another copy: notary consortium show --out FILE")


def read_approval(path: Path) -> SignedApproval:
    """Read an approval."""
    return _read(
        path, SignedApproval.parse, signed.MAX_SIZE, "Let this member approve again: notary consortium approve"
    )


def read_announcement(path: Path) -> Announcement:
    """Read the announcement of a new key."""
    return _read(path, Announcement.parse, MAX_ANNOUNCEMENT, "Let it be made again: notary key announce")


def write_new(path: Path, data: bytes) -> Path:
    """Write a file that is not there yet, or holds just this."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        if path.read_bytes() != data:
            raise OperatorError(f"{shown(path)} is there already", hint="Choose another name: --out FILE") from error
    return path


def read_moment(text: str, option: str) -> str:
    """Read a time, or a day, which begins at midnight UTC."""
    moment = f"{text}T00:00:00Z" if len(text) == len("2026-03-01") else text
    try:
        parse_time(moment, option)
    except Malformed as error:
        raise IssuerError(
            option, expected="a day (2026-03-01) or a time (2026-03-01T09:00:00Z)", actual=text
        ) from error
    return moment


def now_text() -> str:
    """Return the time, as formats write it."""
    return format_time(datetime.now(UTC))


def read_account(text: str, option: str) -> Address:
    """Read an address as people copy it, whatever the case of its digits."""
    return read_address(text.lower(), option)


def _read(path: Path, parse: Callable[[bytes], T], limit: int, hint: str) -> T:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    try:
        return parse(data)
    except NotaryError as error:
        raise IssuerError(f"{shown(path)}: {error}", hint=hint) from error
