"""A chain behind an EVM node's JSON-RPC: the port `Chain`, and what a wallet needs of it.

The node is asked, not believed: blocks are checked against their hashes, events
against what was asked for. Which chain it is on is its own word; whoever signs
binds the id into the signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchoring.answers import data, items, members, quantity
from anchoring.blocks import checked, encode_header, encode_tx_receipt
from anchoring.contracts import revert_reason
from anchoring.profiles import Profile, Profiles
from anchoring.rpc import Node, Refused
from anchoring.wallet import Fees
from notary.core.canonical import JSON
from notary.core.digest import Digest
from notary.core.encoding import to_hex
from notary.core.errors import Malformed, Mismatch, OperatorError, Unsupported
from notary.core.evm import Address, AnchoredEvent, Event
from notary.core.evm.anchored import TOPIC
from notary.ports import Block, Call, Inclusion, Logged, Sighting, SignedTransaction

TIMEOUT = 20.0
"""Seconds to wait for one answer of a node."""
MOST_BLOCKS = 10_000
"""Blocks asked for events at once; halved as often as the node says that is too much."""

_BLOCK = "eth_getBlockByNumber"
_HASHES_ONLY = False
"""Of the block's transactions."""
_NO_SUCH_BLOCK = re.compile(r"not found|unknown block", re.IGNORECASE)
_ALREADY_THERE = re.compile(r"already (known|imported|exists|in )|known transaction", re.IGNORECASE)
_HINTS = {
    "insufficient|upfront cost": "Send coins to the wallet's address.",
    "nonce": "Another transaction of the wallet has this nonce, or one before it is missing.",
    "underpriced|fee|gas price": "Offer more: a replacement must pay a tenth more at least.",
}
"""What helps, by the words of a node that does not take a transaction."""


