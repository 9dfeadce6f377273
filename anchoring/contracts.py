"""The published contracts, spoken without a node: calls, approvals, facts and reverts.

Interfaces: contracts/src/interfaces. The artifacts are compiled from them bit for
bit; code on chain is compared with them, so that a consortium founded by others
can be told from a look-alike with a back door.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from notary.core.canonical import JSON
from notary.core.digest import Digest
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.evm import Address, keccak256, rlp
from notary.ports import AppliedChange, Approval, Call, Chain, Change, Consortium, Logged

_ARTIFACTS = Path(__file__).parent / "artifacts"
_CHANGE = "(bytes32,address[],address[],uint64,uint64,uint64)"
_CHANGE_TYPE = "Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)"
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_APPLIED = keccak256(b"ChangeApplied(uint64,bytes32,uint64,address[],address[],address[])")
_APPLIED_DATA = ("uint64", "address[]", "address[]", "address[]")
_IS_VALID = bytes.fromhex("1626ba7e")
"""ERC-1271: the selector of isValidSignature(bytes32,bytes), and what it answers for yes."""
_DOMAIN_NAME, _DOMAIN_VERSION = "ConsortiumRegistry", "1"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1 (EIP-2)."""
_FIRST_NONCE = 1
"""A contract's own first CREATE (EIP-161): the registry's is its anchor contract."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract: what deploys it, and what then stands on chain, immutables left out."""

    name: str
    creation: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    errors: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    @cache
    def load(cls, name: str) -> Self:
        """Read a committed artifact."""
        fields: dict[str, Any] = json.loads((_ARTIFACTS / f"{name}.json").read_bytes())
        return cls(
            name=name,
            creation=bytes.fromhex(fields["bytecode"][2:]),
            runtime=bytes.fromhex(fields["deployedBytecode"][2:]),
            immutables=tuple((at["start"], at["length"]) for at in fields["immutableReferences"]),
            errors=tuple(
                (entry["name"], tuple(given["type"] for given in entry["inputs"]))
                for entry in fields["abi"]
                if entry["type"] == "error"
            ),
        )

    def is_code(self, code: bytes) -> bool:
        """Say whether code on chain is this contract, whatever its constructor wrote into the immutables."""
        return len(code) == len(self.runtime) and self._masked(code) == self._masked(self.runtime)

    def _masked(self, code: bytes) -> bytes:
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return bytes(masked)


