"""A key of the chain: it pays for transactions, or approves changes of a consortium.

On disk it is an encrypted Web3 Secret Storage file (version 3), which every
Ethereum tool reads, with owner-only rights.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Approval, Call, Quote, SignedTransaction

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

WORK = 1 << 18
"""scrypt's cost: about a second and 256 MiB for each guess at a passphrase."""
_OTHERS = 0o077


class EvmKey:
    """A secp256k1 private key. Signatures are deterministic (RFC 6979); its text form never shows it."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address = Address(bytes.fromhex(account.address[2:]))

    @classmethod
    def generate(cls) -> Self:
        """Draw a new key."""
        from eth_account import Account

        return cls(Account.create())

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """Take 32 bytes as a key."""
        from eth_account import Account
        from eth_utils.exceptions import ValidationError

        try:
            return cls(Account.from_key(secret))
        except (ValueError, ValidationError):
            raise OperatorError("private key of the chain", expected="32 bytes in secp256k1's range") from None

    @classmethod
    def load(cls, path: Path, passphrase: str) -> Self:
        """Read and decrypt a key file; OperatorError where others may read it or the passphrase is wrong."""
        from eth_account import Account

        try:
            rights = path.stat().st_mode & 0o777
            text = path.read_text()
        except OSError as error:
            raise OperatorError(f"key file {path} cannot be read", actual=error.strerror) from error
        if rights & _OTHERS:
            raise OperatorError(
                f"key file {path} is open to others", expected="0600", actual=f"{rights:04o}", hint=f"chmod 600 {path}"
            )
        try:
            fields = json.loads(text)
            secret = bytes(Account.decrypt(fields, passphrase))
        except (ValueError, KeyError, TypeError) as error:
            reason = "another passphrase" if "MAC" in str(error) else "no version 3 key file"
            raise OperatorError(f"key file {path} cannot be decrypted", actual=reason) from None
        return cls.of(secret)

    def save(self, path: Path, passphrase: str, *, work: int = WORK) -> None:
        """Encrypt the key into a new file: complete and durable, or not there. An existing file is never touched."""
        from eth_account import Account

        text = json.dumps(Account.encrypt(self._account.key, passphrase, kdf="scrypt", iterations=work))
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError as error:
            raise OperatorError(f"key file {path} is there already", hint="Keys are never overwritten.") from error
        finally:
            Path(name).unlink()

    def sign(self, call: Call, *, chain: str, nonce: int, quote: Quote, value: int = 0) -> SignedTransaction:
        """Sign a transaction for one chain (EIP-1559; a fee that is all tip is a gas price, EIP-155).

        `value`: wei to send along.
        """
        transaction: dict[str, Any] = {
            "chainId": int(chain.removeprefix("eip155:")),
            "nonce": nonce,
            "gas": quote.gas,
            "value": value,
            "data": call.data,
            "to": b"" if call.to is None else bytes(call.to),
        }
        if quote.tip_per_gas == quote.fee_per_gas:
            transaction["gasPrice"] = quote.fee_per_gas
        else:
            transaction |= {
                "type": 2,
                "maxFeePerGas": quote.fee_per_gas,
                "maxPriorityFeePerGas": quote.tip_per_gas,
            }
        signed = self._account.sign_transaction(transaction)
        return SignedTransaction(bytes(signed.hash), bytes(signed.raw_transaction), nonce, quote)

    def approve(self, digest: bytes) -> Approval:
        """Sign a change's EIP-712 digest: 65 bytes r ‖ s ‖ v, s in the lower half."""
        from eth_typing import Hash32

        return Approval(self.address, bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature))

    def __repr__(self) -> str:
        return f"EvmKey({to_hex(self.address)})"
