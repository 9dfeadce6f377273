"""Nodes that lie, fail or answer nonsense: an `OperatorError` each time, and nothing false leaves the port."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from anchoring.blocks import encode_header, encode_tx_receipt
from anchoring.evm import MOST_BLOCKS, EvmChain
from anchoring.evm_key import EvmKey
from anchoring.profiles import Profiles
from anchoring.wallet import KeyWallet
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.evm import Address, keccak256, tx_receipts_trie
from notary.core.evm.anchored import TOPIC
from notary.ports import Call, Quote, SignedTransaction
from tests.parts import EvmNode
from tests.ports.evm_lab import CONTRACTS, give_coins, included, send
from tests.ports.fake_node import Hangs, RawReply, Says, running

pytestmark = pytest.mark.loopback

CONTRACT = Address(bytes(range(20)))
NOTARY = Address(b"\x09" * 20)
ROOT = sha256(b"root")
NUMBER = 21


def h(value: int, size: int = 32) -> str:
    return to_hex(value.to_bytes(size))


def log(at: int, *, root: Digest = ROOT, contract: Address = CONTRACT, number: int = NUMBER) -> dict[str, Any]:
    return {
        "address": to_hex(contract),
        "topics": [to_hex(TOPIC), to_hex(root), to_hex(bytes(12) + NOTARY)],
        "data": to_hex(sha256(b"head") + sha256(b"registry")),
        "blockHash": h(number),
        "blockNumber": hex(number),
        "transactionHash": h(100 + at),
        "transactionIndex": hex(at),
        "logIndex": hex(at),
        "removed": False,
    }


def tx_receipt(at: int) -> dict[str, Any]:
    return {
        "transactionHash": h(100 + at),
        "blockHash": h(NUMBER),
        "blockNumber": hex(NUMBER),
        "type": hex(at % 5),
        "status": "0x1",
        "cumulativeGasUsed": hex(21_000 * (at + 1)),
        "logsBloom": "0x" + "00" * 256,
        "logs": [log(at)],
        "contractAddress": None,
    }


def block(count: int = 7, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block made up for these tests, whose hash commits its header and its header its receipts."""
    receipts = [tx_receipt(at) for at in range(count)]
    fields: dict[str, Any] = {
        "parentHash": h(1),
        "sha3Uncles": h(2),
        "miner": h(3, 20),
        "stateRoot": h(4),
        "transactionsRoot": h(5),
        "receiptsRoot": to_hex(tx_receipts_trie([encode_tx_receipt(each) for each in receipts]).root),
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x0",
        "number": hex(NUMBER),
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "timestamp": "0x6553f100",
        "extraData": "0x64",
        "mixHash": h(6),
        "nonce": "0x0000000000000000",
        "baseFeePerGas": "0x7",
        "withdrawalsRoot": h(7),
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
        "parentBeaconBlockRoot": h(8),
        "requestsHash": h(9),
        "transactions": [each["transactionHash"] for each in receipts],
        **changes,
    }
    fields["hash"] = to_hex(keccak256(encode_header(fields)))
    return fields, receipts


def answers(fields: dict[str, Any], receipts: list[dict[str, Any]]) -> dict[str, Callable[..., Any]]:
    return {
        "eth_chainId": lambda: "0x1",
        "eth_getBlockByNumber": lambda *_: fields,
        "eth_getBlockReceipts": lambda _: receipts,
        "eth_getTransactionReceipt": lambda tx_hash: next(r for r in receipts if r["transactionHash"] == tx_hash),
    }


def test_an_honest_block_passes() -> None:
    """The block these tests falsify is a good one."""
    fields, receipts = block()
    with running(answers(fields, receipts)) as node:
        found = EvmChain(node.url).block(NUMBER)
    assert found is not None
    assert to_hex(found.hash) == fields["hash"]
    assert len(found.tx_receipts) == len(receipts)
    assert found.time == int(fields["timestamp"], 16)


