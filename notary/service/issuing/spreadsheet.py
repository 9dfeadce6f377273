"""A spreadsheet's file as a table: CSV, or a workbook.

Everything in it is hostile and is text. What is read twice is the same twice: it is
copied first, out of reach of an editor.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from notary.core.errors import IssuerError
from notary.service.issuing.csv_table import CsvTable
from notary.service.issuing.table import Table

MAX_FILE = 256 << 20
"""Bytes of the largest table."""
_PIECE = 1 << 20


@contextmanager
def open_table(stream: BinaryIO, name: str) -> Iterator[Table]:
    """Open a table: a workbook (.xlsx) is known by its first bytes, everything else is CSV."""
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(_Bounded(stream, name), copy, _PIECE)
        copy.seek(0)
        start = copy.read(8)
        if start.startswith(b"PK\x03\x04"):
            from notary.service.issuing.workbook import open_workbook

            with open_workbook(copy, name) as workbook:
                yield workbook
        elif start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            raise IssuerError(f"{name} is an old or an encrypted workbook", hint="Save it as .xlsx without a password")
        else:
            yield CsvTable.open(copy, name)


class _Bounded:
    """A stream that ends in an error beyond the largest table's size."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name, self._size = stream, name, 0

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._stream.read(size)
        self._size += len(data)
        if self._size > MAX_FILE:
            raise IssuerError(f"{self._name} is too large", expected=f"at most {MAX_FILE >> 20} MiB")
        return data
