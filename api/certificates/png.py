"""PNG files by their chunks (PNG §5.3): length, type, data, CRC."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    """Put a PNG together from chunks of type and data."""
    return SIGNATURE + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks
    )


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return the chunks of a PNG that is well formed."""
    at = len(SIGNATURE)
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size
