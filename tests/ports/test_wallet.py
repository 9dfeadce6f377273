"""The port `Wallet`, the same for the embedded chain, anvil and geth."""

from dataclasses import replace
from typing import Any

import pytest

from anchoring.evm import EvmChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import Fees, KeyWallet
from notary.core.digest import sha256
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote, SignedTransaction
from tests.parts import EvmNode
from tests.ports.evm_lab import CONTRACTS, Lab, give_coins, included, lab, send
from tests.ports.fake_node import Hangs, running

__all__ = ["lab"]


def test_a_funded_account_holds_coins_and_pays_for_what_it_does(lab: Lab) -> None:
    """The balance falls by no more than was quoted, and the nonce counts what was sent."""
    balance, nonce = lab.notary.balance(), lab.notary.next_nonce()
    transaction = send(lab.notary, CONTRACTS.anchor(lab.anchor, sha256(b"paid")))
    included(lab.chain, transaction)
    assert 0 < balance - lab.notary.balance() <= transaction.quote.fee
    assert lab.notary.next_nonce() == nonce + 1 == transaction.nonce + 1


def test_a_quote_covers_the_call_without_waste(lab: Lab) -> None:
    """An anchor in steady state takes 31,400 units; the quote is enough, and a fifth more than the estimate."""
    lab.anchored(sha256(b"the first one pays for the slot"))
    quote = lab.notary.quote(CONTRACTS.anchor(lab.anchor, sha256(b"steady")))
    # geth in development mode runs the rules of a fork to come, where the same call takes 40,400.
    assert 31_400 < quote.gas < (50_000 if lab.chain.id == "eip155:1337" else 40_000)
    assert 0 < quote.tip_per_gas <= quote.fee_per_gas


def test_a_call_that_would_revert_is_not_quoted(lab: Lab) -> None:
    """The reason is the contract's own error."""
    with pytest.raises(OperatorError, match=r"NotARoot\(5\)"):
        lab.notary.quote(Call(lab.anchor, b"wrong"))


def test_a_price_above_the_cap_is_not_quoted(lab: Lab) -> None:
    """With a cap of one wei nothing is sent; the message says what it would cost."""
    capped = KeyWallet(lab.chain, EvmKey.generate(), cap=1)
    with pytest.raises(OperatorError, match=r"dearer than the cap.*at most 1 wei"):
        capped.quote(Call(Address(bytes(19) + b"\x77"), b""))


def test_the_same_arguments_give_the_same_bytes(lab: Lab) -> None:
    """A transaction signed again after a crash is the same transaction; any other argument gives another."""
    call, quote = CONTRACTS.anchor(lab.anchor, sha256(b"again")), Quote(50_000, 10**10, 10**9)
    first = lab.notary.sign(call, nonce=7, quote=quote)
    assert lab.notary.sign(call, nonce=7, quote=quote) == first
    others = [
        lab.notary.sign(call, nonce=8, quote=quote),
        lab.notary.sign(call, nonce=7, quote=replace(quote, fee_per_gas=10**11)),
        lab.stranger.sign(call, nonce=7, quote=quote),
    ]
    assert len({first.hash, *(other.hash for other in others)}) == 1 + len(others)


def test_signing_sends_nothing(lab: Lab) -> None:
    """Between signing and broadcasting lies the ledger."""
    nonce = lab.notary.next_nonce()
    transaction = lab.notary.sign(CONTRACTS.anchor(lab.anchor, sha256(b"unsent")), nonce=nonce, quote=Quote(1, 2, 1))
    assert lab.chain.inclusion(transaction.hash) is None
    assert lab.notary.next_nonce() == nonce


def test_broadcasting_twice_is_success_and_happens_once(lab: Lab) -> None:
    """Once in the pool and once more when it is mined: one transaction, one event."""
    root = sha256(b"twice")
    transaction = send(lab.notary, CONTRACTS.anchor(lab.anchor, root))
    lab.notary.broadcast(transaction)
    inclusion = included(lab.chain, transaction)
    lab.notary.broadcast(transaction)
    assert len(list(lab.chain.sightings(lab.anchor, since=inclusion.block_number, root=root))) == 1