class EvmChain:
    """An EVM chain over HTTP. Nothing is asked of the node before the first method is called."""

    def __init__(
        self, url: str, *, profiles: Profiles | None = None, timeout: float = TIMEOUT, known: str | None = None
    ) -> None:
        """`known`: the id it had when the consortium was founded there; None: its node's word counts."""
        self._node = Node(url, timeout=timeout)
        self._profiles = profiles or Profiles.load()
        self._id = known
        self._not_offered: set[str] = set()

    @property
    def id(self) -> str:
        if self._id is None:
            self._id = self._says_id()
        return self._id

    def check_id(self) -> None:
        found = self._says_id()
        if found != self.id:
            raise OperatorError(
                f"{self._node.host} is the node of another chain",
                expected=self.id,
                actual=found,
                hint="Correct the URL; nothing is sent there.",
            )

    @property
    def profile(self) -> Profile:
        """What is known of this chain before asking it."""
        return self._profiles.of(self.id)

    @property
    def typical_wait(self) -> int:
        return self.profile.wait

    def latest(self) -> int:
        return self._quantity("eth_blockNumber")

    def finalized(self) -> int:
        depth = self.profile.depth
        if depth is not None:
            return max(self.latest() - depth, -1)
        try:
            found = self._block("finalized")
        except Refused as error:
            if _NO_SUCH_BLOCK.search(error.reason):
                return -1  # a young chain: nothing is final yet
            raise OperatorError(
                f"{self._node.host} does not say which block of {self.id} is final",
                actual=error.reason,
                hint='Set finality = "depth:N" in the profile of a chain without finality.',
            ) from error
        if found is None:
            return -1
        with self._node.reading(_BLOCK):
            return quantity(found["number"], "number")

    def block(self, number: int) -> Block | None:
        fields = self._block(hex(number))
        if fields is None:
            return None
        with self._node.reading(_BLOCK):
            block_hash = data(fields["hash"], "hash", 32)
            transactions = items(fields["transactions"], "transactions")
            if quantity(fields["number"], "number") != number:
                raise Malformed("number", expected=hex(number), actual=fields["number"])
        raw = self._ask_if_offered("debug_getRawHeader", to_hex(block_hash))
        with self._node.reading(_BLOCK if raw is None else "debug_getRawHeader"):
            header = encode_header(fields) if raw is None else data(raw, "header")
        try:
            return checked(block_hash, header, self._tx_receipts(block_hash, transactions))
        except (Malformed, Mismatch) as error:
            raise OperatorError(
                f"{self._node.host} contradicts itself about block {number}: {error}",
                hint="Use another node: what this one says of the block is not what the block's hash commits.",
            ) from error

    def inclusion(self, tx_hash: bytes) -> Inclusion | None:
        method = "eth_getTransactionReceipt"
        found = self._node.ask(method, to_hex(tx_hash))
        if found is None:
            return None
        with self._node.reading(method):
            fields = members(found, "transaction receipt")
            if data(fields["transactionHash"], "transactionHash") != tx_hash:
                raise Malformed("transactionHash", expected=to_hex(tx_hash), actual=fields["transactionHash"])
            if fields.get("blockHash") is None:
                return None  # in the node's pool
            created = fields.get("contractAddress")
            return Inclusion(
                tx_hash=tx_hash,
                block_number=quantity(fields["blockNumber"], "blockNumber"),
                block_hash=data(fields["blockHash"], "blockHash", 32),
                succeeded=quantity(fields["status"], "status") == 1,
                created=None if created is None else Address(data(created, "contractAddress", 20)),
            )

    def sightings(
        self, contract: Address, *, since: int = 0, root: Digest | None = None, sender: Address | None = None
    ) -> Iterator[Sighting]:
        topics: list[JSON] = [
            to_hex(TOPIC),
            None if root is None else to_hex(root),
            None if sender is None else to_hex(bytes(12) + sender),
        ]
        for log in self._logs(contract, topics, since):
            with self._node.reading("eth_getLogs"):
                event = AnchoredEvent.of(_event(log))
            if event.contract != contract or root not in (None, event.root) or sender not in (None, event.notary):
                raise self._node.garbage("eth_getLogs", "an event that was not asked for")
            sighting = self._sighting(log, event)
            if sighting is not None:
                yield sighting

    def events(self, contract: Address, topic: bytes, *, since: int = 0, until: int | None = None) -> Iterator[Logged]:
        for log in self._logs(contract, [to_hex(topic)], since, until):
            with self._node.reading("eth_getLogs"):
                event = _event(log)
                if event.address != contract or event.topics[:1] != (topic,):
                    raise self._node.garbage("eth_getLogs", "an event that was not asked for")
                if log.get("removed") is True or log.get("blockHash") is None:
                    continue
                number = quantity(log["blockNumber"], "blockNumber")
                logged = Logged(event, number, data(log["transactionHash"], "transactionHash", 32))
            yield logged

    def call(self, to: Address, data: bytes) -> bytes:
        asked: JSON = {"to": to_hex(to), "data": to_hex(data)}
        try:
            return self._data("eth_call", asked, "latest")
        except Refused as error:
            raise _would_fail(f"call of {to_hex(to)}", error) from error

    def code(self, at: Address, *, block: int | None = None) -> bytes:
        return self._data("eth_getCode", to_hex(at), "latest" if block is None else hex(block))

    # What a wallet asks (anchoring.wallet.Payments).

    def balance(self, account: Address) -> int:
        return self._quantity("eth_getBalance", to_hex(account), "latest")

    def nonce(self, account: Address) -> int:
        return self._quantity("eth_getTransactionCount", to_hex(account), "pending")

    def final_nonce(self, account: Address) -> int:
        final = self.finalized()
        return 0 if final < 0 else self._quantity("eth_getTransactionCount", to_hex(account), hex(final))

    def gas(self, sender: Address, call: Call) -> int:
        asked: dict[str, JSON] = {"from": to_hex(sender), "data": to_hex(call.data)}
        if call.to is not None:
            asked["to"] = to_hex(call.to)
        try:
            return self._quantity("eth_estimateGas", asked)
        except Refused as error:
            raise _would_fail("transaction", error) from error

    def fees(self) -> Fees:
        base = (self._block("latest") or {}).get("baseFeePerGas")
        if base is None:
            return Fees(base=0, tip=self._quantity("eth_gasPrice"))
        with self._node.reading(_BLOCK):
            base_fee = quantity(base, "baseFeePerGas")
        tip = self._ask_if_offered("eth_maxPriorityFeePerGas")
        if tip is None:
            return Fees(base_fee, max(self._quantity("eth_gasPrice") - base_fee, 0))
        with self._node.reading("eth_maxPriorityFeePerGas"):
            return Fees(base_fee, quantity(tip, "tip"))

    def send(self, transaction: SignedTransaction) -> None:
        try:
            self._node.ask("eth_sendRawTransaction", to_hex(transaction.raw))
        except OperatorError as error:
            # Refused, or lost on the way there or back: what counts is whether the chain or the pool has it.
            if self._has(transaction.hash):
                return
            if not isinstance(error, Refused):
                raise
            if _ALREADY_THERE.search(error.reason):
                return  # behind a load balancer, the node that has it may not be the one asked
            hint = next((hint for words, hint in _HINTS.items() if re.search(words, error.reason, re.IGNORECASE)), None)
            raise OperatorError(
                f"{self._node.host} did not take transaction {to_hex(transaction.hash)}", actual=error.reason, hint=hint
            ) from error

    def _says_id(self) -> str:
        return f"eip155:{self._quantity('eth_chainId')}"

    def _block(self, number: str) -> dict[str, JSON] | None:
        found = self._node.ask(_BLOCK, number, _HASHES_ONLY)
        with self._node.reading(_BLOCK):
            return None if found is None else members(found, "block")

    def _has(self, tx_hash: bytes) -> bool:
        try:
            return self._node.ask("eth_getTransactionByHash", to_hex(tx_hash)) is not None
        except OperatorError:
            return False

    def _tx_receipts(self, block_hash: bytes, transactions: list[JSON]) -> list[bytes]:
        if not transactions:
            return []
        method = "debug_getRawReceipts"
        raw = self._ask_if_offered(method, to_hex(block_hash))
        if raw is not None:
            with self._node.reading(method):
                return [data(tx_receipt, "transaction receipt") for tx_receipt in items(raw, "receipts")]
        method = "eth_getBlockReceipts"
        found = self._ask_if_offered(method, to_hex(block_hash))
        if found is None:
            method = "eth_getTransactionReceipt"
            found = [self._node.ask(method, tx_hash) for tx_hash in transactions]
        try:
            with self._node.reading(method):
                return [encode_tx_receipt(tx_receipt) for tx_receipt in items(found, "receipts")]
        except Unsupported as error:
            raise OperatorError(
                f"block {to_hex(block_hash)} of {self.id}: {error}", hint="Use a node that offers debug_getRawReceipts."
            ) from error

    def _logs(
        self, contract: Address, topics: list[JSON], since: int, until: int | None = None
    ) -> Iterator[dict[str, JSON]]:
        latest, start, span = self.latest(), since, MOST_BLOCKS
        latest = latest if until is None else min(latest, until)
        while start <= latest:
            end = min(start + span - 1, latest)
            asked: JSON = {"address": to_hex(contract), "topics": topics, "fromBlock": hex(start), "toBlock": hex(end)}
            try:
                found = self._node.ask("eth_getLogs", asked)
            except Refused:
                # Nodes word "too many results" and "range too wide" in a hundred ways; one block is the last try.
                if start == end:
                    raise
                span = (end - start + 1) // 2
                continue
            with self._node.reading("eth_getLogs"):
                logs = [members(log, "log") for log in items(found, "logs")]
            yield from logs
            start, span = end + 1, min(2 * span, MOST_BLOCKS)

    def _sighting(self, log: dict[str, JSON], event: AnchoredEvent) -> Sighting | None:
        """Look up which event of its transaction this is: nodes count within the block."""
        if log.get("removed") is True or log.get("blockHash") is None:
            return None
        with self._node.reading("eth_getLogs"):
            tx_hash = data(log["transactionHash"], "transactionHash", 32)
        method = "eth_getTransactionReceipt"
        found = self._node.ask(method, to_hex(tx_hash))
        with self._node.reading(method):
            if found is None or members(found, "transaction receipt")["blockHash"] != log["blockHash"]:
                return None  # a reorganisation took it away between the two questions
            logs = items(members(found, "transaction receipt")["logs"], "logs")
            positions = [quantity(members(entry, "log")["logIndex"], "logIndex") for entry in logs]
            return Sighting(
                root=event.root,
                sender=event.notary,
                head=event.head,
                registry=event.registry,
                tx_hash=tx_hash,
                block_number=quantity(log["blockNumber"], "blockNumber"),
                block_hash=data(log["blockHash"], "blockHash", 32),
                transaction=quantity(log["transactionIndex"], "transactionIndex"),
                log=positions.index(quantity(log["logIndex"], "logIndex")),
            )

    def _quantity(self, method: str, *parameters: JSON) -> int:
        found = self._node.ask(method, *parameters)
        with self._node.reading(method):
            return quantity(found, "result")

    def _data(self, method: str, *parameters: JSON) -> bytes:
        found = self._node.ask(method, *parameters)
        with self._node.reading(method):
            return data(found, "result")

    def _ask_if_offered(self, method: str, *parameters: JSON) -> JSON:
        """Ask for what not every node offers; None where it does not, and then it is not asked again."""
        if method in self._not_offered:
            return None
        try:
            return self._node.ask(method, *parameters)
        except Refused:
            self._not_offered.add(method)
            return None


def _event(log: dict[str, JSON]) -> Event:
    topics = tuple(data(topic, "topic", 32) for topic in items(log["topics"], "topics"))
    return Event(Address(data(log["address"], "address", 20)), topics, data(log["data"], "data"))


def _would_fail(what: str, refused: Refused) -> OperatorError:
    return OperatorError(f"{what} would fail", actual=revert_reason(refused.data) or refused.reason)
