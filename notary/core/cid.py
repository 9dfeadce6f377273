"""IPFS content identifiers: CIDv1, SHA-256, raw or dag-pb, written in base32.

A CID is a claim about bytes; every CID here is computed from the bytes
themselves, so no node is ever believed. Format: github.com/multiformats/cid.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from notary.core.digest import Digest, sha256
from notary.core.encoding import shorten
from notary.core.errors import Malformed, Mismatch

MAX_BLOCK = 1 << 20
"""Bytes of the largest block: every IPFS node takes it, none need be asked."""

_VERSION = 1
_SHA2_256 = bytes([0x12, 0x20])
_SIZE = 36
_TEXT = re.compile(r"b[a-z2-7]{57}[aeimquy4]")
"""Base32 of 36 bytes: 58 letters, the last of which carries two bits of zero."""


class Codec(IntEnum):
    """How a block's bytes are read: as they are, or as a dag-pb node."""

    RAW = 0x55
    DAG_PB = 0x70


@dataclass(frozen=True, slots=True, order=True)
class Cid:
    """A CIDv1 over SHA-256 of one block; its text is `b…`, 59 characters of base32."""

    codec: Codec
    digest: Digest

    @classmethod
    def of(cls, data: bytes, codec: Codec = Codec.RAW) -> Self:
        """Compute the CID of a block."""
        return cls(codec, sha256(data))

    @classmethod
    def parse(cls, text: str, where: str = "CID") -> Self:
        """Read the one spelling this project writes; Malformed for any other CID."""
        if not _TEXT.fullmatch(text):
            raise Malformed(where, expected="a CIDv1 in lower-case base32", actual=shorten(text))
        return cls.from_bytes(b32decode(text[1:].upper() + "======"), where)

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "CID") -> Self:
        """Read the binary form: version, codec, multihash."""
        if len(data) != _SIZE or data[0] != _VERSION or data[1] not in list(Codec) or data[2:4] != _SHA2_256:
            raise Malformed(where, expected="a CIDv1, raw or dag-pb, over SHA-256")
        return cls(Codec(data[1]), Digest(data[4:]))

    def __bytes__(self) -> bytes:
        return bytes([_VERSION, self.codec]) + _SHA2_256 + self.digest

    def __str__(self) -> str:
        return "b" + b32encode(bytes(self)).decode().rstrip("=").lower()

    def matches(self, data: bytes) -> bool:
        """Say whether these are the bytes this CID names."""
        return sha256(data) == self.digest


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """One IPFS block: at most 1 MiB of bytes whose hash is in their CID, checked on construction."""

    cid: Cid
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) > MAX_BLOCK:
            raise Malformed(
                f"block {self.cid}", expected=f"at most {MAX_BLOCK} bytes", actual=f"{len(self.data)} bytes"
            )
        if not self.cid.matches(self.data):
            raise Mismatch(f"block {self.cid}", expected="the bytes it names", actual=Cid.of(self.data, self.cid.codec))

    @classmethod
    def of(cls, data: bytes, codec: Codec = Codec.RAW) -> Self:
        """Name a block by its hash."""
        return cls(Cid.of(data, codec), data)
