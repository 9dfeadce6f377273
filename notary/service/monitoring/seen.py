"""What a monitor has seen: the state it begins with next time. Kept whole, or nothing is known of the log's past.

For each entry three hashes are kept (its leaf, its statement's id, the batch it
is about), so that any anchored root and any snapshot can be computed again
without reading the log twice: 96 bytes an entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from notary.core.canonical import canonical
from notary.core.digest import SIZE, Digest
from notary.core.encoding import from_base64url, to_base64url
from notary.core.errors import NotaryError, OperatorError
from notary.service.monitoring.findings import Finding, Findings, Kind

TYPE = "credential-notary/monitor-state/v1"
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """An anchor of the notary that could not be judged yet; the block's `time` is in Unix seconds."""

    root: Digest
    registry: Digest
    sender: bytes
    block: int
    time: int


@dataclass(slots=True)
class ChainSeen:
    """How far a contract's events were looked at: the last of them, each sender's `head`, what waits to be judged.

    `size`: entries of the longest log found anchored here.
    """

    last: tuple[int, int, int] = (-1, -1, -1)
    size: int = 0
    heads: dict[bytes, bytes] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ManifestSeen:
    """A manifest found anchored."""

    size: int
    previous: Digest | None


@dataclass(frozen=True, slots=True)
class Mine:
    """An entry in the institution's name: what it commits (no root for a status), and how it is told of."""

    entry: int
    id: Digest
    root: Digest | None
    size: int
    says: str


@dataclass(slots=True)
class Seen:
    """Everything a monitor keeps of one log for one institution.

    `note`: the last checkpoint followed, empty before the first. `grown`: sizes the log had, each with the
    time it was first seen at, in Unix seconds. `told`: what was last reported to somebody, as its hash in hex.
    """

    origin: str
    issuer: str
    note: str = ""
    leaves: bytearray = field(default_factory=bytearray)
    ids: bytearray = field(default_factory=bytearray)
    abouts: bytearray = field(default_factory=bytearray)
    issuers: dict[str, tuple[int, Digest]] = field(default_factory=dict)
    grown: list[tuple[int, int]] = field(default_factory=list)
    chains: dict[tuple[str, bytes], ChainSeen] = field(default_factory=dict)
    manifests: dict[Digest, ManifestSeen] = field(default_factory=dict)
    mine: list[Mine] = field(default_factory=list)
    lasting: Findings = field(default_factory=Findings)
    told: str = ""

    @property
    def size(self) -> int:
        """How many entries were seen."""
        return len(self.leaves) // SIZE

    def draft(self) -> Seen:
        """Return a copy for entries that are not known yet to be the log's; chains and manifests are shared."""
        return replace(
            self,
            leaves=bytearray(self.leaves),
            ids=bytearray(self.ids),
            abouts=bytearray(self.abouts),
            issuers=dict(self.issuers),
            grown=list(self.grown),
            mine=list(self.mine),
            lasting=Findings(list(self.lasting.items), self.lasting.more),
        )

    def digests(self, column: bytearray) -> list[Digest]:
        """Return one of the three columns."""
        return [Digest(bytes(column[at : at + SIZE])) for at in range(0, len(column), SIZE)]

    def __bytes__(self) -> bytes:
        head = {
            "type": TYPE,
            "origin": self.origin,
            "issuer": self.issuer,
            "note": self.note,
            "issuers": {issuer: [seq, to_base64url(name)] for issuer, (seq, name) in self.issuers.items()},
            "grown": [list(each) for each in self.grown],
            "chains": [_chain_to_json(key, chain) for key, chain in self.chains.items()],
            "manifests": [
                [to_base64url(digest), seen.size, None if seen.previous is None else to_base64url(seen.previous)]
                for digest, seen in self.manifests.items()
            ],
            "mine": [
                [each.entry, to_base64url(each.id), each.root and to_base64url(each.root), each.size, each.says]
                for each in self.mine
            ],
            "told": self.told,
            "lasting": [finding.to_json() for finding in self.lasting.items],
            "more": self.lasting.more,
        }
        return b"".join((canonical(head), b"\n", self.leaves, self.ids, self.abouts))  # type: ignore[arg-type]

    @classmethod
    def parse(cls, data: bytes) -> Seen:
        """Read a state as it was written; OperatorError where it is none, or cut short."""
        line, _, columns = data.partition(b"\n")
        each, odd = divmod(len(columns), _COLUMNS)
        try:
            head = json.loads(line)
            if head["type"] != TYPE or odd or each % SIZE:
                raise ValueError("another format, or cut short")
            return cls(
                origin=head["origin"],
                issuer=head["issuer"],
                note=head["note"],
                leaves=bytearray(columns[:each]),
                ids=bytearray(columns[each : 2 * each]),
                abouts=bytearray(columns[2 * each :]),
                issuers={issuer: (int(seq), _digest(name)) for issuer, (seq, name) in head["issuers"].items()},
                grown=[(int(size), int(time)) for size, time in head["grown"]],
                chains=dict(_chain_from_json(chain) for chain in head["chains"]),
                manifests={
                    _digest(digest): ManifestSeen(int(size), None if previous is None else _digest(previous))
                    for digest, size, previous in head["manifests"]
                },
                mine=[
                    Mine(int(entry), _digest(name), None if root is None else _digest(root), int(size), str(says))
                    for entry, name, root, size, says in head["mine"]
                ],
                told=head["told"],
                lasting=Findings([_finding(each) for each in head["lasting"]], int(head["more"])),
            )
        except (ValueError, KeyError, TypeError, AttributeError, NotaryError) as error:
            raise OperatorError(
                "the monitor's state cannot be read",
                actual=error,
                hint="Put a copy of it back: without it, nothing is known of the log's past",
            ) from error


def _chain_to_json(key: tuple[str, bytes], chain: ChainSeen) -> dict[str, object]:
    return {
        "chain": key[0],
        "contract": key[1].hex(),
        "last": list(chain.last),
        "size": chain.size,
        "heads": {sender.hex(): head.hex() for sender, head in chain.heads.items()},
        "waiting": [
            [to_base64url(each.root), to_base64url(each.registry), each.sender.hex(), each.block, each.time]
            for each in chain.waiting
        ],
    }


def _chain_from_json(value: Mapping[str, Any]) -> tuple[tuple[str, bytes], ChainSeen]:
    block, transaction, log = map(int, value["last"])
    waiting = [
        Waiting(_digest(root), _digest(registry), bytes.fromhex(sender), int(at), int(time))
        for root, registry, sender, at, time in value["waiting"]
    ]
    heads = {bytes.fromhex(sender): bytes.fromhex(head) for sender, head in value["heads"].items()}
    return (value["chain"], bytes.fromhex(value["contract"])), ChainSeen(
        (block, transaction, log), int(value["size"]), heads, waiting
    )


def _digest(text: str) -> Digest:
    return Digest(from_base64url(text, "state"))


def _finding(value: Mapping[str, Any]) -> Finding:
    return Finding(Kind(value["kind"]), str(value["says"]), tuple(map(str, value["evidence"])))