def test_a_legacy_transaction_is_taken_too(lab: Lab) -> None:
    """A fee that is all tip is a gas price, as on chains before EIP-1559."""
    call = CONTRACTS.anchor(lab.anchor, sha256(b"legacy"))
    price = lab.notary.quote(call).fee_per_gas
    transaction = lab.notary.sign(call, nonce=lab.notary.next_nonce(), quote=Quote(60_000, price, price))
    assert transaction.raw[0] >= 0xC0
    lab.notary.broadcast(transaction)
    assert included(lab.chain, transaction).succeeded


def test_a_nonce_that_another_transaction_took_is_refused(lab: Lab) -> None:
    """Whoever shares a key between two notaries is told."""
    taken = send(lab.notary, CONTRACTS.anchor(lab.anchor, sha256(b"first come")))
    included(lab.chain, taken)
    late = lab.notary.sign(CONTRACTS.anchor(lab.anchor, sha256(b"late")), nonce=taken.nonce, quote=taken.quote)
    with pytest.raises(OperatorError, match="did not take transaction"):
        lab.notary.broadcast(late)
    assert lab.chain.inclusion(late.hash) is None


def test_an_account_without_coins_is_told_to_get_some(lab: Lab) -> None:
    """Nothing is sent by an account that cannot pay for it."""
    poor = KeyWallet(lab.chain, EvmKey.generate())
    transaction = poor.sign(Call(lab.stranger.address, b""), nonce=0, quote=Quote(21_000, 10**11, 10**9))
    with pytest.raises(OperatorError, match="did not take transaction"):
        poor.broadcast(transaction)
    assert poor.balance() == 0


@pytest.fixture(params=["anvil", "geth"])
def real(request: pytest.FixtureRequest) -> EvmNode:
    """Each real node in turn."""
    node: EvmNode = request.getfixturevalue(request.param)
    return node


@pytest.mark.node
def test_a_broadcast_that_failed_can_be_repeated(real: EvmNode) -> None:
    """The connection ends before the node has the bytes: an error, nothing on chain; then the same bytes are taken."""
    chain, key, transaction = _ready(real)
    with running(upstream=real.url) as between:

        def lose(*_: Any) -> Any:
            raise Hangs

        between.answers["eth_sendRawTransaction"] = lose
        wallet = KeyWallet(EvmChain(between.url), key)
        with pytest.raises(OperatorError, match="cannot be reached"):
            wallet.broadcast(transaction)
        assert wallet.next_nonce() == transaction.nonce
        del between.answers["eth_sendRawTransaction"]
        wallet.broadcast(transaction)
    assert included(chain, transaction).succeeded


@pytest.mark.node
@pytest.mark.parametrize("mined", [False, True], ids=["in the pool", "mined"])
def test_a_broadcast_that_failed_but_happened_is_success(real: EvmNode, mined: bool) -> None:
    """The node took the bytes and its answer was lost: the hash is looked up, nothing is sent in its stead."""
    chain, key, transaction = _ready(real)
    with running(upstream=real.url) as between:

        def lose_the_answer(*parameters: Any) -> Any:
            between.ask("eth_sendRawTransaction", *parameters)
            if mined:
                included(chain, transaction)
            raise Hangs

        between.answers["eth_sendRawTransaction"] = lose_the_answer
        KeyWallet(EvmChain(between.url), key).broadcast(transaction)
        assert between.asked.count("eth_sendRawTransaction") == 1
    assert included(chain, transaction).succeeded


@pytest.mark.node
def test_a_higher_fee_replaces_what_waits_in_the_pool(real: EvmNode) -> None:
    """A fee bump signs the same nonce again; exactly one of the two is mined."""
    chain, key, first = _ready(real)
    wallet, quote = KeyWallet(chain, key), first.quote
    bumped = replace(quote, fee_per_gas=quote.fee_per_gas * 2, tip_per_gas=quote.tip_per_gas * 2)
    second = wallet.sign(_TRANSFER, nonce=first.nonce, quote=bumped)
    wallet.broadcast(first)
    try:
        wallet.broadcast(second)
    except OperatorError:
        assert included(chain, first).succeeded  # a block came in between
    else:
        assert included(chain, second).succeeded
        assert chain.inclusion(first.hash) is None