@pytest.mark.parametrize("name", sorted(block()[0].keys() - {"hash", "transactions", "number"}))
def test_no_header_field_can_be_altered(name: str) -> None:
    """Every field of the header is under the block's hash."""
    fields, receipts = block()
    altered = fields[name][:-1] + ("1" if fields[name][-1] == "0" else "0")
    with (
        running(answers({**fields, name: altered}, receipts)) as node,
        pytest.raises(OperatorError, match="contradicts itself about block 21"),
    ):
        EvmChain(node.url).block(NUMBER)


RECEIPT_LIES: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "a status turned": lambda receipts: receipts[3].update(status="0x0"),
    "another type": lambda receipts: receipts[3].update(type="0x2"),
    "gas": lambda receipts: receipts[3].update(cumulativeGasUsed="0x1"),
    "another root in an event": lambda receipts: receipts[3]["logs"][0]["topics"].__setitem__(1, h(5)),
    "another contract": lambda receipts: receipts[3]["logs"][0].update(address=h(5, 20)),
    "an event more": lambda receipts: receipts[3]["logs"].append(log(9)),
    "an event less": lambda receipts: receipts[3]["logs"].clear(),
    "a receipt less": lambda receipts: receipts.pop(),
    "a receipt twice": lambda receipts: receipts.append(receipts[-1]),
    "two in another order": lambda receipts: receipts.reverse(),
    "none at all": lambda receipts: receipts.clear(),
}


@pytest.mark.parametrize("lie", RECEIPT_LIES)
def test_no_transaction_receipt_can_be_altered(lie: str) -> None:
    """Every receipt and their order are under the header's receiptsRoot."""
    fields, receipts = block()
    RECEIPT_LIES[lie](receipts)
    with running(answers(fields, receipts)) as node, pytest.raises(OperatorError, match="receiptsRoot"):
        EvmChain(node.url).block(NUMBER)


def test_raw_bytes_are_checked_as_well() -> None:
    """What debug_getRawHeader and debug_getRawReceipts return is believed no more than JSON."""
    fields, receipts = block()
    raw = [to_hex(encode_tx_receipt(each)) for each in receipts]
    header = to_hex(encode_header(fields))
    true: dict[str, Callable[..., Any]] = {
        "eth_getBlockByNumber": lambda *_: fields,
        "debug_getRawHeader": lambda _: header,
        "debug_getRawReceipts": lambda _: raw,
    }
    with running(true) as node:
        chain = EvmChain(node.url)
        assert chain.block(NUMBER) is not None
        node.answers["debug_getRawReceipts"] = lambda _: raw[::-1]
        with pytest.raises(OperatorError, match="receiptsRoot"):
            chain.block(NUMBER)
        node.answers["debug_getRawHeader"] = lambda _: to_hex(encode_header({**fields, "gasUsed": "0x1"}))
        with pytest.raises(OperatorError, match="contradicts itself"):
            chain.block(NUMBER)
        assert not {"eth_getBlockReceipts", "eth_getTransactionReceipt"} & set(node.asked)


def test_another_block_than_asked_for_is_refused() -> None:
    """A well-formed block of another number is no answer."""
    with running(answers(*block())) as node, pytest.raises(OperatorError, match="number: expected 0x16"):
        EvmChain(node.url).block(NUMBER + 1)


def test_a_node_without_block_receipts_is_asked_one_by_one() -> None:
    """Old nodes answer for single transactions only; what they lack is not asked for twice."""
    fields, receipts = block()
    with running(answers(fields, receipts)) as node:
        del node.answers["eth_getBlockReceipts"]
        chain = EvmChain(node.url)
        first = chain.block(NUMBER)
        assert first is not None
        assert first == chain.block(NUMBER)
        assert node.asked.count("eth_getBlockReceipts") == node.asked.count("debug_getRawHeader") == 1
        assert node.asked.count("eth_getTransactionReceipt") == 2 * len(receipts)


def test_an_empty_block_needs_no_receipts() -> None:
    """The root of no receipts is checked like any other."""
    fields, receipts = block(0)
    with running(answers(fields, receipts)) as node:
        found = EvmChain(node.url).block(NUMBER)
        assert found is not None
        assert found.tx_receipts == ()
        assert "eth_getBlockReceipts" not in node.asked


