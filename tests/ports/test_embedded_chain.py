"""What only the embedded chain promises: it lies in a folder, survives a kill, and is shared by processes."""

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from anchoring.embedded_chain import FILE, EmbeddedChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from notary.core.digest import sha256
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote
from tests.ports.evm_lab import CONTRACTS, STATE, send

PROCESSES, EACH = 3, 12
_START = multiprocessing.get_context("spawn")


def test_a_chain_is_drawn_once_and_resumed(tmp_path: Path) -> None:
    """The second opening finds the same chain, blocks and balances."""
    first = EmbeddedChain(tmp_path)
    account = EvmKey.generate().address
    first.fund(account, 5)
    block = first.block(1)
    first.close()
    again = EmbeddedChain(tmp_path)
    assert again.id == first.id
    assert (again.latest(), again.block(1), again.balance(account)) == (1, block, 5)


def test_two_chains_share_neither_id_nor_coins(tmp_path: Path) -> None:
    """Nobody's transaction is valid on somebody else's embedded chain."""
    one, other = EmbeddedChain(tmp_path / "one"), EmbeddedChain(tmp_path / "other")
    assert one.id != other.id
    key = EvmKey.generate()
    for chain in (one, other):
        chain.fund(key.address)
    call = Call(Address(bytes(19) + b"\x77"), b"")
    for quote in (Quote(21_000, 10**11, 10**9), Quote(21_000, 10**11, 10**11)):
        transaction = KeyWallet(one, key).sign(call, nonce=one.nonce(key.address), quote=quote)
        one.send(transaction)
        with pytest.raises(OperatorError, match="signed for the chain"):
            other.send(transaction)


def test_coins_are_given_up_to_an_amount(tmp_path: Path) -> None:
    """Asking twice gives once."""
    chain, account = EmbeddedChain(tmp_path), EvmKey.generate().address
    chain.fund(account, 7)
    chain.fund(account, 7)
    assert (chain.balance(account), chain.latest()) == (7, 1)
    chain.fund(account, 9)
    assert chain.balance(account) == 9


def test_only_the_owner_may_read_the_faucet_s_key(tmp_path: Path) -> None:
    """The file and what SQLite keeps beside it."""
    chain = EmbeddedChain(tmp_path)
    chain.fund(EvmKey.generate().address)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(rights.values()) == {0o600}, rights


def test_block_time_is_the_clock_s_and_rises(tmp_path: Path) -> None:
    """Validity at block time means something: blocks mined after a pause say so."""
    chain = EmbeddedChain(tmp_path)
    before = int(time.time())
    for amount in (1, 2, 3):
        chain.fund(Address(bytes(19) + b"\x77"), amount)
    times = [block.time for number in range(1, 4) if (block := chain.block(number))]
    assert before <= times[0] < times[1] < times[2] <= time.time() + 3


def test_opening_it_leaves_python_s_recursion_limit_alone() -> None:
    """With the limit that py-evm and web3 set, deeply nested JSON ends the process."""
    program = "import sys; before = sys.getrecursionlimit(); import anchoring.embedded_chain, anchoring.evm; "
    subprocess.run([sys.executable, "-c", program + "assert sys.getrecursionlimit() == before"], check=True)


def test_a_rejected_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    """The next transaction of the same account is mined as if the bad one had never been."""
    chain, key = EmbeddedChain(tmp_path), EvmKey.generate()
    chain.fund(key.address)
    wallet = KeyWallet(chain, key)
    call = Call(Address(bytes(19) + b"\x77"), b"")
    ahead = wallet.sign(call, nonce=5, quote=wallet.quote(call))
    with pytest.raises(OperatorError, match="did not take transaction"):
        wallet.broadcast(ahead)
    assert (chain.latest(), wallet.next_nonce()) == (1, 0)
    assert chain.inclusion(send(wallet, call).hash) is not None


def test_bytes_that_are_no_transaction_are_refused(tmp_path: Path) -> None:
    """An `OperatorError`, whatever py-evm makes of them."""
    chain, key = EmbeddedChain(tmp_path), EvmKey.generate()
    signed = key.sign(Call(None, b""), chain=chain.id, nonce=0, quote=Quote(60_000, 2, 1))
    for raw in (b"", b"\x02", b"\xc0", b"\x7f" + signed.raw, signed.raw[:-1]):
        with pytest.raises(OperatorError, match="did not take transaction"):
            chain.send(type(signed)(sha256(raw), raw, 0, signed.quote))


def test_a_file_that_is_no_chain_is_reported(tmp_path: Path) -> None:
    """The message names the file."""
    (tmp_path / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(OperatorError, match=FILE):
        EmbeddedChain(tmp_path)


def test_a_write_that_failed_can_be_repeated(tmp_path: Path) -> None:
    """While another process holds the chain nothing happens; then the same bytes are taken."""
    chain, key = EmbeddedChain(tmp_path, patience=0.05), EvmKey.generate()
    chain.fund(key.address)
    wallet = KeyWallet(chain, key)
    call = Call(Address(bytes(19) + b"\x77"), b"")
    transaction = wallet.sign(call, nonce=0, quote=wallet.quote(call))
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperatorError, match="another process"):
        wallet.broadcast(transaction)
    with pytest.raises(OperatorError, match="another process"):
        chain.fund(key.address, 10**19)
    other.execute("ROLLBACK")
    assert wallet.next_nonce() == 0
    wallet.broadcast(transaction)
    assert wallet.next_nonce() == 1


