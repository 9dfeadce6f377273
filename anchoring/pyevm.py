"""The names used of py-evm and eth-tester: contracts that call each other a thousand deep are none of ours."""

from __future__ import annotations

from anchoring.recursion import recursion_limit_kept

with recursion_limit_kept():
    from eth.abc import AtomicWriteBatchAPI
    from eth.chains.base import MiningChain
    from eth.db.atomic import AtomicDBWriteBatch
    from eth.db.backends.base import BaseAtomicDB
    from eth.estimators.gas import binary_gas_search
    from eth.exceptions import (
        CanonicalHeadNotFound,
        HeaderNotFound,
        PyEVMError,
        Revert,
        TransactionNotFound,
        VMError,
    )
    from eth.vm.forks.prague import PragueVM
    from eth.vm.spoof import SpoofTransaction
    from eth_bloom.bloom import BloomFilter
    from eth_keys.datatypes import PrivateKey
    from eth_tester.backends.pyevm.main import PyEVMBackend, get_default_genesis_params
    from eth_typing import BlockNumber
    from eth_utils.exceptions import ValidationError
    from rlp import encode  # type: ignore[import-untyped]
    from rlp.exceptions import RLPException  # type: ignore[import-untyped]

__all__ = [
    "AtomicDBWriteBatch",
    "AtomicWriteBatchAPI",
    "BaseAtomicDB",
    "BlockNumber",
    "BloomFilter",
    "CanonicalHeadNotFound",
    "HeaderNotFound",
    "MiningChain",
    "PragueVM",
    "PrivateKey",
    "PyEVMBackend",
    "PyEVMError",
    "RLPException",
    "Revert",
    "SpoofTransaction",
    "TransactionNotFound",
    "VMError",
    "ValidationError",
    "binary_gas_search",
    "encode",
    "get_default_genesis_params",
]
