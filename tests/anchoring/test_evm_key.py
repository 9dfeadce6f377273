"""Keys of the chain: made, kept encrypted for the owner alone, and deterministic."""

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys.backends import get_backend
from eth_keys.backends.coincurve import CoinCurveECCBackend

from anchoring.evm_key import EvmKey
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote

LIGHT = 1 << 12
SECRET = bytes(31) + b"\x2a"
CALL = Call(Address(b"\x33" * 20), b"\x01\x02")


def test_a_key_comes_back_with_its_passphrase(tmp_path: Path) -> None:
    """Saved and loaded it is the same account; the file is encrypted and for the owner alone."""
    path, key = tmp_path / "wallet.json", EvmKey.generate()
    key.save(path, "correct horse", work=LIGHT)
    assert EvmKey.load(path, "correct horse").address == key.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["version"] == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["wallet.json"]


def test_another_passphrase_is_said_to_be_another(tmp_path: Path) -> None:
    """Neither the passphrase nor the key is in the message."""
    path = tmp_path / "wallet.json"
    EvmKey.of(SECRET).save(path, "correct horse", work=LIGHT)
    with pytest.raises(OperatorError, match="another passphrase") as caught:
        EvmKey.load(path, "battery staple")
    assert "staple" not in str(caught.value)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """Coins behind a key that is gone are gone."""
    path, key = tmp_path / "wallet.json", EvmKey.generate()
    key.save(path, "first", work=LIGHT)
    with pytest.raises(OperatorError, match="never overwritten"):
        EvmKey.generate().save(path, "second", work=LIGHT)
    assert EvmKey.load(path, "first").address == key.address
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The message has the command that mends it."""
    path = tmp_path / "wallet.json"
    EvmKey.generate().save(path, "pass", work=LIGHT)
    path.chmod(0o640)
    with pytest.raises(OperatorError, match=r"0640.*chmod 600"):
        EvmKey.load(path, "pass")


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"version": 3}', '{"version": 3, "crypto": {}}'])
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: str) -> None:
    """An `OperatorError` that names the file."""
    path = tmp_path / "wallet.json"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(OperatorError, match=r"wallet\.json cannot be decrypted"):
        EvmKey.load(path, "pass")


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(OperatorError, match="No such file"):
        EvmKey.load(tmp_path / "wallet.json", "pass")


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, bytes(31)])
def test_what_is_no_key_is_refused(secret: bytes) -> None:
    """Zero, too large, too short."""
    with pytest.raises(OperatorError, match="private key"):
        EvmKey.of(secret)


@pytest.mark.parametrize("quote, kind", [(Quote(30_000, 20, 3), 2), (Quote(30_000, 20, 20), None)])
def test_a_signed_transaction_is_what_was_asked_for(quote: Quote, kind: int | None) -> None:
    """An independent decoder reads back every argument, and the sender."""
    key = EvmKey.of(SECRET)
    signed = key.sign(CALL, chain="eip155:100", nonce=9, quote=quote)
    assert Account.recover_transaction(signed.raw).lower() == "0x" + key.address.hex()
    assert (signed.raw[0] if kind else None) == kind
    assert key.sign(CALL, chain="eip155:100", nonce=9, quote=quote) == signed
    assert key.sign(CALL, chain="eip155:101", nonce=9, quote=quote).hash != signed.hash


def test_a_key_does_not_show_itself() -> None:
    """Neither in a log nor in a traceback."""
    key = EvmKey.of(SECRET)
    assert SECRET.hex() not in repr(key)
    assert str(key) == f"EvmKey(0x{key.address.hex()})"


def test_signatures_are_made_by_libsecp256k1() -> None:
    """The pure Python implementation is a hundred times slower, and not constant-time."""
    assert isinstance(get_backend(), CoinCurveECCBackend)