def test_a_transaction_type_of_another_chain_is_named() -> None:
    """Receipts of a type unknown here are not guessed; the message says what would help."""
    fields, receipts = block()
    receipts[2]["type"] = "0x55"
    with (
        running(answers(fields, receipts)) as node,
        pytest.raises(OperatorError, match=r"type 0x55.*debug_getRawReceipts"),
    ):
        EvmChain(node.url).block(NUMBER)


LATER: dict[str, dict[str, Any]] = {
    "before London": dict.fromkeys(
        ("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash")
    ),
    "one fork left out": {"withdrawalsRoot": None},
    "Amsterdam": {"blockAccessListHash": h(10), "slotNumber": "0x99"},
}


@pytest.mark.parametrize("fork", LATER)
def test_headers_of_other_forks_are_rebuilt(fork: str) -> None:
    """Fields that are absent at the end are left out, those in between are empty."""
    with running(answers(*block(**LATER[fork]))) as node:
        assert EvmChain(node.url).block(NUMBER) is not None


@pytest.mark.node
def test_rebuilt_bytes_equal_what_geth_offers(geth: EvmNode) -> None:
    """Header and receipts from JSON, whichever way they are had, are byte for byte those that geth keeps."""

    def not_offered(*_: Any) -> Any:
        raise Says("the method does not exist", code=-32601)

    chain, rich = EvmChain(geth.url), EvmKey.of(bytes.fromhex(geth.funded_key[2:]))
    give_coins(chain, rich, [Address(sha256(bytes([at]))[:20]) for at in range(3)])
    deployed = included(chain, send(KeyWallet(chain, rich), CONTRACTS.found([rich.address], threshold=1, state=ROOT)))
    hidden = ["debug_getRawHeader", "debug_getRawReceipts", "eth_getBlockReceipts"]
    numbers = {0, deployed.block_number - 1, deployed.block_number}
    kept = [chain.block(number) for number in numbers]
    assert any(block is not None and block.tx_receipts for block in kept)
    for count in range(1, 1 + len(hidden)):
        with running(dict.fromkeys(hidden[:count], not_offered), upstream=geth.url) as node:
            rebuilding = EvmChain(node.url)
            assert [rebuilding.block(number) for number in numbers] == kept


def test_optimism_deposits_are_encoded_with_their_nonce_since_canyon() -> None:
    """Type 0x7e carries deposit nonce and version; before Canyon, when the root did not hold them, neither."""
    fields = {**tx_receipt(0), "type": "0x7e", "cumulativeGasUsed": "0xb741", "logs": [], "depositNonce": "0x3d3bbf"}
    start = bytes.fromhex("0182b741b90100") + bytes(256)
    canyon = encode_tx_receipt({**fields, "depositReceiptVersion": "0x1"})
    assert canyon == bytes.fromhex("7ef9010d") + start + bytes.fromhex("c0833d3bbf01")
    assert encode_tx_receipt(fields) == bytes.fromhex("7ef90108") + start + b"\xc0"


# Finality


@pytest.mark.parametrize("message", ["finalized block not found", "Unknown block"])
def test_nothing_is_final_on_a_young_chain(message: str) -> None:
    """Clients say so with an error or with null."""

    def say(*_: Any) -> Any:
        raise Says(message)

    with running({"eth_chainId": lambda: "0x1", "eth_getBlockByNumber": say}) as node:
        assert EvmChain(node.url).finalized() == -1
        node.answers["eth_getBlockByNumber"] = lambda *_: None
        assert EvmChain(node.url).finalized() == -1


def test_a_chain_without_finality_asks_for_a_depth(tmp_path: Any) -> None:
    """The message names the setting; with it, finality is so many blocks behind the newest."""

    def say(*_: Any) -> Any:
        raise Says("invalid argument 0: hex string without 0x prefix", code=-32602)

    with running(
        {"eth_chainId": lambda: "0x2a", "eth_getBlockByNumber": say, "eth_blockNumber": lambda: "0x14"}
    ) as node:
        with pytest.raises(OperatorError, match="depth:N"):
            EvmChain(node.url).finalized()
        settings = tmp_path / "chains.toml"
        for depth, final in ((12, 8), (0, 20), (30, -1)):
            settings.write_text(f'["eip155:42"]\nfinality = "depth:{depth}"\n')
            assert EvmChain(node.url, profiles=Profiles.load(settings)).finalized() == final


