// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The public record of a consortium's anchor roots
/// @notice Anyone may anchor 32 bytes; what that proves is decided by the registry state in force, which names the
/// notaries. There is no owner, nothing to upgrade and no function that takes coins. A root takes no storage slot:
/// it lives in the transaction and in the event.
/// @dev Besides `anchor`, calldata of exactly 32 bytes is taken as a root, because a stock Blockcerts verifier reads
/// the root from the transaction's input. A root whose first four bytes are the selector of a function here is not
/// anchored that way: the call reverts or answers the view, and no event is emitted. Senders expect the event.
interface ICredentialAnchor {
    /// @notice `notary` anchored `root` while the registry state with digest `registry` was in force.
    /// @param head keccak256(old head ‖ root ‖ registry ‖ uint64 block number ‖ uint64 timestamp), 112 bytes in. It
    /// chains everything one notary has anchored, so that a history with a gap does not add up. The block number is
    /// what the chain's NUMBER gives: on Arbitrum the parent chain's.
    event Anchored(bytes32 indexed root, address indexed notary, bytes32 head, bytes32 registry);

    /// @notice Calldata that matches no function was `length` bytes long instead of 32.
    error NotARoot(uint256 length);

    /// @notice `sender` tried to set the state digest; only `registry` may.
    error NotTheRegistry(address sender, address registry);

    /// @notice Anchors `root` in the sender's name. The same root may be anchored again, by the same or another sender.
    function anchor(bytes32 root) external;

    /// @notice Puts the registry state with digest `newState` in force, for every anchor after it.
    function setState(bytes32 newState) external;

    /// @notice The ConsortiumRegistry that deployed this contract.
    function registry() external view returns (address);

    /// @notice Digest of the registry state in force.
    function state() external view returns (bytes32);

    /// @notice The newest head of `notary`, zero before its first anchor.
    function heads(address notary) external view returns (bytes32);
}