class PublishedContracts:
    """ConsortiumRegistry and CredentialAnchor as this release publishes them."""

    def founded_at(self, creator: Address, nonce: int) -> tuple[Address, Address]:
        registry = created_address(creator, nonce)
        return registry, created_address(registry, _FIRST_NONCE)

    def anchor_of(self, registry: Address) -> Address:
        return created_address(registry, _FIRST_NONCE)

    def found(self, members: Iterable[Address], *, threshold: int, state: Digest) -> Call:
        arguments = _encode(("address[]", "uint64", "bytes32"), (list(members), threshold, state))
        return Call(None, Artifact.load("ConsortiumRegistry").creation + arguments)

    def anchor(self, contract: Address, root: Digest, *, bare: bool = False) -> Call:
        return Call(contract, bytes(root) if bare else _selector("anchor(bytes32)") + root)

    def approval_digest(self, chain: str, registry: Address, change: Change) -> bytes:
        domain = _words(
            keccak256(_DOMAIN_TYPE.encode()),
            keccak256(_DOMAIN_NAME.encode()),
            keccak256(_DOMAIN_VERSION.encode()),
            int(chain.removeprefix("eip155:")),
            registry,
        )
        struct = _words(
            keccak256(_CHANGE_TYPE.encode()),
            change.state,
            keccak256(_words(*change.added)),
            keccak256(_words(*change.removed)),
            change.threshold,
            change.epoch,
            change.deadline,
        )
        return keccak256(b"\x19\x01" + keccak256(domain) + keccak256(struct))

    def typed_data(self, chain: str, registry: Address, change: Change) -> JSON:
        return {
            "types": {"EIP712Domain": _members(_DOMAIN_TYPE), "Change": _members(_CHANGE_TYPE)},
            "primaryType": "Change",
            "domain": {
                "name": _DOMAIN_NAME,
                "version": _DOMAIN_VERSION,
                "chainId": int(chain.removeprefix("eip155:")),
                "verifyingContract": to_hex(registry),
            },
            "message": {
                "state": to_hex(change.state),
                "added": [to_hex(address) for address in change.added],
                "removed": [to_hex(address) for address in change.removed],
                "threshold": change.threshold,
                "epoch": change.epoch,
                "deadline": change.deadline,
            },
        }

    def approves(self, digest: bytes, approval: Approval, chain: Chain | None) -> bool:
        if _recovered(digest, approval.signature) == approval.signer:
            return True
        if chain is None or not chain.code(approval.signer):
            return False
        asked = _IS_VALID + _encode(("bytes32", "bytes"), (digest, approval.signature))
        try:
            answer = chain.call(approval.signer, asked)
        except OperatorError:
            return False  # a wallet that reverts has said no
        return len(answer) >= 32 and answer[:32] == _IS_VALID.ljust(32, b"\0")

    def change(self, registry: Address, change: Change, approvals: Iterable[Approval]) -> Call:
        # The registry takes approvals in ascending order of signers, so that nobody counts twice.
        given = [(approval.signer, approval.signature) for approval in sorted(approvals, key=lambda each: each.signer)]
        fields = (change.state, change.added, change.removed, change.threshold, change.epoch, change.deadline)
        selector = _selector(f"applyChange({_CHANGE},(address,bytes)[])")
        return Call(registry, selector + _encode((_CHANGE, "(address,bytes)[]"), (fields, given)))

    def consortium(self, chain: Chain, registry: Address) -> Consortium:
        _require(chain, registry, "ConsortiumRegistry")
        anchor = Address(_word(chain, registry, "anchor()")[12:])
        if anchor != created_address(registry, _FIRST_NONCE):
            raise OperatorError(f"the registry {to_hex(registry)} names another's anchor contract {to_hex(anchor)}")
        _require(chain, anchor, "CredentialAnchor")
        while True:
            epoch = _word(chain, registry, "epoch()")
            found = Consortium(
                anchor=anchor,
                members=frozenset(_addresses(chain.call(registry, _selector("members()")))),
                threshold=int.from_bytes(_word(chain, registry, "threshold()")),
                epoch=int.from_bytes(epoch),
                state=Digest(_word(chain, anchor, "state()")),
            )
            if _word(chain, registry, "epoch()") == epoch:  # else a change was mined between two questions
                return found

    def changes(
        self, chain: Chain, registry: Address, *, since: int = 0, until: int | None = None, after: int = 0
    ) -> tuple[AppliedChange, ...]:
        found = tuple(_applied(logged) for logged in chain.events(registry, _APPLIED, since=since, until=until))
        if [change.epoch for change in found] != list(range(after + 1, after + len(found) + 1)):
            raise OperatorError(
                f"the node of {chain.id} does not show every change of the registry {to_hex(registry)}",
                expected=f"epochs {after + 1} to {after + len(found)}",
                actual=", ".join(str(change.epoch) for change in found) or "none",
                hint="Ask a node that keeps all events",
            )
        return found

    def registry_of(self, chain: Chain, anchor: Address) -> Address:
        _require(chain, anchor, "CredentialAnchor")
        return Address(_word(chain, anchor, "registry()")[12:])


def created_address(creator: Address, nonce: int) -> Address:
    """The address of the contract that an account makes with its transaction or CREATE of this nonce."""
    return Address(keccak256(rlp.encode((creator, rlp.from_integer(nonce))))[12:])