# Events


def test_events_are_asked_for_in_ranges_that_the_node_can_answer() -> None:
    """A range with too much in it is halved until it fits; every event comes once, in order."""
    events = {number: log(0, number=number) for number in (3, 700, 701, 9_999, 10_000, 25_000)}
    spans: list[int] = []

    def get_logs(asked: dict[str, Any]) -> Any:
        start, end = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        spans.append(end - start + 1)
        if end - start >= 3_000:
            raise Says("query exceeds max results 20000, retry with the range 0-3000", code=-32602)
        return [event for number, event in events.items() if start <= number <= end]

    current = [0]
    served: dict[str, Callable[..., Any]] = {
        "eth_getLogs": get_logs,
        "eth_blockNumber": lambda: hex(25_000),
        "eth_getTransactionReceipt": lambda _: {"blockHash": h(current[0]), "logs": [{"logIndex": "0x0"}]},
    }
    with running(served) as node:
        found = []
        for event in events.values():
            current[0] = int(event["blockNumber"], 16)
            found += [s.block_number for s in EvmChain(node.url).sightings(CONTRACT, root=ROOT)]
    assert found == list(events)
    assert max(spans) == MOST_BLOCKS


def test_a_node_that_refuses_even_one_block_is_reported() -> None:
    """Halving ends."""

    def refuse(_: Any) -> Any:
        raise Says("too many results")

    with running({"eth_getLogs": refuse, "eth_blockNumber": lambda: hex(100_000)}) as node:
        with pytest.raises(OperatorError, match="refused eth_getLogs: found too many results"):
            list(EvmChain(node.url).sightings(CONTRACT))
        assert len(node.asked) < 20


EVENT_LIES = {
    "another root": (log(0, root=sha256(b"other")), "not asked for"),
    "another contract": (log(0, contract=Address(bytes(20))), "not asked for"),
    "another event": ({**log(0), "topics": [h(1)]}, "eth_getLogs"),
    "half an event": ({**log(0), "data": h(1)}, "eth_getLogs"),
    "no data": ({name: value for name, value in log(0).items() if name != "data"}, "eth_getLogs"),
    "not even an event": ("0x", "eth_getLogs"),
}


@pytest.mark.parametrize("lie", EVENT_LIES)
def test_events_that_were_not_asked_for_are_refused(lie: str) -> None:
    """A node cannot pass one event off as another."""
    event, words = EVENT_LIES[lie]
    served: dict[str, Callable[..., Any]] = {
        "eth_getLogs": lambda _: [event],
        "eth_blockNumber": lambda: hex(NUMBER),
        "eth_getTransactionReceipt": lambda _: tx_receipt(0),
    }
    with running(served) as node, pytest.raises(OperatorError, match=words):
        list(EvmChain(node.url).sightings(CONTRACT, root=ROOT, sender=NOTARY))


@pytest.mark.parametrize(
    "gone",
    [{"removed": True}, {"blockHash": None}, {"blockHash": h(NUMBER + 1)}],
    ids=["removed", "pending", "reorged"],
)
def test_events_that_a_reorganisation_took_away_are_not_reported(gone: dict[str, Any]) -> None:
    """A log whose transaction is elsewhere by now is no sighting."""
    served: dict[str, Callable[..., Any]] = {
        "eth_getLogs": lambda _: [{**log(0), **gone}],
        "eth_blockNumber": lambda: hex(NUMBER),
        "eth_getTransactionReceipt": lambda _: tx_receipt(0),
    }
    with running(served) as node:
        assert not list(EvmChain(node.url).sightings(CONTRACT))


# Transport


def asking_anything(url: str, *, timeout: float = 5) -> None:
    EvmChain(url, timeout=timeout).latest()


