"""Copying a SQLite ledger as one file, whole and at one moment, while others read and write it.

A backup is a ledger's file like any other, without journals beside it. PostgreSQL
has tools of its own for this.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from notary.core.errors import OperatorError
from notary.store.schema import versions

_PATIENCE = 60


def copy_ledger(source: Path, target: Path) -> None:
    """Copy a ledger by SQLite's backup: writers go on, and none of their units of work is in it by half.

    Durable on return, readable by its owner only; a crash leaves no half a file under the target's name.
    """
    temporary = target.with_name(f"{target.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_connect(source, "rw")) as live, closing(sqlite3.connect(temporary)) as copy:
            live.backup(copy)  # all pages in one step: a single snapshot
            copy.execute("PRAGMA journal_mode = DELETE").close()
        make_durable(temporary)
        temporary.replace(target)
        make_durable(target.parent)
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise OperatorError(f"{source} cannot be copied", actual=error, hint="Is it a ledger's file?") from error
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OperatorError(
            f"{target} cannot be written", actual=error.strerror, hint="Check folder and space"
        ) from error


def check_file(path: Path) -> None:
    """Check a ledger's file: its pages, what refers to what, and that this release knows its tables."""
    try:
        with closing(_connect(path, "ro")) as file:
            said = [row[0] for row in file.execute("PRAGMA integrity_check(1)")]
            if said != ["ok"]:
                raise OperatorError(f"{path} is damaged", expected="a sound SQLite file", actual=said[0])
            if file.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise OperatorError(f"{path} is damaged", actual="rows that refer to rows that are not there")
            found = file.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise OperatorError(f"{path} is no backup of a ledger", actual=error) from error
    if found is None or found[0] not in versions():
        raise OperatorError(
            f"{path} was written by another release",
            expected=f"at most version {versions()[-1]}",
            actual=f"version {found[0] if found else 'none'}",
            hint="Install the release that wrote it, or a later one",
        )


def take_alone(path: Path) -> None:
    """Bring a ledger's journals home, which only its one user can; OperatorError while others have it open."""
    try:
        with closing(_connect(path, "rw", timeout=1)) as file:
            file.execute("PRAGMA journal_mode = DELETE").close()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise OperatorError(f"{path} cannot be opened", actual=error) from error
        raise OperatorError(
            f"{path} is in use", hint="Stop what works with it first: notary serve and every other command"
        ) from error
    except sqlite3.Error as error:
        raise OperatorError(f"{path} cannot be opened", actual=error, hint="Move it away by hand") from error


def _connect(path: Path, mode: str, *, timeout: float = _PATIENCE) -> sqlite3.Connection:
    if not path.is_file():
        raise OperatorError(f"there is no file {path}")
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=timeout)


def make_durable(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before anything else is done."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