def revert_reason(data: bytes) -> str | None:
    """Say in words why a call reverted; None where the bytes say nothing."""
    known: dict[str, tuple[str, ...]] = {"Error": ("string",), "Panic": ("uint256",)}
    for name in ("ConsortiumRegistry", "CredentialAnchor"):
        known |= dict(Artifact.load(name).errors)
    for name, types in known.items():
        if data[:4] != _selector(f"{name}({','.join(types)})"):
            continue
        from eth_abi.abi import decode
        from eth_abi.exceptions import DecodingError

        try:
            values = decode(types, data[4:])
        except DecodingError:
            break
        return f"{name}({', '.join(to_hex(v) if isinstance(v, bytes) else str(v) for v in values)})"
    return f"reverted with {to_hex(data)}" if data else None


def _require(chain: Chain, at: Address, name: str) -> None:
    code = chain.code(at)
    if not Artifact.load(name).is_code(code):
        raise OperatorError(
            f"{to_hex(at)} on {chain.id} is no {name} of this release",
            actual=f"code of {len(code)} bytes" if code else "no contract",
            hint="Check the address and the chain.",
        )


def _applied(logged: Logged) -> AppliedChange:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    topics = logged.event.topics
    try:
        threshold, added, removed, approvers = decode(_APPLIED_DATA, logged.event.data)
        _, epoch, state = topics
    except (DecodingError, ValueError) as error:
        raise OperatorError("a registry's event that cannot be", actual=f"{len(topics)} topics") from error
    return AppliedChange(
        epoch=int.from_bytes(epoch),
        state=Digest(state),
        threshold=threshold,
        added=tuple(map(_address, added)),
        removed=tuple(map(_address, removed)),
        approvers=tuple(map(_address, approvers)),
        block_number=logged.block_number,
        tx_hash=logged.tx_hash,
    )


def _recovered(digest: bytes, signature: bytes) -> Address | None:
    """Return whose key signed a digest; None for what is no signature the registry takes.

    OpenZeppelin's ECDSA, as the registry uses it, takes 65 bytes with s in the lower half and v 27 or 28.
    """
    if len(signature) != 65 or signature[64] not in (27, 28) or not 0 < int.from_bytes(signature[32:64]) <= _HALF_ORDER:
        return None
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        key = Signature(signature[:64] + bytes([signature[64] - 27])).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return None
    return Address(key.to_canonical_address())


def _members(encoded: str) -> list[JSON]:
    """Read an EIP-712 `encodeType` as its list of names and types."""
    inside = encoded.partition("(")[2].removesuffix(")")
    pairs = (member.split(" ") for member in inside.split(","))
    return [{"name": name, "type": kind} for kind, name in pairs]


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text.removeprefix("0x")))


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def _encode(types: Sequence[str], values: Sequence[object]) -> bytes:
    from eth_abi.abi import encode

    return bytes(encode(types, values))


def _words(*values: bytes | int) -> bytes:
    """ABI-encode static values: each right-aligned in 32 bytes (addresses, integers) or filling them (hashes)."""
    return b"".join(value.to_bytes(32) if isinstance(value, int) else value.rjust(32, b"\0") for value in values)


def _word(chain: Chain, contract: Address, view: str) -> bytes:
    found = chain.call(contract, _selector(view))
    if len(found) != 32:
        raise OperatorError(f"{view} of {to_hex(contract)}", expected="32 bytes", actual=f"{len(found)} bytes")
    return found


def _addresses(found: bytes) -> list[Address]:
    """Decode `address[]`: where it begins, its length, the members."""
    count = int.from_bytes(found[32:64])
    if found[:32] != (32).to_bytes(32) or len(found) != 64 + 32 * count:
        raise OperatorError("the registry's members", expected="an array of addresses", actual=f"{len(found)} bytes")
    return [Address(found[at + 12 : at + 32]) for at in range(64, len(found), 32)]