def test_a_node_that_is_not_there_is_named_without_its_key() -> None:
    """Host and port, and what to check; neither the key in the path nor the password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(OperatorError, match=f"127.0.0.1:{port} cannot be reached") as caught:
        asking_anything(f"http://user:pass-word@127.0.0.1:{port}/v3/se-cret?key=se-cret")
    error: BaseException | None = caught.value
    while error is not None:
        assert "se-cret" not in str(error)
        assert "pass-word" not in str(error)
        error = error.__cause__
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("status", [200, 400])
def test_a_node_that_quotes_the_key_back_does_not_show_it(status: int) -> None:
    """What could be a key is cut out of the node's own words."""

    def quote(*_: Any) -> Any:
        raise RawReply(b'{"id": 1, "error": {"message": "project se-cret is over its quota"}}', status)

    with running({"eth_blockNumber": quote}) as node, pytest.raises(OperatorError, match="project …") as caught:
        asking_anything(f"{node.url}/v3/se-cret")
    assert "se-cret" not in str(caught.value)


def test_not_even_a_debug_log_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """The libraries below write URLs at level DEBUG."""
    with caplog.at_level(logging.DEBUG), running({"eth_blockNumber": lambda: "0x1"}) as node:
        asking_anything(f"{node.url}/v3/se-cret")
    assert "se-cret" not in caplog.text


def test_a_node_that_stalls_is_given_up() -> None:
    """The message says how long was waited."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with pytest.raises(OperatorError, match=r"did not answer eth_blockNumber within 0.2 s"):
            asking_anything(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.2)


@pytest.mark.parametrize("url", ["", "localhost:8545", "ftp://node", "ws://node", "http://", "http://[", "http://a:b"])
def test_what_is_no_url_of_a_node_is_refused_at_once(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(OperatorError, match="URL of the chain's node"):
        EvmChain(url)


BODIES = {
    "nothing": b"",
    "a web page": b"<html>",
    "a list": b"[]",
    "no result": b'{"jsonrpc": "2.0", "id": 1}',
    "text": b'"ok"',
    "depth": b"[" * 100_000,
    "not UTF-8": b"\xff\xfe",
    "a number": b'{"jsonrpc": "2.0", "id": 1, "result": 7}',
    "no hex": b'{"jsonrpc": "2.0", "id": 1, "result": "0xzz"}',
    "empty hex": b'{"jsonrpc": "2.0", "id": 1, "result": "0x"}',
    "null": b'{"jsonrpc": "2.0", "id": 1, "result": null}',
    "an odd error": b'{"jsonrpc": "2.0", "id": 1, "error": "no"}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "ask",
    [
        EvmChain.latest,
        lambda chain: chain.id,
        lambda chain: chain.block(1),
        lambda chain: chain.inclusion(bytes(32)),
        lambda chain: chain.code(CONTRACT),
        EvmChain.fees,
        lambda chain: list(chain.sightings(CONTRACT)),
        lambda chain: chain.call(CONTRACT, b""),
    ],
    ids=["latest", "id", "block", "inclusion", "code", "fees", "sightings", "call"],
)
def test_nonsense_is_an_operator_error_or_nothing(body: str, ask: Callable[[EvmChain], Any]) -> None:
    """Whatever a server answers, callers see an `OperatorError` or that there is nothing, never another exception."""

    def nonsense(*_: Any) -> Any:
        raise RawReply(BODIES[body])

    methods = ("eth_blockNumber", "eth_chainId", "eth_getBlockByNumber", "eth_getTransactionReceipt", "eth_getCode")
    with running(dict.fromkeys((*methods, "eth_getLogs", "eth_call"), nonsense)) as node:
        try:
            found = ask(EvmChain(node.url))
        except OperatorError:
            found = None
        assert found in (None, b"")


@pytest.mark.parametrize("status, words", [(401, "key"), (403, "key"), (404, "404"), (429, "too many"), (503, "503")])
def test_an_http_error_says_what_to_do(status: int, words: str) -> None:
    """Status and advice, on one line."""

    def fail(*_: Any) -> Any:
        raise RawReply(b"nope", status)

    with running({"eth_blockNumber": fail}) as node, pytest.raises(OperatorError, match=words):
        asking_anything(node.url)


# Broadcast


def transaction() -> SignedTransaction:
    return SignedTransaction(bytes(range(32)), b"\x02raw", 3, Quote(21_000, 2, 1))


def refusing(message: str, *, known: bool) -> dict[str, Callable[..., Any]]:
    def refuse(_: Any) -> Any:
        raise Says(message)

    return {
        "eth_chainId": lambda: "0x1",
        "eth_sendRawTransaction": refuse,
        "eth_getTransactionByHash": lambda tx_hash: {"hash": tx_hash} if known else None,
    }


@pytest.mark.parametrize(
    "message", ["already known", "ALREADY_EXISTS: already known", "known transaction: 00", "nonce too low"]
)
def test_a_refusal_of_what_the_chain_has_is_success(message: str) -> None:
    """However the node words it, the hash is looked up."""
    with running(refusing(message, known=True)) as node:
        EvmChain(node.url).send(transaction())


def test_another_machine_behind_the_same_url_may_have_it() -> None:
    """Told "already known" and not finding it, the node's word is taken: it will be seen when it is mined."""
    with running(refusing("already known", known=False)) as node:
        EvmChain(node.url).send(transaction())


