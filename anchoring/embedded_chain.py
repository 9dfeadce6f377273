"""The embedded chain: a real EVM in the data folder, for a laptop and for tests. The port `Chain`.

One block for each transaction, mined as it is sent and final at once. Anyone's
account can be given coins from a faucet. Several processes may use it; what it
proves is only as good as the folder it lies in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anchoring.blocks import checked
from anchoring.contracts import created_address, revert_reason
from anchoring.evm_key import EvmKey
from anchoring.evm_on_disk import EvmOnDisk
from anchoring.profiles import Profile
from anchoring.pyevm import (
    BloomFilter,
    HeaderNotFound,
    PyEVMError,
    Revert,
    RLPException,
    SpoofTransaction,
    TransactionNotFound,
    ValidationError,
    VMError,
    encode,
)
from anchoring.wallet import Fees
from notary.core.digest import Digest
from notary.core.encoding import to_hex
from notary.core.errors import Mismatch, OperatorError
from notary.core.evm import Address, AnchoredEvent, TxReceipt
from notary.core.evm.anchored import TOPIC
from notary.ports import Block, Call, Inclusion, Logged, Quote, Sighting, SignedTransaction

FILE = "chain.sqlite"
PATIENCE = 60.0
"""Seconds to wait while other processes write."""
TIP = 10**9
"""Wei a unit of gas on top of the base fee; the coins are free."""
COINS = 10**18
_TRANSFER_GAS = 21_000
_NOBODY = Address(bytes(20))
_AT_ONCE = 256
"""Blocks searched for events in one unit of work."""


class EmbeddedChain:
    """The chain in a folder; drawn at first use, resumed from then on. Also what a wallet asks of it."""

    def __init__(self, folder: Path, *, patience: float = PATIENCE) -> None:
        self._evm = EvmOnDisk(folder / FILE, patience=patience)

    def close(self) -> None:
        """Let the file go."""
        self._evm.close()

    @property
    def id(self) -> str:
        return f"eip155:{self._evm.chain_id}"

    def check_id(self) -> None:
        """Its id lies in the same file."""

    @property
    def profile(self) -> Profile:
        """Final as soon as mined."""
        return Profile(self.id, "Embedded chain", "ETH", depth=0, wait=1, confirmations=1)

    @property
    def typical_wait(self) -> int:
        return self.profile.wait

    def latest(self) -> int:
        with self._evm.reading() as evm:
            return int(_head(evm).block_number)

    def finalized(self) -> int:
        return self.latest()

    def block(self, number: int) -> Block | None:
        with self._evm.reading() as evm:
            try:
                block = evm.chain.get_canonical_block_by_number(number)
            except HeaderNotFound:
                return None
            receipts = [receipt.encode() for receipt in block.get_receipts(evm.chain.chaindb)]
            try:
                return checked(block.hash, encode(block.header), receipts)
            except Mismatch as error:
                raise OperatorError(
                    f"the embedded chain is damaged: {error}", hint="Restore the data folder."
                ) from error

    def inclusion(self, tx_hash: bytes) -> Inclusion | None:
        with self._evm.reading() as evm:
            try:
                number, index = evm.chain.get_canonical_transaction_index(tx_hash)
            except TransactionNotFound:
                return None
            transaction = evm.chain.get_canonical_transaction_by_index(number, index)
            receipt = TxReceipt.parse(evm.chain.get_transaction_receipt_by_index(number, index).encode())
            created = None if transaction.to else created_address(Address(transaction.sender), transaction.nonce)
            return Inclusion(
                tx_hash=tx_hash,
                block_number=number,
                block_hash=evm.chain.get_canonical_block_header_by_number(number).hash,
                succeeded=receipt.succeeded,
                created=created,
            )

    def sightings(
        self, contract: Address, *, since: int = 0, root: Digest | None = None, sender: Address | None = None
    ) -> Iterator[Sighting]:
        for header, transaction, log, logged in self._logged(contract, TOPIC, since):
            sighting = _sighting(header, transaction, log, logged)
            if root in (None, sighting.root) and sender in (None, sighting.sender):
                yield sighting

    def events(self, contract: Address, topic: bytes, *, since: int = 0, until: int | None = None) -> Iterator[Logged]:
        for _, _, _, logged in self._logged(contract, topic, since, until):
            yield logged

    def call(self, to: Address, data: bytes) -> bytes:
        with self._evm.reading() as evm:
            try:
                return bytes(evm.chain.get_transaction_result(_spoofed(evm, _NOBODY, Call(to, data)), _head(evm)))
            except VMError as error:
                raise _would_fail(f"call of {to_hex(to)}", error) from error

    def code(self, at: Address, *, block: int | None = None) -> bytes:
        with self._evm.reading() as evm:
            return bytes(evm.get_code(at, "latest" if block is None else block))

    def fund(self, account: Address, amount: int = COINS) -> None:
        """Give an account coins from the faucet until it holds `amount`, in wei. Safe to repeat."""
        key = EvmKey.of(self._evm.faucet)
        with self._evm.writing() as evm:
            missing = amount - evm.get_balance(account)
            if missing > 0:
                price = _base_fee(evm) + TIP
                quote = Quote(_TRANSFER_GAS, price, price)
                nonce = evm.get_nonce(key.address)
                transfer = key.sign(Call(account, b""), chain=self.id, nonce=nonce, quote=quote, value=missing)
                _mine(evm, transfer)

    # What a wallet asks (anchoring.wallet.Payments).

    def balance(self, account: Address) -> int:
        with self._evm.reading() as evm:
            return int(evm.get_balance(account))

    def nonce(self, account: Address) -> int:
        with self._evm.reading() as evm:
            return int(evm.get_nonce(account))

    def final_nonce(self, account: Address) -> int:
        return self.nonce(account)

    def gas(self, sender: Address, call: Call) -> int:
        with self._evm.reading() as evm:
            try:
                return int(evm.chain.estimate_gas(_spoofed(evm, sender, call), _head(evm)))
            except VMError as error:
                raise _would_fail("transaction", error) from error

    def fees(self) -> Fees:
        with self._evm.reading() as evm:
            return Fees(_base_fee(evm), TIP)

    def send(self, transaction: SignedTransaction) -> None:
        with self._evm.writing() as evm:
            if not _has(evm, transaction.hash):
                _mine(evm, transaction)

    def _logged(
        self, contract: Address, topic: bytes, since: int, until: int | None = None
    ) -> Iterator[tuple[Any, int, int, Logged]]:
        latest = self.latest() if until is None else min(self.latest(), until)
        for start in range(since, latest + 1, _AT_ONCE):
            with self._evm.reading() as evm:
                numbers = range(start, min(start + _AT_ONCE, latest + 1))
                found = [each for number in numbers for each in _events(evm, number, contract, topic)]
            yield from found


def _mine(evm: Any, transaction: SignedTransaction) -> None:
    try:
        decoded = evm.chain.get_transaction_builder().decode(transaction.raw)
        if decoded.chain_id != evm.chain.chain_id:  # py-evm itself takes transactions of any chain
            raise ValidationError(f"signed for the chain {decoded.chain_id}")
        evm.chain.apply_transaction(decoded)
        evm.mine_blocks(1)
    except (ValidationError, PyEVMError, RLPException, IndexError) as error:  # IndexError: no bytes at all
        raise OperatorError(
            f"the embedded chain did not take transaction {to_hex(transaction.hash)}", actual=error
        ) from error


def _has(evm: Any, tx_hash: bytes) -> bool:
    try:
        evm.chain.get_canonical_transaction_index(tx_hash)
    except TransactionNotFound:
        return False
    return True


def _head(evm: Any) -> Any:
    return evm.chain.get_canonical_head()


def _base_fee(evm: Any) -> int:
    """What the next block will ask."""
    return int(evm.chain.header.base_fee_per_gas)


def _spoofed(evm: Any, sender: Address, call: Call) -> SpoofTransaction:
    """A transaction to be tried and undone, as if `sender` had signed it."""
    unsigned = evm.chain.create_unsigned_transaction(
        nonce=evm.get_nonce(sender),
        gas_price=0,
        gas=_head(evm).gas_limit,
        to=call.to or b"",
        value=0,
        data=call.data,
    )
    return SpoofTransaction(unsigned, from_=sender)


def _events(evm: Any, number: int, contract: Address, topic: bytes) -> Iterator[tuple[Any, int, int, Logged]]:
    """Give a block's events of a contract, each with the header, its transaction's index and its own within that."""
    header = evm.chain.get_canonical_block_header_by_number(number)
    bloom = BloomFilter(header.bloom)
    if contract not in bloom or topic not in bloom:
        return
    block = evm.chain.get_canonical_block_by_number(number)
    receipts = block.get_receipts(evm.chain.chaindb)
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        for log, event in enumerate(TxReceipt.parse(receipt.encode()).events):
            if event.address == contract and event.topics[:1] == (topic,):
                yield header, index, log, Logged(event, number, transaction.hash)


def _sighting(header: Any, transaction: int, log: int, logged: Logged) -> Sighting:
    anchored = AnchoredEvent.of(logged.event)
    return Sighting(
        root=anchored.root,
        sender=anchored.notary,
        head=anchored.head,
        registry=anchored.registry,
        tx_hash=logged.tx_hash,
        block_number=logged.block_number,
        block_hash=header.hash,
        transaction=transaction,
        log=log,
    )


def _would_fail(what: str, error: VMError) -> OperatorError:
    reverted = bytes(error.args[0]) if isinstance(error, Revert) and error.args else b""
    return OperatorError(f"{what} would fail", actual=revert_reason(reverted) or error)
