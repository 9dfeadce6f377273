// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialAnchor} from "./ICredentialAnchor.sol";

/// @title The members of a consortium, and the one way to change what they agreed on
/// @notice Every change needs the approvals of k of the n current members and starts a new epoch, so no approval can be
/// used twice. 1 ≤ k ≤ n always holds. There is no owner, no other way in, and nothing to upgrade.
interface IConsortiumRegistry {
    /// @notice What members approve, as EIP-712 typed data:
    /// `Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)`
    /// @param state Digest of the registry state that is in force from this change on; never zero.
    /// @param added Addresses that become members; none of them is one yet, once `removed` have left.
    /// @param removed Members that leave.
    /// @param threshold k, the approvals that the next change will need.
    /// @param epoch The epoch that this change starts: the current one plus one.
    /// @param deadline Last block time, in Unix seconds, at which the change may be applied.
    struct Change {
        bytes32 state;
        address[] added;
        address[] removed;
        uint64 threshold;
        uint64 epoch;
        uint64 deadline;
    }

    /// @param signer A current member.
    /// @param signature 65 bytes r ‖ s ‖ v with low s by the member's key, or whatever the member's ERC-1271 wallet
    /// accepts for `digestOf(change)`.
    struct Approval {
        address signer;
        bytes signature;
    }

    /// @notice The change that starts `epoch` was applied; the founding is epoch 1, added by nobody's approval.
    /// @param approvers The members whose approvals were checked, in ascending order.
    event ChangeApplied(
        uint64 indexed epoch,
        bytes32 indexed state,
        uint64 threshold,
        address[] added,
        address[] removed,
        address[] approvers
    );

    /// @notice The change would start epoch `given`, but only `expected` can start next.
    error WrongEpoch(uint64 given, uint64 expected);

    /// @notice The change had to be applied by `deadline`, and the block's time is `time`.
    error Expired(uint64 deadline, uint256 time);

    /// @notice Zero is no digest of a registry state.
    error EmptyState();

    /// @notice `given` approvals came, and the consortium asks for `needed`.
    error TooFewApprovals(uint256 given, uint64 needed);

    /// @notice Approvals come in strictly ascending order of signers, so that nobody counts twice: `signer` is not
    /// above `previous`.
    error ApprovalsNotAscending(address previous, address signer);

    /// @notice `account` approves or is removed, and is not a member.
    error NotAMember(address account);

    /// @notice `account` is added, and is a member.
    error AlreadyAMember(address account);

    /// @notice The zero address cannot be a member.
    error ZeroMember();

    /// @notice The signature given for `signer` does not approve this change, on this chain, for this contract.
    error NotApproved(address signer);

    /// @notice `threshold` is zero or more than the number of `members`.
    error ThresholdOutOfRange(uint64 threshold, uint256 members);

    /// @notice Applies `change`: anyone may send it who has the approvals of at least k current members. All that are
    /// given must be valid. The new state digest is in force at `anchor()` when this returns.
    /// @dev Called `apply` in the design; that word is reserved in Solidity.
    function applyChange(Change calldata change, Approval[] calldata approvals) external;

    /// @notice The EIP-712 digest that members sign to approve `change` (domain: see ERC-5267 `eip712Domain`).
    function digestOf(Change calldata change) external view returns (bytes32);

    /// @notice The CredentialAnchor of this registry, deployed with it: its first CREATE.
    function anchor() external view returns (ICredentialAnchor);

    /// @notice Digest of the registry state in force. It is kept once, at `anchor()`.
    function state() external view returns (bytes32);

    /// @notice k, the approvals that the next change needs.
    function threshold() external view returns (uint64);

    /// @notice Number of the current epoch, from 1.
    function epoch() external view returns (uint64);

    /// @notice All members, in no particular order.
    function members() external view returns (address[] memory);

    function isMember(address account) external view returns (bool);
}
