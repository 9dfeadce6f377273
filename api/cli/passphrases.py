"""Passphrases of key files: from a file that only its owner may read, or asked on a terminal; never an argument."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import shown
from api.key_files import KeyFile, read_secret
from notary.core.errors import OperatorError

LEAST = 8
"""Characters of the shortest passphrase a new key takes."""


def known_passphrase(file: Path | None, key: Path) -> str:
    """Return the passphrase of a key that is there."""
    if file is not None:
        return _read(file)
    return str(click.prompt(f"Passphrase of {shown(key)}", hide_input=True, err=True))


def new_passphrase(file: Path | None, what: str) -> str:
    """Return the passphrase of a key to be made, asked twice."""
    if file is not None:
        found = _read(file)
    else:
        found = str(click.prompt(f"New passphrase for {what}", hide_input=True, confirmation_prompt=True, err=True))
    if len(found) < LEAST:
        raise OperatorError(
            f"the passphrase for {what} is too short",
            expected=f"{LEAST} characters or more",
            hint="Five or six random words are easy to keep and hard to guess",
        )
    return found


def open_key(path: Path, passphrase_file: Path | None) -> KeyFile:
    """Open a key file."""
    return KeyFile.load(path, known_passphrase(passphrase_file, path))


def _read(file: Path) -> str:
    try:
        return read_secret(file).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise OperatorError(f"{shown(file)} holds no passphrase", expected="one line of UTF-8 text") from error
