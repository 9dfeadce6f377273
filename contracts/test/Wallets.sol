// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

// ERC-1271 wallets as members, good and bad.

/// @dev Approves what its one key has signed.
contract KeyWallet is IERC1271 {
    address private immutable KEY;

    constructor(address key) {
        KEY = key;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        bool good = failure == ECDSA.RecoverError.NoError && signer == KEY;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev Answers every question with the same bytes, or fails with them.
contract ScriptedWallet {
    bytes private _answer;
    bool private _fails;

    constructor(bytes memory answer, bool fails) {
        _answer = answer;
        _fails = fails;
    }

    fallback() external {
        bytes memory answer = _answer;
        bool fails = _fails;
        assembly {
            if fails { revert(add(answer, 0x20), mload(answer)) }
            return(add(answer, 0x20), mload(answer))
        }
    }
}

/// @dev Answers with the magic value and a megabyte of zeros.
contract ShoutingWallet {
    fallback() external {
        bytes4 magic = IERC1271.isValidSignature.selector;
        assembly {
            mstore(0, magic)
            return(0, 0x100000)
        }
    }
}

/// @dev Takes all the gas it is given.
contract GreedyWallet {
    fallback() external {
        assembly {
            invalid()
        }
    }
}

/// @dev Approves everything; before that, makes the call that the signature holds.
contract CallingWallet {
    function isValidSignature(bytes32, bytes calldata signature) external returns (bytes4) {
        if (signature.length > 0) {
            (address target, bytes memory data) = abi.decode(signature, (address, bytes));
            (bool done,) = target.call{gas: gasleft() / 2}(data);
            require(!done, "the call went through");
        }
        return IERC1271.isValidSignature.selector;
    }
}