def _broadcast_and_die(folder: Path, secret: bytes, raw: bytes) -> None:
    chain, key = EmbeddedChain(folder), EvmKey.of(secret)
    quote = Quote(21_000, 10**11, 10**9)
    transaction = key.sign(Call(Address(bytes(19) + b"\x77"), b""), chain=chain.id, nonce=0, quote=quote)
    assert transaction.raw == raw
    chain.send(transaction)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_write_that_failed_but_happened_is_success(tmp_path: Path) -> None:
    """A process killed before it could say so: the same bytes again are no second transaction."""
    chain, secret = EmbeddedChain(tmp_path), bytes(31) + b"\x05"
    key = EvmKey.of(secret)
    chain.fund(key.address)
    call, quote = Call(Address(bytes(19) + b"\x77"), b""), Quote(21_000, 10**11, 10**9)
    transaction = key.sign(call, chain=chain.id, nonce=0, quote=quote)
    process = _START.Process(target=_broadcast_and_die, args=(tmp_path, secret, transaction.raw))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    chain.send(transaction)
    assert chain.inclusion(transaction.hash) is not None
    assert (chain.nonce(key.address), chain.latest()) == (1, 2)


def _anchor_often(folder: Path, contract: Address, secret: bytes, acknowledged: Path, count: int) -> None:
    chain = EmbeddedChain(folder)
    wallet = KeyWallet(chain, EvmKey.of(secret))
    quote = Quote(60_000, 10**11, 10**9)
    with acknowledged.open("a") as file:
        for at in range(count):
            root = sha256(secret + at.to_bytes(4))
            call = CONTRACTS.anchor(contract, root)
            wallet.broadcast(wallet.sign(call, nonce=wallet.next_nonce(), quote=quote))
            file.write(root.hex() + "\n")
            file.flush()


def test_processes_share_the_chain(tmp_path: Path) -> None:
    """Each process's anchors are all there, once, and every block proves itself."""
    chain, contract, secrets = _founded(tmp_path, PROCESSES)
    crew = [
        _START.Process(target=_anchor_often, args=(tmp_path, contract, secret, tmp_path / f"{at}.log", EACH))
        for at, secret in enumerate(secrets)
    ]
    for process in crew:
        process.start()
    for process in crew:
        process.join(60)
        assert process.exitcode == 0
    found = [sighting.root for sighting in chain.sightings(contract)]
    assert sorted(found) == sorted(sha256(secret + at.to_bytes(4)) for secret in secrets for at in range(EACH))
    assert all(chain.block(number) is not None for number in range(chain.latest() + 1))


def test_threads_share_the_chain(tmp_path: Path) -> None:
    """One object may be used by several threads at once."""
    chain, contract, secrets = _founded(tmp_path, 3)
    quote = Quote(60_000, 10**11, 10**9)

    def work(secret: bytes) -> None:
        wallet = KeyWallet(chain, EvmKey.of(secret))
        for at in range(5):
            call = CONTRACTS.anchor(contract, sha256(secret + bytes([at])))
            wallet.broadcast(wallet.sign(call, nonce=wallet.next_nonce(), quote=quote))

    crew = [threading.Thread(target=work, args=(secret,)) for secret in secrets]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(30)
    assert len(list(chain.sightings(contract))) == 15


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """A process killed at any moment leaves a whole chain that goes on."""
    chain, contract, secrets = _founded(tmp_path, 1)
    log = tmp_path / "acknowledged.log"
    for wait in (0.02, 0.07, 0.11):
        written = log.read_text().count("\n") if log.exists() else 0
        process = _START.Process(target=_anchor_often, args=(tmp_path, contract, secrets[0], log, 10_000))
        process.start()
        while not log.exists() or log.read_text().count("\n") <= written:
            time.sleep(0.005)
        time.sleep(wait)
        process.kill()
        process.join()
    roots = {bytes.fromhex(line) for line in log.read_text().splitlines() if len(line) == 64}
    assert roots <= {bytes(sighting.root) for sighting in chain.sightings(contract)}
    resumed = EmbeddedChain(tmp_path)
    resumed.fund(Address(bytes(19) + b"\x77"))
    assert all(resumed.block(number) is not None for number in range(resumed.latest() + 1))


def _founded(folder: Path, accounts: int) -> tuple[EmbeddedChain, Address, list[bytes]]:
    """A chain with an anchor contract, and secrets of accounts that hold coins."""
    chain, founder = EmbeddedChain(folder), EvmKey.generate()
    secrets = [bytes(31) + bytes([7 + at]) for at in range(accounts)]
    for address in (founder.address, *(EvmKey.of(secret).address for secret in secrets)):
        chain.fund(address)
    founded = send(KeyWallet(chain, founder), CONTRACTS.found([founder.address], threshold=1, state=STATE))
    inclusion = chain.inclusion(founded.hash)
    assert inclusion is not None
    assert inclusion.created is not None
    return chain, CONTRACTS.consortium(chain, inclusion.created).anchor, secrets
