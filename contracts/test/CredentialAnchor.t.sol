// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialAnchor} from "../src/interfaces/ICredentialAnchor.sol";
import {VM, Vm, deploy} from "./Support.sol";

/// @dev This contract stands for the registry: it deploys the anchor.
contract CredentialAnchorTest {
    bytes32 private constant STATE = keccak256("state");

    ICredentialAnchor private anchor;

    function setUp() public {
        anchor = ICredentialAnchor(deploy("CredentialAnchor", abi.encode(STATE)));
    }

    function test_the_deployer_is_the_registry_and_gives_the_first_state() public view {
        VM.assertEq(anchor.registry(), address(this), "registry");
        VM.assertEq(anchor.state(), STATE, "state");
    }

    function testFuzz_an_anchor_emits_root_sender_head_and_state(
        address notary,
        bytes32 root,
        uint64 number,
        uint64 time
    ) public {
        VM.roll(number);
        VM.warp(time);
        bytes32 head = nextHead(0, root, STATE);
        VM.expectEmit(true, true, true, true, address(anchor));
        emit ICredentialAnchor.Anchored(root, notary, head, STATE);
        VM.prank(notary);
        anchor.anchor(root);
        VM.assertEq(anchor.heads(notary), head, "head");
    }

    function testFuzz_the_fallback_does_what_anchor_does(address notary, bytes32 root) public {
        VM.assume(!isSelector(bytes4(root)));
        VM.expectEmit(true, true, true, true, address(anchor));
        emit ICredentialAnchor.Anchored(root, notary, nextHead(0, root, STATE), STATE);
        VM.prank(notary);
        VM.assertTrue(send(abi.encode(root)), "accepted");
        VM.assertEq(anchor.heads(notary), nextHead(0, root, STATE), "head");
    }

    function testFuzz_each_sender_has_a_chain_of_its_own(bytes32[] memory roots, uint256 turns, uint256 clock) public {
        address[2] memory notaries = [address(0xA11CE), address(0xB0B)];
        bytes32[2] memory heads;
        for (uint256 i; i < roots.length; ++i) {
            uint256 turn = (turns >> (i % 256)) & 1;
            VM.roll(block.number + ((clock >> (i % 200)) & 0xffff));
            VM.warp(block.timestamp + ((clock >> (i % 190)) & 0xffff));
            heads[turn] = nextHead(heads[turn], roots[i], STATE);
            VM.prank(notaries[turn]);
            anchor.anchor(roots[i]);
        }
        VM.assertEq(anchor.heads(notaries[0]), heads[0], "first");
        VM.assertEq(anchor.heads(notaries[1]), heads[1], "second");
    }

    function test_the_same_root_may_be_anchored_again_and_moves_the_head() public {
        anchor.anchor("root");
        bytes32 first = anchor.heads(address(this));
        anchor.anchor("root");
        VM.assertEq(anchor.heads(address(this)), nextHead(first, "root", STATE), "head");
    }

    function test_a_root_takes_no_slot_of_its_own() public {
        VM.record();
        for (uint256 i; i < 20; ++i) {
            anchor.anchor(bytes32(i));
        }
        (, bytes32[] memory writes) = VM.accesses(address(anchor));
        VM.assertEq(writes.length, 20, "one write for each anchor");
        for (uint256 i; i < 20; ++i) {
            VM.assertEq(writes[i], keccak256(abi.encode(address(this), uint256(1))), "the sender's slot");
        }
    }

    // ---- calldata

    function testFuzz_calldata_of_another_length_is_refused(bytes memory data) public {
        VM.assume(data.length != 32 && !isSelector(bytes4(data)));
        refused(data, abi.encodeWithSelector(ICredentialAnchor.NotARoot.selector, data.length));
    }

    function test_lengths_around_32_are_refused() public {
        uint16[10] memory lengths = [0, 1, 3, 4, 31, 33, 36, 63, 64, 1024];
        for (uint256 i; i < lengths.length; ++i) {
            refused(new bytes(lengths[i]), abi.encodeWithSelector(ICredentialAnchor.NotARoot.selector, lengths[i]));
        }
    }

    /// @dev 28 bytes are left for the argument: too short for each of these.
    function testFuzz_a_root_that_meets_a_function_with_an_argument_is_refused(bytes28 rest) public {
        bytes4[3] memory selectors =
            [ICredentialAnchor.anchor.selector, ICredentialAnchor.setState.selector, ICredentialAnchor.heads.selector];
        for (uint256 i; i < selectors.length; ++i) {
            refused(abi.encodePacked(selectors[i], rest), "");
        }
    }

    /// @dev The transaction succeeds and nothing was anchored: senders must look for the event.
    function testFuzz_a_root_that_meets_a_view_is_answered_and_not_anchored(bytes28 rest) public {
        bytes4[2] memory selectors = [ICredentialAnchor.registry.selector, ICredentialAnchor.state.selector];
        for (uint256 i; i < selectors.length; ++i) {
            VM.recordLogs();
            (bool done, bytes memory answer) = address(anchor).call(abi.encodePacked(selectors[i], rest));
            VM.assertTrue(done && answer.length == 32, "answered");
            VM.assertEq(VM.getRecordedLogs().length, 0, "no event");
            VM.assertEq(anchor.heads(address(this)), 0, "head");
        }
    }

    /// @dev `anchor` by its own selector takes any root, also one that the fallback cannot take.
    function test_anchor_takes_a_root_that_meets_a_selector() public {
        bytes32 root = bytes32(ICredentialAnchor.state.selector);
        anchor.anchor(root);
        VM.assertEq(anchor.heads(address(this)), nextHead(0, root, STATE), "head");
    }

    // ---- coins

    function test_coins_are_refused_in_every_way() public {
        VM.deal(address(this), 1 ether);
        bytes[4] memory calls = [
            bytes(""),
            abi.encode(keccak256("root")),
            abi.encodeCall(ICredentialAnchor.anchor, ("root")),
            abi.encodeCall(ICredentialAnchor.setState, ("state"))
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool done,) = address(anchor).call{value: 1}(calls[i]);
            VM.assertFalse(done, "refused");
        }
        VM.assertEq(address(anchor).balance, 0, "balance");
        VM.assertEq(anchor.heads(address(this)), 0, "head");
        VM.assertEq(anchor.state(), STATE, "state");
    }

    // ---- state

    function testFuzz_nobody_but_the_registry_sets_the_state(address stranger, bytes32 state) public {
        VM.assume(stranger != address(this));
        VM.expectRevert(abi.encodeWithSelector(ICredentialAnchor.NotTheRegistry.selector, stranger, address(this)));
        VM.prank(stranger);
        anchor.setState(state);
        VM.assertEq(anchor.state(), STATE, "state");
    }

    function testFuzz_the_next_anchor_carries_the_new_state(bytes32 state, bytes32 root) public {
        anchor.anchor("before");
        bytes32 head = nextHead(anchor.heads(address(this)), root, state);
        anchor.setState(state);
        VM.expectEmit(true, true, true, true, address(anchor));
        emit ICredentialAnchor.Anchored(root, address(this), head, state);
        anchor.anchor(root);
    }

    // ---- helpers

    function send(bytes memory data) private returns (bool done) {
        (done,) = address(anchor).call(data);
    }

    function refused(bytes memory data, bytes memory reason) private {
        VM.recordLogs();
        (bool done, bytes memory answer) = address(anchor).call(data);
        VM.assertFalse(done, "refused");
        VM.assertEq(answer, reason, "reason");
        VM.assertEq(VM.getRecordedLogs().length, 0, "no event");
        VM.assertEq(anchor.heads(address(this)), 0, "head");
    }

    /// @dev All functions of the ABI; a fuzzed root meets one of them in 1 of 860 million cases.
    function isSelector(bytes4 first) private pure returns (bool) {
        return first == ICredentialAnchor.anchor.selector || first == ICredentialAnchor.setState.selector
            || first == ICredentialAnchor.heads.selector || first == ICredentialAnchor.registry.selector
            || first == ICredentialAnchor.state.selector;
    }

    /// @dev Written out byte by byte, unlike in the contract: 32 + 32 + 32 + 8 + 8.
    function nextHead(bytes32 head, bytes32 root, bytes32 state) private view returns (bytes32) {
        bytes memory preimage =
            bytes.concat(head, root, state, bytes8(uint64(block.number)), bytes8(uint64(block.timestamp)));
        VM.assertEq(preimage.length, 112, "preimage");
        return keccak256(preimage);
    }
}
