"""The chains every implementation of `Chain` and `Wallet` is tested on, each with a consortium founded on it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from anchoring.contracts import PublishedContracts
from anchoring.embedded_chain import EmbeddedChain
from anchoring.evm import EvmChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from notary.core.digest import Digest, sha256
from notary.core.evm import Address
from notary.ports import Call, Consortium, Inclusion, Quote, SignedTransaction
from tests.parts import EvmNode

COINS = 10**18
PATIENCE = 20.0
CONTRACTS = PublishedContracts()
STATE = sha256(b"the first registry state")


@dataclass(frozen=True)
class Lab:
    """A chain, the notary's wallet and a stranger's with coins, and a consortium of one that the notary founded."""

    chain: EmbeddedChain | EvmChain
    url: str | None
    notary: KeyWallet
    stranger: KeyWallet
    member: EvmKey
    registry: Address
    consortium: Consortium
    founded: Inclusion

    @property
    def anchor(self) -> Address:
        return self.consortium.anchor

    def anchored(self, root: Digest, *, bare: bool = False, wallet: KeyWallet | None = None) -> Inclusion:
        """Anchor a root and wait until it is in the chain."""
        call = CONTRACTS.anchor(self.anchor, root, bare=bare)
        return included(self.chain, send(wallet or self.notary, call))


def send(wallet: KeyWallet, call: Call, *, gas: int | None = None) -> SignedTransaction:
    """Quote, sign with the next nonce, broadcast; with `gas` given, nothing is estimated."""
    quote = wallet.quote(call) if gas is None else Quote(gas, 10**11, 10**9)
    transaction = wallet.sign(call, nonce=wallet.next_nonce(), quote=quote)
    wallet.broadcast(transaction)
    return transaction


def included(chain: EmbeddedChain | EvmChain, transaction: SignedTransaction) -> Inclusion:
    """Wait until a transaction is in the chain."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        inclusion = chain.inclusion(transaction.hash)
        if inclusion is not None:
            return inclusion
        time.sleep(0.02)
    raise AssertionError(f"transaction 0x{transaction.hash.hex()} is not mined after {PATIENCE} s")


def give_coins(chain: EvmChain, owner: EvmKey, accounts: list[Address]) -> None:
    """Send coins from the account that a development node gives them all."""
    first = chain.nonce(owner.address)
    quote = Quote(21_000, 10**11, 10**9)
    sent = [
        owner.sign(Call(account, b""), chain=chain.id, nonce=first + at, quote=quote, value=COINS)
        for at, account in enumerate(accounts)
    ]
    for transaction in sent:
        chain.send(transaction)
    for transaction in sent:
        included(chain, transaction)


def _lab(chain: EmbeddedChain | EvmChain, notary: EvmKey, stranger: EvmKey, url: str | None) -> Lab:
    wallet, member = KeyWallet(chain, notary), EvmKey.generate()
    founded = included(chain, send(wallet, CONTRACTS.found([member.address], threshold=1, state=STATE)))
    assert founded.created is not None
    consortium = CONTRACTS.consortium(chain, founded.created)
    return Lab(chain, url, wallet, KeyWallet(chain, stranger), member, founded.created, consortium, founded)


def lab_on(node: EvmNode) -> Lab:
    """A lab on a real node."""
    chain = EvmChain(node.url)
    notary, stranger = EvmKey.generate(), EvmKey.generate()
    give_coins(chain, EvmKey.of(bytes.fromhex(node.funded_key[2:])), [notary.address, stranger.address])
    return _lab(chain, notary, stranger, node.url)


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("anvil", marks=pytest.mark.node), pytest.param("geth", marks=pytest.mark.node)],
)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Each chain in turn."""
    if request.param != "embedded":
        yield lab_on(request.getfixturevalue(request.param))
        return
    chain = EmbeddedChain(tmp_path_factory.mktemp("embedded"))
    notary, stranger = EvmKey.generate(), EvmKey.generate()
    for key in (notary, stranger):
        chain.fund(key.address)
    yield _lab(chain, notary, stranger, None)
    chain.close()
