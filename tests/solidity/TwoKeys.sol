// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev An ERC-1271 wallet of two owners: approves what both have signed, 65 bytes r ‖ s ‖ v each, joined.
contract TwoKeys {
    bytes4 private constant YES = 0x1626ba7e;

    address private immutable FIRST;
    address private immutable SECOND;

    constructor(address first, address second) {
        FIRST = first;
        SECOND = second;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 130) return 0xffffffff;
        bool both = _signer(digest, signature[:65]) == FIRST && _signer(digest, signature[65:]) == SECOND;
        return both ? YES : bytes4(0xffffffff);
    }

    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        return ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    }
}
