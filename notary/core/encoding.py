"""Text forms of bytes and times, each with exactly one spelling.

Formats here are hashed and signed, so a second spelling of the same bytes
would be a second document. Every decoder refuses what its encoder would not
have written.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from datetime import UTC, datetime

from notary.core.digest import SIZE, Digest
from notary.core.errors import Malformed

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NO_DIGIT = 58
_BASE58_PAIRS = [first + second for first in _BASE58 for second in _BASE58]
_PAIRS_IN_PART = 5
_BASE58_PART = len(_BASE58_PAIRS) ** _PAIRS_IN_PART
_BASE58_VALUES = bytes(_BASE58.find(chr(byte)) % 59 for byte in range(256))  # find gives -1 for no digit
_BASE58_LIMIT = 512
"""Longest base58 text decoded: decoding is quadratic, and no key here is near it."""
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}Z", re.ASCII)


def to_base64url(data: bytes) -> str:
    """Return unpadded base64url (RFC 4648 §5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str, where: str) -> bytes:
    """Decode unpadded, canonical base64url: no padding, no white space, no stray low bits."""
    try:
        data = b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(where, expected="unpadded base64url", actual=shorten(text)) from error
    if to_base64url(data) != text:
        raise Malformed(where, expected="canonical unpadded base64url", actual=shorten(text))
    return data


def to_base64(data: bytes) -> str:
    """Return padded base64 (RFC 4648 §4), as C2SP signed notes write it."""
    return b64encode(data).decode()


def from_base64(text: str, where: str) -> bytes:
    """Decode padded, canonical base64 (RFC 4648 §4)."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(where, expected="padded base64", actual=shorten(text)) from error
    if to_base64(data) != text:
        raise Malformed(where, expected="canonical padded base64", actual=shorten(text))
    return data


def to_digest_text(digest: Digest) -> str:
    """Return a digest as unpadded base64url: 43 characters."""
    return to_base64url(digest)


def from_digest_text(text: str, where: str) -> Digest:
    """Decode a digest written as unpadded base64url."""
    data = from_base64url(text, where)
    if len(data) != SIZE:
        raise Malformed(where, expected="32 bytes as base64url", actual=f"{len(data)} bytes")
    return Digest(data)


def to_hex(data: bytes) -> str:
    """Return 0x and lower-case hex, as addresses and block hashes are written."""
    return "0x" + data.hex()


def from_hex(text: str, where: str, size: int) -> bytes:
    """Decode 0x and lower-case hex of exactly `size` bytes."""
    if not _HEX.fullmatch(text) or len(text) != 2 + 2 * size:
        raise Malformed(where, expected=f"0x and {2 * size} lower-case hex digits", actual=shorten(text))
    return bytes.fromhex(text[2:])


def to_base58(data: bytes) -> str:
    """Return base58btc without a multibase prefix (leading zero bytes become '1')."""
    number, pairs = int.from_bytes(data), list[str]()
    while number:
        number, part = divmod(number, _BASE58_PART)  # of what fits a machine word, digits come cheaply
        for _ in range(_PAIRS_IN_PART):
            part, pair = divmod(part, len(_BASE58_PAIRS))
            pairs.append(_BASE58_PAIRS[pair])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(pairs)).lstrip("1")


def from_base58(text: str, where: str) -> bytes:
    """Decode base58btc without a multibase prefix; at most 512 characters."""
    if len(text) > _BASE58_LIMIT:
        raise Malformed(where, expected=f"at most {_BASE58_LIMIT} characters", actual=len(text))
    digits = text.encode("ascii", "replace").translate(_BASE58_VALUES)
    if _NO_DIGIT in digits:
        raise Malformed(where, expected="base58btc", actual=shorten(text))
    number = 0
    for digit in digits:
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def parse_time(text: str, where: str) -> datetime:
    """Read `YYYY-MM-DDTHH:MM:SSZ`; another spelling or an impossible date is malformed."""
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise Malformed(where, expected="a time as YYYY-MM-DDTHH:MM:SSZ", actual=shorten(text))


def format_time(moment: datetime) -> str:
    """Write an aware time as `YYYY-MM-DDTHH:MM:SSZ`, in UTC, seconds cut."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def format_unix(seconds: int) -> str:
    """Write Unix seconds, a block's time, as `YYYY-MM-DDTHH:MM:SSZ`; a number no calendar holds stays one."""
    try:
        return format_time(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"


def shorten(text: object) -> str:
    """Return at most 60 characters of something hostile, quoted, fit for a message."""
    shown = str(text)
    return repr(shown if len(shown) <= 60 else f"{shown[:40]}…{shown[-12:]}")
