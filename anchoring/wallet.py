"""A wallet: one key that pays on one chain, whatever stands behind the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote, SignedTransaction


@dataclass(frozen=True, slots=True)
class Fees:
    """What the next block asks for each unit of gas, in wei. Chains before EIP-1559 ask a price, all of it tip."""

    base: int
    tip: int


class Payments(Protocol):
    """What a chain offers to whoever pays on it. Errors are OperatorErrors; only `send` changes anything."""

    @property
    def id(self) -> str:
        """CAIP-2 id, bound into every signature."""
        ...

    def balance(self, account: Address) -> int:
        """What the account holds, in wei."""
        ...

    def nonce(self, account: Address) -> int:
        """Number of the account's transactions, those in the pool included."""
        ...

    def final_nonce(self, account: Address) -> int:
        """Number of the account's transactions in final blocks."""
        ...

    def gas(self, sender: Address, call: Call) -> int:
        """Gas the call would use now; OperatorError with the reason where it would revert."""
        ...

    def fees(self) -> Fees:
        """What gas costs now."""
        ...

    def send(self, transaction: SignedTransaction) -> None:
        """Hand the bytes over; known or already mined is success."""
        ...


class TransactionKey(Protocol):
    """A key that signs transactions: in this process, or behind a signer that shows them to a person first."""

    @property
    def address(self) -> Address:
        """The key's account."""
        ...

    def sign(self, call: Call, *, chain: str, nonce: int, quote: Quote) -> SignedTransaction:
        """Sign a transaction for one chain; OperatorError where the signer declines."""
        ...


class KeyWallet:
    """The port `Wallet` over a key. `cap`: most wei a unit of gas may cost, None for no limit."""

    def __init__(self, chain: Payments, key: TransactionKey, *, cap: int | None = None) -> None:
        self._chain = chain
        self._key = key
        self._cap = cap

    @property
    def address(self) -> Address:
        return self._key.address

    def balance(self) -> int:
        return self._chain.balance(self.address)

    def next_nonce(self) -> int:
        return self._chain.nonce(self.address)

    def final_nonce(self) -> int:
        return self._chain.final_nonce(self.address)

    def quote(self, call: Call, *, replacing: Quote | None = None) -> Quote:
        gas = self._chain.gas(self.address, call)
        fees = self._chain.fees()
        wanted = 2 * fees.base + fees.tip  # six full blocks in a row may double the base fee
        tip = fees.tip
        if self._cap is not None and wanted > self._cap:
            if fees.base + fees.tip > self._cap:
                raise self._too_dear(fees.base + fees.tip)
            wanted = self._cap
        if replacing is not None:
            if wanted <= replacing.fee_per_gas and tip <= replacing.tip_per_gas:
                return replacing
            wanted = max(wanted, _raised(replacing.fee_per_gas))
            tip = max(tip, _raised(replacing.tip_per_gas))
            if self._cap is not None and wanted > self._cap:
                raise self._too_dear(wanted)
        # A fifth more than estimated: what the call costs may change before it is mined. Unused gas is not paid.
        return Quote(gas=gas + gas // 5, fee_per_gas=wanted, tip_per_gas=tip)

    def sign(self, call: Call, *, nonce: int, quote: Quote) -> SignedTransaction:
        return self._key.sign(call, chain=self._chain.id, nonce=nonce, quote=quote)

    def broadcast(self, transaction: SignedTransaction) -> None:
        self._chain.send(transaction)

    def _too_dear(self, price: int) -> OperatorError:
        return OperatorError(
            f"gas on {self._chain.id} is dearer than the cap",
            expected=f"at most {self._cap} wei a unit",
            actual=f"{price} wei",
            hint="Wait until it is cheaper, or raise the cap.",
        )


def _raised(fee: int) -> int:
    """An eighth more, rounded up: geth asks for a tenth of both fees, others for an eighth."""
    return fee + -(-fee // 8)
