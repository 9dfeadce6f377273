// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {IConsortiumRegistry} from "../src/interfaces/IConsortiumRegistry.sol";
import {ICredentialAnchor} from "../src/interfaces/ICredentialAnchor.sol";
import {VM, ascending, found, malleated, none, only, signed} from "./Support.sol";
import {CallingWallet, GreedyWallet, KeyWallet, ScriptedWallet, ShoutingWallet} from "./Wallets.sol";

/// @dev Five members, with the keys 1 to 5, of whom three must approve.
contract ConsortiumRegistryTest {
    bytes32 private constant FOUNDED = keccak256("state 1");
    bytes32 private constant NEXT = keccak256("state 2");
    address private constant NEWCOMER = address(0x600D);

    IConsortiumRegistry private registry;

    function setUp() public {
        VM.warp(1_700_000_000);
        registry = found(addressesOf(5), 3, FOUNDED);
    }

    // ---- founding

    function test_the_founding_is_epoch_one_and_puts_the_first_state_in_force() public view {
        VM.assertEq(registry.members(), addressesOf(5), "members");
        VM.assertEq(registry.threshold(), 3, "k");
        VM.assertEq(registry.epoch(), 1, "epoch");
        VM.assertEq(registry.state(), FOUNDED, "state");
        VM.assertEq(registry.anchor().state(), FOUNDED, "the anchor's state");
    }

    /// @dev The first registry state names the anchor, so its address must be known before it is deployed.
    function test_the_anchor_is_the_first_create_of_the_registry() public view {
        VM.assertEq(address(registry.anchor()), VM.computeCreateAddress(address(registry), 1), "address");
        VM.assertEq(registry.anchor().registry(), address(registry), "registry");
    }

    function test_the_founding_is_an_event() public {
        address next = VM.computeCreateAddress(address(this), 2);
        VM.expectEmit(true, true, true, true, next);
        emit IConsortiumRegistry.ChangeApplied(1, NEXT, 2, addressesOf(4), none(), none());
        VM.assertEq(address(found(addressesOf(4), 2, NEXT)), next, "the address the event was expected of");
    }

    function test_a_consortium_of_one_can_be_founded_and_changed() public {
        registry = found(addressesOf(1), 1, FOUNDED);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.threshold = 1;
        registry.applyChange(change, approvedBy(change, 1));
        VM.assertEq(registry.state(), NEXT, "state");
    }

    function foundFor(address[] memory founders, uint64 threshold, bytes32 state) external {
        found(founders, threshold, state);
    }

    function testFuzz_no_founding_with_k_outside_1_to_n(uint8 size, uint64 threshold) public {
        uint256 n = size % 8;
        VM.assume(threshold == 0 || threshold > n);
        VM.expectRevert(outOfRange(threshold, n));
        this.foundFor(addressesOf(n), threshold, FOUNDED);
    }

    function test_no_founding_with_a_member_twice_or_zero_or_without_state() public {
        address[] memory twice = addressesOf(3);
        twice[2] = twice[0];
        VM.expectRevert(about(IConsortiumRegistry.AlreadyAMember.selector, twice[0]));
        this.foundFor(twice, 1, FOUNDED);
        VM.expectRevert(abi.encodeWithSelector(IConsortiumRegistry.ZeroMember.selector));
        this.foundFor(only(address(0)), 1, FOUNDED);
        VM.expectRevert(abi.encodeWithSelector(IConsortiumRegistry.EmptyState.selector));
        this.foundFor(addressesOf(3), 1, 0);
    }

    // ---- a change

    function testFuzz_k_approvals_apply_a_change_sent_by_anyone(address sender, bytes32 state) public {
        VM.assume(state != 0);
        IConsortiumRegistry.Change memory change = changeTo(state);
        change.added = only(NEWCOMER);
        change.removed = only(VM.addr(2));
        change.threshold = 4;
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        address[] memory approvers = new address[](3);
        for (uint256 i; i < 3; ++i) {
            approvers[i] = approvals[i].signer;
        }

        VM.expectEmit(true, true, true, true, address(registry));
        emit IConsortiumRegistry.ChangeApplied(2, state, 4, change.added, change.removed, approvers);
        VM.prank(sender);
        registry.applyChange(change, approvals);

        VM.assertEq(registry.state(), state, "state");
        VM.assertEq(registry.anchor().state(), state, "the anchor's state");
        VM.assertEq(registry.epoch(), 2, "epoch");
        VM.assertEq(registry.threshold(), 4, "k");
        VM.assertEq(registry.members().length, 5, "n");
        VM.assertTrue(registry.isMember(NEWCOMER) && !registry.isMember(VM.addr(2)), "members");
    }

    function test_more_than_k_approvals_are_fine_and_all_must_be_valid() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 5);
        bytes memory last = approvals[4].signature;
        approvals[4].signature = approvals[3].signature;
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[4].signer));
        approvals[4].signature = last;
        registry.applyChange(change, approvals);
    }

    function testFuzz_fewer_than_k_approvals_are_refused(uint8 k, uint8 given) public {
        k = 1 + k % 5;
        given = given % k;
        registry = found(addressesOf(5), k, FOUNDED);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        refused(change, approvedBy(change, given), tooFew(given, k));
    }

    function test_the_same_state_may_stay_in_force_while_members_change() public {
        IConsortiumRegistry.Change memory change = changeTo(FOUNDED);
        change.added = only(NEWCOMER);
        registry.applyChange(change, approvedBy(change, 3));
        VM.assertTrue(registry.isMember(NEWCOMER), "member");
    }

    function test_all_members_can_be_exchanged_at_once() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = addressesOf(5);
        change.added = only(NEWCOMER);
        change.threshold = 1;
        registry.applyChange(change, approvedBy(change, 3));
        VM.assertEq(registry.members(), only(NEWCOMER), "members");
    }

    /// @dev Who joins by a change cannot have approved it, and who leaves by it can.
    function test_approvals_count_by_membership_before_the_change() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = only(VM.addr(1));
        change.added = only(VM.addr(6));
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        registry.applyChange(change, approvals);

        change = changeTo(keccak256("state 3"));
        approvals = approvedBy(change, 3);
        refused(change, approvals, about(IConsortiumRegistry.NotAMember.selector, VM.addr(1)));
    }

    function test_a_member_removed_and_added_in_one_change_stays() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = only(VM.addr(1));
        change.added = only(VM.addr(1));
        registry.applyChange(change, approvedBy(change, 3));
        VM.assertTrue(registry.isMember(VM.addr(1)) && registry.members().length == 5, "members");
    }

    // ---- what no majority can do

    function testFuzz_no_change_to_k_outside_1_to_n(uint64 threshold) public {
        VM.assume(threshold == 0 || threshold > 5);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.threshold = threshold;
        refused(change, approvedBy(change, 5), outOfRange(threshold, 5));
    }

    function test_k_cannot_exceed_the_members_who_stay() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = addressesOf(3);
        refused(change, approvedBy(change, 5), outOfRange(3, 2));
    }

    function test_the_last_members_cannot_be_removed() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = addressesOf(5);
        for (uint64 k; k < 2; ++k) {
            change.threshold = k;
            refused(change, approvedBy(change, 5), outOfRange(k, 0));
        }
    }

    function test_a_member_cannot_be_added_again_nor_one_address_twice() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.added = only(VM.addr(1));
        refused(change, approvedBy(change, 3), about(IConsortiumRegistry.AlreadyAMember.selector, VM.addr(1)));
        change.added = new address[](2);
        (change.added[0], change.added[1]) = (NEWCOMER, NEWCOMER);
        refused(change, approvedBy(change, 3), about(IConsortiumRegistry.AlreadyAMember.selector, NEWCOMER));
    }

    function test_only_members_can_be_removed_and_each_once() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = only(NEWCOMER);
        refused(change, approvedBy(change, 3), about(IConsortiumRegistry.NotAMember.selector, NEWCOMER));
        change.removed = new address[](2);
        (change.removed[0], change.removed[1]) = (VM.addr(1), VM.addr(1));
        refused(change, approvedBy(change, 3), about(IConsortiumRegistry.NotAMember.selector, VM.addr(1)));
    }

    function test_zero_is_neither_a_member_nor_a_state() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.added = only(address(0));
        refused(change, approvedBy(change, 3), abi.encodeWithSelector(IConsortiumRegistry.ZeroMember.selector));
        change = changeTo(0);
        refused(change, approvedBy(change, 3), abi.encodeWithSelector(IConsortiumRegistry.EmptyState.selector));
    }

    function test_coins_are_refused() public {
        VM.deal(address(this), 1 ether);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        bytes memory data = abi.encodeCall(IConsortiumRegistry.applyChange, (change, approvedBy(change, 3)));
        (bool done,) = address(registry).call{value: 1}(data);
        VM.assertFalse(done, "with a change");
        (done,) = address(registry).call{value: 1}("");
        VM.assertFalse(done, "alone");
    }

    // ---- time and epochs

    function test_the_deadline_is_the_last_second() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        VM.warp(change.deadline + 1);
        refused(
            change,
            approvals,
            abi.encodeWithSelector(IConsortiumRegistry.Expired.selector, change.deadline, block.timestamp)
        );
        VM.warp(change.deadline);
        registry.applyChange(change, approvals);
    }

    function test_a_change_cannot_be_applied_twice() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        registry.applyChange(change, approvals);
        refused(change, approvals, wrongEpoch(2, 3));
        change.epoch = 3;
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
    }

    function test_of_two_changes_for_one_epoch_only_the_first_is_applied() public {
        IConsortiumRegistry.Change memory first = changeTo(NEXT);
        IConsortiumRegistry.Change memory second = changeTo(keccak256("another"));
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(second, 3);
        registry.applyChange(first, approvedBy(first, 3));
        refused(second, approvals, wrongEpoch(2, 3));
    }

    /// @dev A reorganisation may take a change back: whoever relays the same approvals puts it in force again.
    function test_a_change_that_a_reorganisation_took_back_is_applied_again() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        bytes32 founded = everything();
        uint256 before = VM.snapshotState();
        registry.applyChange(change, approvals);
        VM.assertTrue(VM.revertToState(before), "reorganised");
        VM.assertEq(everything(), founded, "as before");
        registry.applyChange(change, approvals);
        VM.assertEq(registry.state(), NEXT, "state");
    }

    /// @dev Where the other branch carried another change, those approvals are for an epoch that is over.
    function test_a_reorganisation_cannot_bring_two_changes_of_one_epoch() public {
        IConsortiumRegistry.Change memory ours = changeTo(NEXT);
        IConsortiumRegistry.Change memory theirs = changeTo(keccak256("theirs"));
        uint256 before = VM.snapshotState();
        registry.applyChange(ours, approvedBy(ours, 3));
        VM.assertTrue(VM.revertToState(before), "reorganised");
        registry.applyChange(theirs, approvedBy(theirs, 3));
        refused(ours, approvedBy(ours, 3), wrongEpoch(2, 3));
    }

    /// @dev The guided path: founded by one, members admitted one by one, k moved on the way.
    function testFuzz_a_consortium_of_one_grows_to_k_of_n(uint256 thresholds) public {
        registry = found(addressesOf(1), 1, FOUNDED);
        for (uint256 size = 1; size < 8; ++size) {
            IConsortiumRegistry.Change memory change = changeTo(keccak256(abi.encode(size)));
            change.added = only(VM.addr(size + 1));
            change.threshold = uint64(1 + (thresholds >> (8 * size)) % (size + 1));
            uint64 k = registry.threshold();
            refused(change, approvedBy(change, k - 1), tooFew(k - 1, k));
            registry.applyChange(change, approvedBy(change, k));
            VM.assertEq(registry.members().length, size + 1, "n");
            VM.assertEq(registry.threshold(), change.threshold, "k");
        }
    }

    function testFuzz_only_the_next_epoch_can_start(uint64 epoch) public {
        VM.assume(epoch != 2);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.epoch = epoch;
        refused(change, approvedBy(change, 5), wrongEpoch(epoch, 2));
    }

    // ---- what an approval is bound to

    /// @dev The digest by EIP-712, from the type strings alone.
    function testFuzz_the_digest_is_eip712(IConsortiumRegistry.Change memory change, uint64 chain) public {
        VM.assume(chain != 0);
        VM.chainId(chain);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("ConsortiumRegistry"),
                keccak256("1"),
                chain,
                registry
            )
        );
        bytes32 message = keccak256(
            abi.encode(
                keccak256(
                    "Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)"
                ),
                change.state,
                keccak256(words(change.added)),
                keccak256(words(change.removed)),
                change.threshold,
                change.epoch,
                change.deadline
            )
        );
        VM.assertEq(registry.digestOf(change), keccak256(bytes.concat(hex"1901", domain, message)), "digest");
    }

    function test_the_domain_is_published() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chain, address verifier, bytes32 salt,) =
            IERC5267(address(registry)).eip712Domain();
        VM.assertTrue(fields == 0x0f && salt == 0, "fields");
        VM.assertEq(bytes(name), "ConsortiumRegistry", "name");
        VM.assertEq(bytes(version), "1", "version");
        VM.assertEq(chain, block.chainid, "chain");
        VM.assertEq(verifier, address(registry), "contract");
    }

    function testFuzz_any_other_change_needs_other_approvals(uint8 field, uint160 other) public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        field = field % 5;
        if (field == 0) change.state = keccak256(abi.encode(other));
        if (field == 1) change.added = only(address(other));
        if (field == 2) change.removed = only(VM.addr(1 + other % 5));
        if (field == 3) change.threshold = 4 + uint64(other % 2);
        if (field == 4) change.deadline += 1 + uint64(other % 1000);
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
    }

    /// @dev Were lists hashed without saying which, one could pass for the other.
    function test_added_and_removed_cannot_be_exchanged() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.removed = only(VM.addr(5));
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        (change.added, change.removed) = (change.removed, change.added);
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
    }

    function testFuzz_approvals_do_not_hold_on_another_chain(uint64 chain) public {
        VM.assume(chain != 0 && chain != block.chainid);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        VM.chainId(chain);
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
    }

    function test_approvals_do_not_hold_for_another_registry() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        registry = found(addressesOf(5), 3, FOUNDED);
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
    }

    // ---- who approves

    function test_a_stranger_does_not_count() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        approvals[1] = approvalBy(6, change);
        refused(change, ascending(approvals), about(IConsortiumRegistry.NotAMember.selector, VM.addr(6)));
    }

    function test_a_stranger_cannot_sign_for_a_member() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        approvals[1].signature = approvalBy(6, change).signature;
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[1].signer));
    }

    function test_nobody_counts_twice() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        approvals[1] = approvals[0];
        refused(change, approvals, outOfOrder(approvals[0].signer, approvals[0].signer));
        approvals = approvedBy(change, 3);
        approvals[2] = approvals[0];
        refused(change, approvals, outOfOrder(approvals[1].signer, approvals[0].signer));
    }

    function test_approvals_come_in_ascending_order() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        (approvals[1], approvals[2]) = (approvals[2], approvals[1]);
        refused(change, approvals, outOfOrder(approvals[1].signer, approvals[2].signer));
    }

    /// @dev ecrecover answers zero for nonsense; zero is below every signer.
    function test_the_zero_address_approves_nothing() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        approvals[0] = IConsortiumRegistry.Approval(address(0), new bytes(65));
        refused(change, approvals, outOfOrder(address(0), address(0)));
    }

    // ---- signatures by keys

    function test_a_signature_with_high_s_is_refused() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        bytes memory high = malleated(approvals[1].signature);
        bytes32 digest = registry.digestOf(change);
        VM.assertEq(recovered(digest, high), approvals[1].signer, "ecrecover takes it");
        approvals[1].signature = high;
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[1].signer));
    }

    function test_signatures_in_other_forms_are_refused() public {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf(approvals[0].signer), registry.digestOf(change));
        bytes[6] memory forms = [
            bytes(""),
            abi.encodePacked(r, s),
            abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255)),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(r, s, v, uint8(0)),
            abi.encode(v, r, s)
        ];
        for (uint256 i; i < forms.length; ++i) {
            approvals[0].signature = forms[i];
            refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[0].signer));
        }
    }

    function testFuzz_a_signature_with_a_flipped_bit_is_refused(uint256 position) public {
        position = position % (65 * 8);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(change, 3);
        approvals[1].signature[position / 8] ^= bytes1(uint8(1 << (position % 8)));
        refused(change, approvals, about(IConsortiumRegistry.NotApproved.selector, approvals[1].signer));
    }

    /// @dev EIP-7702: the account has code that knows nothing of ERC-1271.
    function test_a_member_whose_account_has_code_approves_by_its_key() public {
        VM.etch(VM.addr(1), type(GreedyWallet).runtimeCode);
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        registry.applyChange(change, approvedBy(change, 3));
        VM.assertEq(registry.state(), NEXT, "state");
    }

    // ---- signatures by wallets (ERC-1271)

    function test_a_wallet_approves_by_its_own_rules() public {
        IConsortiumRegistry.Change memory change = withWallet(address(new KeyWallet(VM.addr(9))));
        bytes memory good = signed(9, registry.digestOf(change));
        walletRefused(change, signed(1, registry.digestOf(change)));
        walletRefused(change, signed(9, keccak256("another change")));
        registry.applyChange(change, walletApproves(change, good));
        VM.assertEq(registry.state(), change.state, "state");
    }

    function test_a_wallet_answering_anything_but_the_magic_value_does_not_approve() public {
        bytes4 magic = IERC1271.isValidSignature.selector;
        bytes[7] memory answers = [
            bytes(""),
            abi.encodePacked(magic),
            abi.encodePacked(magic, bytes27(0)),
            abi.encode(bytes4(0xffffffff)),
            abi.encode(true),
            abi.encodePacked(magic, bytes28(uint224(1))),
            abi.encodePacked(bytes28(0), magic)
        ];
        for (uint256 i; i < answers.length; ++i) {
            setUp();
            walletRefused(withWallet(address(new ScriptedWallet(answers[i], false))), "");
        }
    }

    function test_a_wallet_that_fails_with_the_magic_value_does_not_approve() public {
        bytes memory answer = abi.encode(IERC1271.isValidSignature.selector);
        walletRefused(withWallet(address(new ScriptedWallet(answer, true))), "");
    }

    function test_a_wallet_that_takes_all_gas_does_not_approve() public {
        walletRefused(withWallet(address(new GreedyWallet())), "");
    }

    function test_a_wallet_without_code_any_more_does_not_approve() public {
        IConsortiumRegistry.Change memory change = withWallet(address(new CallingWallet()));
        VM.etch(registry.members()[5], "");
        walletRefused(change, "");
    }

    /// @dev Its answer costs the sender gas, who may choose other approvals; it breaks nothing.
    function test_a_megabyte_of_answer_does_no_harm() public {
        IConsortiumRegistry.Change memory change = withWallet(address(new ShoutingWallet()));
        registry.applyChange(change, walletApproves(change, ""));
        VM.assertEq(registry.epoch(), 3, "epoch");
    }

    /// @dev The inner change has enough approvals too; were it let in, an epoch would hold two changes.
    function test_a_wallet_cannot_reenter() public {
        IConsortiumRegistry.Change memory change = withWallet(address(new CallingWallet()));
        IConsortiumRegistry.Change memory inner = changeTo(keccak256("inner"));
        uint256 snapshot = VM.snapshotState();
        registry.applyChange(inner, approvedBy(inner, 3));
        VM.assertTrue(VM.revertToState(snapshot), "from outside it would go through");
        bytes[3] memory attempts = [
            abi.encode(registry, abi.encodeCall(IConsortiumRegistry.applyChange, (inner, approvedBy(inner, 3)))),
            abi.encode(registry.anchor(), abi.encodeCall(ICredentialAnchor.anchor, ("root"))),
            abi.encode(registry.anchor(), abi.encodeCall(ICredentialAnchor.setState, ("state")))
        ];
        for (uint256 i; i < attempts.length; ++i) {
            change.epoch = registry.epoch() + 1;
            registry.applyChange(change, walletApproves(change, attempts[i]));
            VM.assertEq(registry.state(), change.state, "state");
            VM.assertEq(registry.epoch(), change.epoch, "epoch");
        }
    }

    // ---- helpers

    function changeTo(bytes32 state) private view returns (IConsortiumRegistry.Change memory) {
        return IConsortiumRegistry.Change({
            state: state,
            added: none(),
            removed: none(),
            threshold: 3,
            epoch: registry.epoch() + 1,
            deadline: uint64(block.timestamp + 1 days)
        });
    }

    function approvalBy(uint256 key, IConsortiumRegistry.Change memory change)
        private
        view
        returns (IConsortiumRegistry.Approval memory)
    {
        return IConsortiumRegistry.Approval(VM.addr(key), signed(key, registry.digestOf(change)));
    }

    /// @dev By the keys 1 to `count`.
    function approvedBy(IConsortiumRegistry.Change memory change, uint256 count)
        private
        view
        returns (IConsortiumRegistry.Approval[] memory approvals)
    {
        approvals = new IConsortiumRegistry.Approval[](count);
        for (uint256 i; i < count; ++i) {
            approvals[i] = approvalBy(i + 1, change);
        }
        return ascending(approvals);
    }

    /// @dev Makes `wallet` the sixth member; answers a further change that still has to be approved.
    function withWallet(address wallet) private returns (IConsortiumRegistry.Change memory) {
        IConsortiumRegistry.Change memory change = changeTo(NEXT);
        change.added = only(wallet);
        registry.applyChange(change, approvedBy(change, 3));
        return changeTo(keccak256("state 3"));
    }

    /// @dev Approvals by the keys 1 and 2 and by the sixth member, a wallet.
    function walletApproves(IConsortiumRegistry.Change memory change, bytes memory signature)
        private
        view
        returns (IConsortiumRegistry.Approval[] memory approvals)
    {
        approvals = approvedBy(change, 3);
        for (uint256 i; i < 3; ++i) {
            if (approvals[i].signer == VM.addr(3)) {
                approvals[i] = IConsortiumRegistry.Approval(registry.members()[5], signature);
            }
        }
        return ascending(approvals);
    }

    function walletRefused(IConsortiumRegistry.Change memory change, bytes memory signature) private {
        refused(
            change,
            walletApproves(change, signature),
            about(IConsortiumRegistry.NotApproved.selector, registry.members()[5])
        );
    }

    function refused(
        IConsortiumRegistry.Change memory change,
        IConsortiumRegistry.Approval[] memory approvals,
        bytes memory reason
    ) private {
        bytes32 before = everything();
        VM.expectRevert(reason);
        registry.applyChange(change, approvals);
        VM.assertEq(everything(), before, "nothing changed");
    }

    function everything() private view returns (bytes32) {
        return keccak256(abi.encode(registry.members(), registry.threshold(), registry.epoch(), registry.state()));
    }

    function addressesOf(uint256 count) private pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = VM.addr(i + 1);
        }
    }

    function keyOf(address member) private pure returns (uint256 key) {
        for (key = 1; VM.addr(key) != member; ++key) {}
    }

    function recovered(bytes32 digest, bytes memory signature) private pure returns (address) {
        (bytes32 r, bytes32 s) = abi.decode(bytes.concat(signature, new bytes(31)), (bytes32, bytes32));
        return ecrecover(digest, uint8(signature[64]), r, s);
    }

    function words(address[] memory list) private pure returns (bytes memory data) {
        for (uint256 i; i < list.length; ++i) {
            data = bytes.concat(data, bytes32(uint256(uint160(list[i]))));
        }
    }

    function about(bytes4 error_, address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(error_, account);
    }

    function tooFew(uint256 given, uint64 needed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumRegistry.TooFewApprovals.selector, given, needed);
    }

    function wrongEpoch(uint64 given, uint64 expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumRegistry.WrongEpoch.selector, given, expected);
    }

    function outOfRange(uint64 threshold, uint256 n) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumRegistry.ThresholdOutOfRange.selector, threshold, n);
    }

    function outOfOrder(address previous, address signer) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumRegistry.ApprovalsNotAscending.selector, previous, signer);
    }
}
