"""The learners' private links as a table for the institution's own mailer: for its owner only, and no cell is run."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from api.csv_cells import cell
from notary.core.errors import OperatorError
from notary.service.issuing.issue import Issued

COLUMNS = ("row", "learner", "email", "credential", "link")


class LinkFile:
    """A CSV that is made when the first link is written, and is durable after each `write`. Never overwritten."""

    def __init__(self, path: Path, address: str) -> None:
        self.path, self._address = path, address.rstrip("/")
        self._file: BinaryIO | None = None

    @classmethod
    def beside(cls, table: Path, address: str) -> LinkFile:
        """Choose a name beside the table that is not taken yet."""
        path, at = table.with_name(f"{table.stem}.links.csv"), 2
        while path.exists():
            path, at = table.with_name(f"{table.stem}.links-{at}.csv"), at + 1
        return cls(path, address)

    def write(self, issued: Sequence[Issued]) -> None:
        """Write links down for good."""
        text = StringIO(newline="")
        table = csv.writer(text)
        if self._file is None:
            table.writerow(COLUMNS)
        for each in issued:
            link = f"{self._address}/r/{each.token}"
            row = (str(each.row), each.learner, each.email or "", each.credential, link)
            table.writerow([cell(" ".join(value.split())) for value in row])
        file = self._file or self._open()
        file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())

    @property
    def written(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO:
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            hint = "Choose another name: --links FILE. Run it again: the links are made anew"
            raise OperatorError(f"{self.path} cannot be written", actual=error.strerror, hint=hint) from error
        self._file = os.fdopen(handle, "wb")
        self._file.write(b"\xef\xbb\xbf")  # so that every spreadsheet reads names as they are
        return self._file
