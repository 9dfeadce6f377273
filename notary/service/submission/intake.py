"""Opening files, folders and NDJSON that are handed in: what cannot be opened is a refusal, and the rest goes on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from notary.core.baked import MAX_IMAGE
from notary.core.credential import MAX_JSON
from notary.core.errors import IssuerError
from notary.service.submission.reading import Refused, Source, place

MAX_FILE = 64 << 20
"""Bytes of the largest file submitted as a file."""
STDIN = "standard input"
_LINES = (".ndjson", ".jsonl")
_OURS = (".receipt.json",)
_OUR_NAMES = frozenset({"trust.json"})


def open_sources(paths: Iterable[Path], *, as_file: bool = False) -> Iterator[Source | Refused]:
    """Give what stands in files, in folders (by name, all below, hidden ones left out) and in NDJSON line by line.

    Receipts and trust files, which stand beside credentials, are left out of folders.
    """
    for path in paths:
        if path.is_dir():
            for file in _walk(path):
                yield from [file] if isinstance(file, Refused) else _open(file, as_file=as_file)
        else:
            yield from _open(path, as_file=as_file)


def open_stream(stream: BinaryIO, *, as_file: bool = False) -> Iterator[Source | Refused]:
    """Give what stands in a stream: NDJSON, or, where its first line is not a whole credential, one credential."""
    first = stream.readline(MAX_JSON + 1)
    if not as_file and _is_whole(first):
        yield from _lines(chain([first], _cut(stream)), STDIN)
        return
    most = MAX_FILE if as_file else MAX_IMAGE
    data = first + stream.read(most + 1 - len(first))
    yield _too_large(STDIN, most) if len(data) > most else Source(data, STDIN)


def open_lines(stream: BinaryIO, name: str) -> Iterator[Source | Refused]:
    """Give the lines of NDJSON that are not blank, in bounded memory; one that is too long is refused alone."""
    return _lines(_cut(stream), name)


def open_upload(data: bytes, name: str) -> Iterator[Source | Refused]:
    """Give what stands in a file that was sent: NDJSON line by line, by its name, or one credential."""
    if _is_ndjson(name):
        yield from open_lines(BytesIO(data), name)
    else:
        yield _too_large(name, MAX_IMAGE, len(data)) if len(data) > MAX_IMAGE else Source(data, name)


# ----------------------------------------------------------------------- files


def _walk(folder: Path) -> Iterator[Path | Refused]:
    closed: list[Refused] = []

    def refuse(error: OSError) -> None:
        closed.append(_unreadable(str(error.filename), error))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not (name.startswith(".") or name.endswith(_OURS) or name in _OUR_NAMES):
                yield Path(parent) / name
        yield from closed
        closed.clear()
    yield from closed


def _open(path: Path, *, as_file: bool) -> Iterator[Source | Refused]:
    name = str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            yield Refused(name, None, str(IssuerError(f"{name} is no file", hint="Name a file, a folder or `-`")))
            return
        if not as_file and _is_ndjson(name):
            with path.open("rb") as file:
                yield from open_lines(file, name)
            return
        most = MAX_FILE if as_file else MAX_IMAGE
        yield _too_large(name, most, found.st_size) if found.st_size > most else Source(path.read_bytes(), name)
    except OSError as error:
        yield _unreadable(name, error)


def _cut(stream: BinaryIO) -> Iterator[bytes]:
    """Give a stream's lines, those that are too long in pieces."""
    return iter(partial(stream.readline, MAX_JSON + 1), b"")


def _lines(lines: Iterator[bytes], name: str) -> Iterator[Source | Refused]:
    """Give lines with their numbers; of one that is too long the rest is passed over."""
    number, inside = 0, False
    for line in lines:
        whole = line.endswith(b"\n")
        if inside:
            inside = not whole
            continue
        number += 1
        if len(line) > MAX_JSON and not whole:
            inside = True
            yield _too_large(place(name, number), MAX_JSON, line=number, name=name)
        elif text := line.strip():
            yield Source(text, name, number)


def _is_ndjson(name: str) -> bool:
    return name.lower().endswith(_LINES)


def _is_whole(line: bytes) -> bool:
    """Say whether a line is a whole credential: an object that ends, or a token."""
    text = line.strip()
    return text.startswith(b"ey") or (text.startswith(b"{") and text.endswith(b"}"))


def _too_large(
    where: str, most: int, size: int | None = None, *, line: int | None = None, name: str | None = None
) -> Refused:
    error = IssuerError(
        f"{where} is too large",
        expected=f"at most {most >> 20} MiB",
        actual=None if size is None else f"{size / (1 << 20):.1f} MiB",
        hint="Put a document that refers to it in its place",
    )
    return Refused(name or where, line, str(error))


def _unreadable(name: str, error: OSError) -> Refused:
    why = IssuerError(f"{name} cannot be read", actual=error.strerror, hint="Check its rights, and submit it again")
    return Refused(name, None, str(why))