@pytest.mark.parametrize(
    "message, advice",
    [
        ("nonce too low: next nonce 5, tx nonce 3", "has this nonce"),
        ("insufficient funds for gas * price + value", "Send coins"),
        ("replacement transaction underpriced", "a tenth more"),
        ("something new", "something new"),
        ("address already reserved", "already reserved"),
    ],
)
def test_a_refusal_of_what_the_chain_has_not_says_what_to_do(message: str, advice: str) -> None:
    """In the node's own words, and ours."""
    with running(refusing(message, known=False)) as node, pytest.raises(OperatorError, match=advice):
        EvmChain(node.url).send(transaction())


def test_a_broadcast_lost_with_the_node_is_an_error() -> None:
    """Neither sent nor looked up: whoever called sends the same bytes again later."""

    def hang(*_: Any) -> Any:
        raise Hangs

    with (
        running({"eth_sendRawTransaction": hang, "eth_getTransactionByHash": hang}) as node,
        pytest.raises(OperatorError, match="cannot be reached"),
    ):
        EvmChain(node.url).send(transaction())


# Fees


def test_a_chain_before_eip_1559_has_a_gas_price() -> None:
    """All of it is tip, so that what is signed is a legacy transaction."""
    served: dict[str, Callable[..., Any]] = {"eth_getBlockByNumber": lambda *_: {}, "eth_gasPrice": lambda: "0x9"}
    with running(served) as node:
        fees = EvmChain(node.url).fees()
    assert (fees.base, fees.tip) == (0, 9)


@pytest.mark.parametrize("price, tip", [(12, 5), (3, 0)])
def test_a_node_that_suggests_no_tip_is_asked_for_a_price(price: int, tip: int) -> None:
    """What the price leaves above the base fee is the tip."""
    served: dict[str, Callable[..., Any]] = {
        "eth_getBlockByNumber": lambda *_: {"baseFeePerGas": "0x7"},
        "eth_gasPrice": lambda: hex(price),
    }
    with running(served) as node:
        fees = EvmChain(node.url).fees()
    assert (fees.base, fees.tip) == (7, tip)


REVERTS: dict[str, dict[str, Any]] = {
    "geth": {"message": "execution reverted", "data": "0x" + keccak256(b"EmptyState()")[:4].hex()},
    "an old Parity": {"message": "VM execution error.", "data": "Reverted 0x"},
    "nested": {"message": "revert", "data": {"data": "0x" + keccak256(b"EmptyState()")[:4].hex()}},
}


@pytest.mark.parametrize("node_kind", REVERTS)
def test_a_revert_is_explained_where_the_node_gives_its_bytes(node_kind: str) -> None:
    """Our contracts' errors by name, else the node's words."""
    said = REVERTS[node_kind]

    def revert(*_: Any) -> Any:
        raise Says(str(said["message"]), code=3, data=said["data"])

    with (
        running({"eth_estimateGas": revert}) as node,
        pytest.raises(OperatorError, match=r"EmptyState\(\)|VM execution error"),
    ):
        EvmChain(node.url).gas(NOTARY, Call(CONTRACT, b""))