_TRANSFER = Call(Address(bytes(19) + b"\x77"), b"")


def _ready(real: EvmNode) -> tuple[EvmChain, EvmKey, SignedTransaction]:
    """A chain, a new key with coins on it, and its first transaction, signed."""
    chain, key = EvmChain(real.url), EvmKey.generate()
    give_coins(chain, EvmKey.of(bytes.fromhex(real.funded_key[2:])), [key.address])
    transaction = KeyWallet(chain, key).sign(_TRANSFER, nonce=0, quote=Quote(21_000, 10**11, 10**9))
    return chain, key, transaction


class _Priced:
    """A chain that only has a price."""

    id = "eip155:5"

    def __init__(self, fees: Fees) -> None:
        self._fees = fees

    def balance(self, account: Address) -> int:
        raise NotImplementedError

    def nonce(self, account: Address) -> int:
        raise NotImplementedError

    def final_nonce(self, account: Address) -> int:
        raise NotImplementedError

    def gas(self, sender: Address, call: Call) -> int:
        return 100 if sender and call.to is None else 0

    def fees(self) -> Fees:
        return self._fees

    def send(self, transaction: SignedTransaction) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    "fees, cap, fee, tip",
    [
        (Fees(base=10, tip=3), None, 23, 3),
        (Fees(base=10, tip=3), 23, 23, 3),
        (Fees(base=10, tip=3), 13, 13, 3),
        (Fees(base=0, tip=7), None, 7, 7),
        (Fees(base=0, tip=0), None, 0, 0),
    ],
)
def test_the_fee_leaves_room_for_a_rising_base_fee_up_to_the_cap(
    fees: Fees, cap: int | None, fee: int, tip: int
) -> None:
    """Twice the base fee and the tip, or the cap where that is enough for the next block; a price stays a price."""
    quote = KeyWallet(_Priced(fees), EvmKey.generate(), cap=cap).quote(Call(None, b""))
    assert quote == Quote(gas=120, fee_per_gas=fee, tip_per_gas=tip)


def test_a_cap_below_the_next_block_s_price_is_said() -> None:
    """Waiting or raising the cap are the two ways out."""
    with pytest.raises(OperatorError, match="Wait until it is cheaper"):
        KeyWallet(_Priced(Fees(base=10, tip=3)), EvmKey.generate(), cap=12).quote(Call(None, b""))


@pytest.mark.parametrize(
    "fees, cap, replaced, by",
    [
        (Fees(base=10, tip=3), None, Quote(120, 23, 3), Quote(120, 23, 3)),
        (Fees(base=10, tip=3), None, Quote(120, 22, 3), Quote(120, 25, 4)),
        (Fees(base=10, tip=4), None, Quote(120, 80, 3), Quote(120, 90, 4)),
        (Fees(base=100, tip=30), None, Quote(120, 80, 8), Quote(120, 230, 30)),
        (Fees(base=100, tip=30), 130, Quote(120, 80, 8), Quote(120, 130, 30)),
        (Fees(base=0, tip=9), None, Quote(120, 8, 8), Quote(120, 9, 9)),
    ],
)
def test_a_replacement_offers_an_eighth_more_of_both_fees(
    fees: Fees, cap: int | None, replaced: Quote, by: Quote
) -> None:
    """Or all that the next blocks ask, if that is more; where fees have not risen, nothing is replaced."""
    wallet = KeyWallet(_Priced(fees), EvmKey.generate(), cap=cap)
    assert wallet.quote(Call(None, b""), replacing=replaced) == by


def test_a_replacement_is_never_above_the_cap() -> None:
    """An eighth more would be: the transaction stays as it is."""
    wallet = KeyWallet(_Priced(Fees(base=80, tip=10)), EvmKey.generate(), cap=100)
    with pytest.raises(OperatorError, match="at most 100 wei a unit, found 102 wei"):
        wallet.quote(Call(None, b""), replacing=Quote(120, 90, 8))


def test_nonces_become_final(lab: Lab) -> None:
    """Never more than were sent."""
    assert lab.notary.final_nonce() <= lab.notary.next_nonce()
    assert KeyWallet(lab.chain, EvmKey.generate()).final_nonce() == 0
