"""The nonce ledger at work: every transaction is signed, stored, and only then broadcast.

Whatever a crash leaves stored is sent again, byte for byte: a re-broadcast is
never a new transaction, and no nonce stays empty below one that is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from notary.ports import Call, Quote, SignedTransaction, Wallet
from notary.ports.ledger import AttemptRow, Ledger, ManifestNumber, UnitOfWork

Also = Callable[[UnitOfWork, AttemptRow], bool]
"""What is written together with an attempt; False where there is nothing to send any more."""


@dataclass(frozen=True, slots=True)
class Purse:
    """A wallet on one chain with the ledger that counts its nonces."""

    ledger: Ledger
    wallet: Wallet
    chain: str

    def next_nonce(self) -> int:
        """The first nonce that is free on chain and in the ledger."""
        with self.ledger.read() as work:
            known = work.attempts.next_nonce(self.chain, self.wallet.address)
        return max(self.wallet.next_nonce(), known)

    def store_next(
        self, call: Call, *, now: datetime, manifest: ManifestNumber | None = None, also: Also = lambda *_: True
    ) -> AttemptRow | None:
        """Sign a call with the next free nonce and store it, unsent; None where `also` declines.

        Signing may take long, so it is done outside the unit of work: of several
        workers the first to store a nonce has it, and the others sign again.
        """
        quote = self.wallet.quote(call)
        while True:
            nonce = self.next_nonce()
            row = self._signed(call, nonce, quote, now, manifest)
            with self.ledger.begin() as work:
                if work.attempts.next_nonce(self.chain, self.wallet.address) > nonce:
                    continue  # taken while this one was signed, which nobody will ever see
                if not also(work, row):
                    return None
                work.attempts.add(row)
            return row

    def store_replacement(
        self, call: Call, stuck: AttemptRow, *, now: datetime, also: Also = lambda *_: True
    ) -> AttemptRow:
        """Sign a call again at a stuck one's nonce for more, and store it; the stuck one where it offers enough."""
        quote = self.wallet.quote(call, replacing=offered(stuck))
        if quote == offered(stuck):
            return stuck
        row = self._signed(call, stuck.nonce, quote, now, stuck.manifest)
        with self.ledger.begin() as work:
            since = work.attempts.since(self.chain, stuck.sender, stuck.nonce)
            newest = [each for each in since if each.nonce == stuck.nonce][-1]
            if newest != stuck or not also(work, row):
                return newest  # another worker replaced it
            work.attempts.add(row)
        return row

    def send(self, row: AttemptRow) -> None:
        """Broadcast a stored attempt, and before it whatever was stored and never sent at an earlier nonce."""
        unseen = self.wallet.next_nonce()
        with self.ledger.read() as work:
            stored = work.attempts.since(self.chain, self.wallet.address, unseen)
        for earlier in {each.nonce: each for each in stored if each.nonce < row.nonce}.values():
            self.wallet.broadcast(transaction(earlier))
        self.wallet.broadcast(transaction(row))

    def _signed(
        self, call: Call, nonce: int, quote: Quote, now: datetime, manifest: ManifestNumber | None
    ) -> AttemptRow:
        signed = self.wallet.sign(call, nonce=nonce, quote=quote)
        return AttemptRow(
            tx_hash=signed.hash,
            chain=self.chain,
            sender=self.wallet.address,
            nonce=nonce,
            raw=signed.raw,
            gas=quote.gas,
            fee_per_gas=quote.fee_per_gas,
            tip_per_gas=quote.tip_per_gas,
            sent=now,
            manifest=manifest,
        )


def offered(row: AttemptRow) -> Quote:
    """Return what an attempt offers."""
    return Quote(row.gas, row.fee_per_gas, row.tip_per_gas)


def transaction(row: AttemptRow) -> SignedTransaction:
    """Return an attempt as it is broadcast."""
    return SignedTransaction(row.tx_hash, row.raw, row.nonce, offered(row))
