"""The real parts answer, and the network is closed to whoever does not say that it needs one."""

import json
import socket
import urllib.request

import pytest

from tests.offline import NetworkBlockedError
from tests.parts import EvmNode, KuboNode


def ask(node: EvmNode, method: str, *params: object) -> str:
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(node.url, json.dumps(question).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        answer: str = json.load(reply)["result"]
    return answer


@pytest.mark.node
@pytest.mark.parametrize("name", ["anvil", "geth"])
def test_an_evm_node_is_on_its_chain_and_its_key_holds_coins(name: str, request: pytest.FixtureRequest) -> None:
    from eth_account import Account

    node: EvmNode = request.getfixturevalue(name)
    assert f"eip155:{int(ask(node, 'eth_chainId'), 16)}" == node.chain
    address = Account.from_key(node.funded_key).address
    assert int(ask(node, "eth_getBalance", address, "latest"), 16) > 10**20


@pytest.mark.node
def test_kubo_serves_its_api_and_its_gateway_and_knows_nobody(kubo: KuboNode) -> None:
    request = urllib.request.Request(f"{kubo.api}/api/v0/swarm/peers", method="POST")
    with urllib.request.urlopen(request, timeout=5) as reply:
        assert not json.load(reply)["Peers"]
    empty_directory = "bafyaabakaieac"
    with urllib.request.urlopen(f"{kubo.gateway}/ipfs/{empty_directory}", timeout=5) as reply:
        assert reply.status == 200


def test_the_network_is_blocked() -> None:
    with pytest.raises(NetworkBlockedError, match="without a network"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(NetworkBlockedError, match="without a network"):
        socket.getaddrinfo("example.org", 443)


def test_the_loopback_network_is_blocked_unless_the_test_says_so() -> None:
    with pytest.raises(NetworkBlockedError, match="mark it `node`"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


@pytest.mark.loopback
def test_a_marked_test_may_use_the_loopback_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_unix_sockets_stay_open() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.sendall(b"here")
        assert far.recv(4) == b"here"
