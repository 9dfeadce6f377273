// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {CredentialAnchor} from "./CredentialAnchor.sol";
import {IConsortiumRegistry} from "./interfaces/IConsortiumRegistry.sol";
import {ICredentialAnchor} from "./interfaces/ICredentialAnchor.sol";

contract ConsortiumRegistry is IConsortiumRegistry, EIP712 {
    using EnumerableSet for EnumerableSet.AddressSet;

    bytes32 private constant CHANGE_TYPEHASH = keccak256(
        "Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)"
    );

    ICredentialAnchor public immutable anchor;
    uint64 public threshold;
    uint64 public epoch;
    EnumerableSet.AddressSet private _members;

    constructor(address[] memory founders, uint64 firstThreshold, bytes32 firstState)
        EIP712("ConsortiumRegistry", "1")
    {
        if (firstState == 0) revert EmptyState();
        anchor = new CredentialAnchor(firstState);
        epoch = 1;
        for (uint256 i; i < founders.length; ++i) {
            _add(founders[i]);
        }
        _setThreshold(firstThreshold);
        emit ChangeApplied(1, firstState, firstThreshold, founders, new address[](0), new address[](0));
    }

    function applyChange(Change calldata change, Approval[] calldata approvals) external {
        if (change.epoch != epoch + 1) revert WrongEpoch(change.epoch, epoch + 1);
        if (block.timestamp > change.deadline) revert Expired(change.deadline, block.timestamp);
        if (change.state == 0) revert EmptyState();

        // Wallets are asked by static calls, before anything is written: they can neither re-enter nor see half a change.
        address[] memory approvers = _requireApproved(digestOf(change), approvals);

        epoch = change.epoch;
        for (uint256 i; i < change.removed.length; ++i) {
            _remove(change.removed[i]);
        }
        for (uint256 i; i < change.added.length; ++i) {
            _add(change.added[i]);
        }
        _setThreshold(change.threshold);
        anchor.setState(change.state);
        emit ChangeApplied(change.epoch, change.state, change.threshold, change.added, change.removed, approvers);
    }

    function digestOf(Change calldata change) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CHANGE_TYPEHASH,
                    change.state,
                    keccak256(abi.encodePacked(change.added)),
                    keccak256(abi.encodePacked(change.removed)),
                    change.threshold,
                    change.epoch,
                    change.deadline
                )
            )
        );
    }

    function state() external view returns (bytes32) {
        return anchor.state();
    }

    function members() external view returns (address[] memory) {
        return _members.values();
    }

    function isMember(address account) external view returns (bool) {
        return _members.contains(account);
    }

    function _requireApproved(bytes32 digest, Approval[] calldata approvals)
        private
        view
        returns (address[] memory approvers)
    {
        if (approvals.length < threshold) revert TooFewApprovals(approvals.length, threshold);
        approvers = new address[](approvals.length);
        address previous;
        for (uint256 i; i < approvals.length; ++i) {
            address signer = approvals[i].signer;
            if (signer <= previous) revert ApprovalsNotAscending(previous, signer);
            if (!_members.contains(signer)) revert NotAMember(signer);
            if (!_approves(signer, digest, approvals[i].signature)) revert NotApproved(signer);
            approvers[i] = previous = signer;
        }
    }

    /// @dev The key first, whether or not the address has code: a member that delegated its account to a wallet
    /// (EIP-7702) can still approve with its key.
    function _approves(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }

    function _add(address account) private {
        if (account == address(0)) revert ZeroMember();
        if (!_members.add(account)) revert AlreadyAMember(account);
    }

    function _remove(address account) private {
        if (!_members.remove(account)) revert NotAMember(account);
    }

    function _setThreshold(uint64 newThreshold) private {
        uint256 count = _members.length();
        if (newThreshold == 0 || newThreshold > count) revert ThresholdOutOfRange(newThreshold, count);
        threshold = newThreshold;
    }
}
