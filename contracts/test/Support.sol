// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortiumRegistry} from "../src/interfaces/IConsortiumRegistry.sol";

/// @dev The cheatcodes that these tests use; forge answers them at `VM`.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function chainId(uint256 id) external;
    function roll(uint256 number) external;
    function warp(uint256 time) external;
    function assume(bool condition) external pure;
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gas);
    function expectRevert(bytes calldata reason) external;
    function expectEmit(bool, bool, bool, bool, address emitter) external;
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshot) external returns (bool);
    function record() external;
    function accesses(address account) external returns (bytes32[] memory reads, bytes32[] memory writes);

    function assertEq(uint256 left, uint256 right, string calldata reason) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata reason) external pure;
    function assertEq(address left, address right, string calldata reason) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata reason) external pure;
    function assertEq(address[] calldata left, address[] calldata right, string calldata reason) external pure;
    function assertTrue(bool condition, string calldata reason) external pure;
    function assertFalse(bool condition, string calldata reason) external pure;
    function assertLe(uint256 left, uint256 right, string calldata reason) external pure;
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev Deploys what is committed in anchoring/artifacts, not what forge has just compiled. Reverts as the constructor
/// does.
function deploy(string memory name, bytes memory arguments) returns (address deployed) {
    string memory artifact = VM.readFile(string.concat("../anchoring/artifacts/", name, ".json"));
    bytes memory code = bytes.concat(VM.parseJsonBytes(artifact, ".bytecode"), arguments);
    assembly {
        deployed := create(0, add(code, 0x20), mload(code))
        if iszero(deployed) {
            returndatacopy(0, 0, returndatasize())
            revert(0, returndatasize())
        }
    }
}

function found(address[] memory founders, uint64 threshold, bytes32 state) returns (IConsortiumRegistry) {
    return IConsortiumRegistry(deploy("ConsortiumRegistry", abi.encode(founders, threshold, state)));
}

function none() pure returns (address[] memory) {
    return new address[](0);
}

function only(address account) pure returns (address[] memory list) {
    list = new address[](1);
    list[0] = account;
}

/// @dev r ‖ s ‖ v over `digest`.
function signed(uint256 key, bytes32 digest) pure returns (bytes memory) {
    (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
    return abi.encodePacked(r, s, v);
}

/// @dev Sorts the approvals by signer, in place, as the registry wants them.
function ascending(IConsortiumRegistry.Approval[] memory approvals)
    pure
    returns (IConsortiumRegistry.Approval[] memory)
{
    for (uint256 i = 1; i < approvals.length; ++i) {
        for (uint256 j = i; j > 0 && approvals[j].signer < approvals[j - 1].signer; --j) {
            (approvals[j], approvals[j - 1]) = (approvals[j - 1], approvals[j]);
        }
    }
    return approvals;
}

/// @dev The other signature that ecrecover takes for the same digest and key: s becomes −s.
function malleated(bytes memory signature) pure returns (bytes memory) {
    bytes32 r;
    uint256 s;
    assembly {
        r := mload(add(signature, 0x20))
        s := mload(add(signature, 0x40))
    }
    s = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - s;
    return abi.encodePacked(r, s, uint8(signature[64]) ^ 7);
}
