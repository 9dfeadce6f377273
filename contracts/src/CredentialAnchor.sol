// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialAnchor} from "./interfaces/ICredentialAnchor.sol";

contract CredentialAnchor is ICredentialAnchor {
    address public immutable registry;
    bytes32 public state;
    mapping(address notary => bytes32) public heads;

    constructor(bytes32 firstState) {
        registry = msg.sender;
        state = firstState;
    }

    fallback() external {
        if (msg.data.length != 32) revert NotARoot(msg.data.length);
        _anchor(bytes32(msg.data));
    }

    function anchor(bytes32 root) external {
        _anchor(root);
    }

    function setState(bytes32 newState) external {
        if (msg.sender != registry) revert NotTheRegistry(msg.sender, registry);
        state = newState;
    }

    function _anchor(bytes32 root) private {
        bytes32 inForce = state;
        bytes32 head = keccak256(
            abi.encodePacked(heads[msg.sender], root, inForce, uint64(block.number), uint64(block.timestamp))
        );
        heads[msg.sender] = head;
        emit Anchored(root, msg.sender, head, inForce);
    }
}
