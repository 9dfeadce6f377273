"""The block header: what a block's hash commits (Yellow Paper §4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from notary.core.errors import Malformed
from notary.core.evm import rlp
from notary.core.evm.keccak import keccak256

_PARENT_HASH = 0
_RECEIPTS_ROOT = 5
_NUMBER = 8
_TIMESTAMP = 11
_LEAST_FIELDS = 15
"""Fields of the first chains' headers; every fork since has only added at the end."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fields an anchor rests on. `timestamp` is in Unix seconds.

    Fields are read by index and later ones are not looked at, so that headers of
    forks to come are read too. The hash covers them all.
    """

    hash: bytes
    parent_hash: bytes
    receipts_root: bytes
    number: int
    timestamp: int

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a header's RLP; its hash is computed, and says nothing until a trusted block has it."""
        fields = rlp.as_list(rlp.decode(raw, "block header"), "block header")
        if len(fields) < _LEAST_FIELDS:
            raise Malformed("block header", expected=f"at least {_LEAST_FIELDS} fields", actual=len(fields))
        return cls(
            hash=keccak256(raw),
            parent_hash=rlp.as_bytes(fields[_PARENT_HASH], "block header, parentHash", 32),
            receipts_root=rlp.as_bytes(fields[_RECEIPTS_ROOT], "block header, receiptsRoot", 32),
            number=rlp.as_integer(fields[_NUMBER], "block header, number"),
            timestamp=rlp.as_integer(fields[_TIMESTAMP], "block header, timestamp"),
        )
