"""Block notes: parties that run a node vouch for one final block's hash. Spec: docs/spec/verification.md.

A receipt carries them, so that one newer than the verifier's trust file is still
decided offline. The hash is all that is vouched for: header, transaction and
event are proven from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from notary.core.encoding import from_hex, shorten, to_hex
from notary.core.errors import Malformed, Unsupported
from notary.core.note import read_decimal
from notary.core.shape import read_chain

HEADER = "credential-notary/block/v1"


@dataclass(frozen=True, slots=True)
class BlockNote:
    """What is signed: the block of this number on this chain (CAIP-2) has this 32-byte hash."""

    chain: str
    number: int
    hash: bytes

    def __post_init__(self) -> None:
        read_chain(self.chain, "block note, chain")
        read_decimal(str(self.number), "block note, number")
        from_hex(to_hex(self.hash), "block note, hash", 32)

    @classmethod
    def parse(cls, text: str, where: str = "block note") -> Self:
        """Read a signed note's text: Unsupported for another version, else Malformed."""
        lines = text.split("\n")
        if lines[0] != HEADER:
            kind = Unsupported if lines[0].startswith(HEADER.rpartition("/")[0] + "/") else Malformed
            raise kind(where, expected=HEADER, actual=shorten(lines[0]))
        if len(lines) != 5 or lines[4]:
            raise Malformed(where, expected="four lines, each with its line feed")
        number = read_decimal(lines[2], f"{where}, number")
        return cls(read_chain(lines[1], f"{where}, chain"), number, from_hex(lines[3], f"{where}, hash", 32))

    @property
    def text(self) -> str:
        """The text to sign."""
        return f"{HEADER}\n{self.chain}\n{self.number}\n{to_hex(self.hash)}\n"
