"""Streams as age reads and writes them. pyrage wraps what they raise, or loses it, so the first failure is kept."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from notary.core.errors import NotaryError


class Bounded:
    """A stream that is read: counted, hashed, ended by an error beyond its bound."""

    def __init__(self, stream: BinaryIO, most: int, too_large: NotaryError) -> None:
        self._stream, self._most, self._too_large = stream, most, too_large
        self.size, self.hash = 0, hashlib.sha256()
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        try:
            data = self._stream.read(size)
            self.size += len(data)
            if self.size > self._most:
                raise self._too_large
        except Exception as error:
            self.failure = error
            raise
        self.hash.update(data)
        return data


class Written:
    """A stream that is written. An error in the last write of all would go unnoticed: `check` raises it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write on."""
        try:
            return self._stream.write(data)
        except OSError as error:
            self.failure = self.failure or error
            raise

    def flush(self) -> None:
        """Write what is kept back."""
        try:
            self._stream.flush()
        except OSError as error:
            self.failure = self.failure or error
            raise

    def check(self) -> None:
        """Raise the first failure, if there was one; before that, see to it that nothing is kept back."""
        if self.failure is None:
            self.flush()
        if self.failure is not None:
            raise self.failure
