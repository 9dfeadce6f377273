// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortiumRegistry} from "../src/interfaces/IConsortiumRegistry.sol";
import {ICredentialAnchor} from "../src/interfaces/ICredentialAnchor.sol";
import {VM, ascending, found, none, signed} from "./Support.sol";

/// @dev What whole transactions cost. With `isolate` (foundry.toml) each call is a transaction of its own, and what is
/// measured is what its EVM receipt would say: 21,000, calldata, cold storage and execution. The figures are
/// committed in snapshots/gas.json, and a run that finds others fails.
contract GasTest {
    uint256 private constant LIMIT = 32_000;
    bytes32 private constant ROOT = keccak256("a root without zero bytes");

    IConsortiumRegistry private registry;
    ICredentialAnchor private anchor;

    function setUp() public {
        VM.warp(1_700_000_000);
        address[] memory founders = new address[](5);
        for (uint256 i; i < 5; ++i) {
            founders[i] = VM.addr(i + 1);
        }
        registry = found(founders, 3, keccak256("state 1"));
        anchor = registry.anchor();
    }

    function test_an_anchor_costs_at_most_32000_after_the_first() public {
        anchor.anchor(keccak256("first"));
        VM.snapshotGasLastCall("gas", "anchor(root), a sender's first");
        anchor.anchor(ROOT);
        whole(VM.snapshotGasLastCall("gas", "anchor(root)"));
    }

    function test_an_anchor_by_the_fallback_costs_at_most_32000_after_the_first() public {
        send(abi.encode(keccak256("first")));
        VM.snapshotGasLastCall("gas", "fallback, a sender's first");
        send(abi.encode(ROOT));
        whole(VM.snapshotGasLastCall("gas", "fallback"));
    }

    function test_an_anchor_after_a_change_costs_what_it_did() public {
        anchor.anchor(keccak256("first"));
        change();
        anchor.anchor(ROOT);
        whole(VM.snapshotGasLastCall("gas", "anchor(root), the first after a change"));
    }

    function test_a_change_by_three_keys_of_five() public {
        change();
        VM.snapshotGasLastCall("gas", "applyChange, three keys of five, nobody comes or goes");
    }

    function change() private {
        IConsortiumRegistry.Change memory wanted = IConsortiumRegistry.Change({
            state: keccak256("state 2"),
            added: none(),
            removed: none(),
            threshold: 3,
            epoch: 2,
            deadline: uint64(block.timestamp)
        });
        IConsortiumRegistry.Approval[] memory approvals = new IConsortiumRegistry.Approval[](3);
        for (uint256 i; i < 3; ++i) {
            approvals[i] = IConsortiumRegistry.Approval(VM.addr(i + 1), signed(i + 1, registry.digestOf(wanted)));
        }
        registry.applyChange(wanted, ascending(approvals));
    }

    function send(bytes memory data) private {
        (bool done,) = address(anchor).call(data);
        VM.assertTrue(done, "accepted");
    }

    /// @dev 26,000 is what 21,000 and one cold write cost: less would mean that something was not counted.
    function whole(uint256 gas) private pure {
        VM.assertTrue(gas > 26_000, "the whole transaction was measured");
        VM.assertLe(gas, LIMIT, "one anchor in steady state");
    }
}
