"""Evidence the demo makes itself: a one-page PDF and a small picture."""

from __future__ import annotations

import struct
import zlib


def make_pdf(title: str, lines: list[str]) -> bytes:
    """Return a one-page PDF 1.4 with a heading and lines of text (Latin-1)."""
    shown = [f"BT /F1 20 Tf 72 760 Td ({_escape(title)}) Tj ET"]
    shown += [f"BT /F1 12 Tf 72 {724 - 18 * at} Td ({_escape(line)}) Tj ET" for at, line in enumerate(lines)]
    content = "\n".join(shown).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    pdf, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(pdf))
    return bytes(pdf + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer)


def make_picture(width: int, height: int) -> bytes:
    """Return a PNG: bars of a chart in ink blue-green on white."""
    ink, paper = bytes((16, 84, 92)), bytes((255, 255, 255))
    bars = [height * part // 10 for part in (3, 5, 4, 7, 6, 9)]
    rows = []
    for y in range(height):
        pixels = (
            ink if height - y <= bars[x * len(bars) // width] and x * len(bars) % width > width // 4 else paper
            for x in range(width)
        )
        rows.append(b"\0" + b"".join(pixels))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
