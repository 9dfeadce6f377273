// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortiumRegistry} from "../src/interfaces/IConsortiumRegistry.sol";
import {ICredentialAnchor} from "../src/interfaces/ICredentialAnchor.sol";
import {VM, ascending, found, malleated, signed} from "./Support.sol";
import {KeyWallet} from "./Wallets.sol";

/// @dev Everything that the world may do, at random, beside a model of what the registry must then hold. The model
/// counts approvals in its own way: as a set of members, before anything is sent.
contract World {
    uint256 private constant PEOPLE = 10;

    IConsortiumRegistry public registry;
    ICredentialAnchor public anchor;

    // Ten people with the keys 1 to 10: the last three act through ERC-1271 wallets.
    address[] public people;

    // The model.
    mapping(address => bool) public isMember;
    uint256 public n;
    uint256 public k;
    uint256 public epoch = 1;
    bytes32 public state = keccak256("state 1");
    mapping(address notary => bytes32) public heads;
    address[] public notaries;

    // What was seen on the way.
    uint256 public applied;
    uint256 public refusals;
    string public breach;
    bytes[] private _past;

    constructor() {
        for (uint256 key = 1; key <= PEOPLE; ++key) {
            people.push(key <= 7 ? VM.addr(key) : address(new KeyWallet(VM.addr(key))));
        }
        address[] memory founders = new address[](4);
        for (uint256 i; i < 4; ++i) {
            founders[i] = people[2 * i + 1];
            isMember[founders[i]] = true;
        }
        (n, k) = (4, 2);
        registry = found(founders, 2, state);
        anchor = registry.anchor();
    }

    /// @dev A change with random content, approved by a random crowd, perhaps with one thing wrong.
    function change(uint256 content, uint256 crowd, uint8 fault) external {
        IConsortiumRegistry.Change memory wanted = drawn(content);
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(wanted, crowd);
        bool spoilt = approvals.length > 0 && fault % 3 == 0;
        uint256 valid = spoilt ? spoil(wanted, approvals, (fault / 3) % 7) : membersAmong(approvals, approvals.length);
        send(wanted, approvals, valid, !spoilt && valid == approvals.length);
    }

    /// @dev Nothing wrong, and by k current members or more: without it few changes would go through.
    function goodChange(uint256 content, uint256 spared) external {
        IConsortiumRegistry.Change memory wanted = drawn(content);
        uint256 left = n + wanted.added.length - wanted.removed.length;
        if (left == 0) return;
        wanted.threshold = uint64(1 + (content >> 40) % left);
        wanted.epoch = uint64(epoch + 1);
        wanted.deadline = uint64(block.timestamp);
        uint256 crowd;
        uint256 surplus = n - k;
        for (uint256 i; i < PEOPLE; ++i) {
            if (!isMember[people[i]]) continue;
            if (surplus > 0 && (spared >> i) & 1 == 1) --surplus;
            else crowd |= 1 << i;
        }
        IConsortiumRegistry.Approval[] memory approvals = approvedBy(wanted, crowd);
        send(wanted, approvals, approvals.length, true);
    }

    /// @dev An applied change is sent again, as it was.
    function replay(uint256 which) external {
        if (_past.length == 0) return;
        (bool done,) = address(registry).call(_past[which % _past.length]);
        if (done) breach = "an applied change went through again";
    }

    /// @dev Any bytes to either contract, by anybody but the ten.
    function stray(bytes calldata data, bytes32 anybody, bool toAnchor) external {
        VM.prank(address(bytes20(keccak256(abi.encode(anybody)))));
        (bool done,) = (toAnchor ? address(anchor) : address(registry)).call(data);
        done;
    }

    function setState(bytes32 newState, address sender) external {
        if (sender == address(registry)) return;
        VM.prank(sender);
        try anchor.setState(newState) {
            breach = "a stranger set the state";
        } catch {}
    }

    function anchorRoot(bytes32 root, uint8 who, bool byFallback) external {
        address notary = people[who % PEOPLE];
        if (heads[notary] == 0) notaries.push(notary);
        heads[notary] = keccak256(
            bytes.concat(heads[notary], root, state, bytes8(uint64(block.number)), bytes8(uint64(block.timestamp)))
        );
        VM.prank(notary);
        if (byFallback) {
            (bool done,) = address(anchor).call(abi.encode(root));
            if (!done) breach = "a root was refused";
        } else {
            anchor.anchor(root);
        }
    }

    function pass(uint16 time) external {
        VM.warp(block.timestamp + time);
        VM.roll(block.number + 1 + time / 12);
    }

    function notariesSeen() external view returns (address[] memory) {
        return notaries;
    }

    function send(
        IConsortiumRegistry.Change memory wanted,
        IConsortiumRegistry.Approval[] memory approvals,
        uint256 valid,
        bool faultless
    ) private {
        bool allowed = faultless && valid >= k && fits(wanted);
        bytes memory data = abi.encodeCall(IConsortiumRegistry.applyChange, (wanted, approvals));
        (bool done,) = address(registry).call(data);
        if (done && valid < k) breach = "fewer than k approvals";
        if (done && !allowed) breach = "a change that is not allowed went through";
        if (!done && allowed) breach = "an allowed change was refused";
        if (!done) {
            ++refusals;
            return;
        }
        ++applied;
        _past.push(data);
        for (uint256 i; i < wanted.removed.length; ++i) {
            isMember[wanted.removed[i]] = false;
        }
        for (uint256 i; i < wanted.added.length; ++i) {
            isMember[wanted.added[i]] = true;
        }
        n = n + wanted.added.length - wanted.removed.length;
        (k, epoch, state) = (wanted.threshold, wanted.epoch, wanted.state);
    }

    /// @dev Whether a change may follow the present state, whoever approves it. Lists drawn hold nobody twice.
    function fits(IConsortiumRegistry.Change memory wanted) private view returns (bool) {
        for (uint256 i; i < wanted.removed.length; ++i) {
            if (!isMember[wanted.removed[i]]) return false;
        }
        for (uint256 i; i < wanted.added.length; ++i) {
            if (isMember[wanted.added[i]]) return false;
        }
        if (wanted.removed.length > n + wanted.added.length) return false;
        uint256 left = n + wanted.added.length - wanted.removed.length;
        return wanted.epoch == epoch + 1 && wanted.deadline >= block.timestamp && wanted.state != 0
            && wanted.threshold > 0 && wanted.threshold <= left;
    }

    /// @dev Mostly sensible: each person joins or leaves with probability 1/8, k is 0 to 7, one in 16 comes too late
    /// and one in 16 for a wrong epoch.
    function drawn(uint256 content) private view returns (IConsortiumRegistry.Change memory wanted) {
        address[] memory added = new address[](PEOPLE);
        address[] memory removed = new address[](PEOPLE);
        (uint256 joining, uint256 leaving) = (0, 0);
        for (uint256 i; i < PEOPLE; ++i) {
            if ((content >> (3 * i)) & 7 != 0) continue;
            if (isMember[people[i]]) removed[leaving++] = people[i];
            else added[joining++] = people[i];
        }
        assembly {
            mstore(added, joining)
            mstore(removed, leaving)
        }
        wanted = IConsortiumRegistry.Change({
            state: keccak256(abi.encode(content)),
            added: added,
            removed: removed,
            threshold: uint64((content >> 40) & 7),
            epoch: uint64(epoch + ((content >> 48) & 15 == 0 ? (content >> 52) & 3 : 1)),
            deadline: uint64((content >> 56) & 15 == 0 ? block.timestamp - 1 : block.timestamp)
        });
    }

    function approvedBy(IConsortiumRegistry.Change memory wanted, uint256 crowd)
        private
        view
        returns (IConsortiumRegistry.Approval[] memory approvals)
    {
        bytes32 digest = registry.digestOf(wanted);
        approvals = new IConsortiumRegistry.Approval[](PEOPLE);
        uint256 count;
        for (uint256 i; i < PEOPLE; ++i) {
            if ((crowd >> i) & 1 == 0) continue;
            approvals[count++] = IConsortiumRegistry.Approval(people[i], signed(i + 1, digest));
        }
        assembly {
            mstore(approvals, count)
        }
        ascending(approvals);
    }

    function membersAmong(IConsortiumRegistry.Approval[] memory approvals, uint256 count)
        private
        view
        returns (uint256 among)
    {
        for (uint256 i; i < count; ++i) {
            if (isMember[approvals[i].signer]) ++among;
        }
    }

    /// @dev Spoils the last approval, or by altering the change all of them; answers how many are left.
    function spoil(
        IConsortiumRegistry.Change memory wanted,
        IConsortiumRegistry.Approval[] memory approvals,
        uint256 how
    ) private view returns (uint256 valid) {
        uint256 last = approvals.length - 1;
        valid = how < 2 ? 0 : membersAmong(approvals, last);
        IConsortiumRegistry.Approval memory one = approvals[last];
        if (how == 0) wanted.state = keccak256(abi.encode(wanted.state));
        if (how == 1) wanted.deadline += 1;
        if (how == 2) one.signature = signed(77, keccak256("another digest"));
        if (how == 3) one.signer = address(uint160(one.signer) + 1);
        if (how == 4) approvals[last] = last > 0 ? approvals[last - 1] : IConsortiumRegistry.Approval(address(0), "");
        if (how == 5) one.signature = "";
        if (how == 6) one.signature = malleated(one.signature);
    }
}

contract InvariantsTest {
    World private world;

    function setUp() public {
        VM.warp(1_700_000_000);
        world = new World();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(world);
    }

    function invariant_only_k_approvals_get_a_change_through() public view {
        VM.assertEq(bytes(world.breach()), "", world.breach());
        VM.assertEq(world.registry().epoch(), 1 + world.applied(), "one epoch for each change");
    }

    function invariant_k_is_at_least_one_and_at_most_n() public view {
        uint256 k = world.registry().threshold();
        VM.assertTrue(k >= 1 && k <= world.registry().members().length, "1 <= k <= n");
    }

    function invariant_the_anchor_has_the_state_last_approved() public view {
        VM.assertEq(world.anchor().state(), world.state(), "anchor");
        VM.assertEq(world.registry().state(), world.state(), "registry");
    }

    function invariant_the_members_are_those_last_approved() public view {
        address[] memory members = world.registry().members();
        VM.assertEq(members.length, world.n(), "n");
        VM.assertEq(world.registry().threshold(), world.k(), "k");
        for (uint256 i; i < members.length; ++i) {
            VM.assertTrue(world.isMember(members[i]) && world.registry().isMember(members[i]), "member");
        }
    }

    function invariant_heads_chain_what_each_notary_anchored() public view {
        address[] memory notaries = world.notariesSeen();
        for (uint256 i; i < notaries.length; ++i) {
            VM.assertEq(world.anchor().heads(notaries[i]), world.heads(notaries[i]), "head");
        }
    }

    /// @dev A world in which nothing happens would keep every invariant.
    function test_in_this_world_changes_go_through_and_are_refused() public {
        for (uint256 i; i < 50; ++i) {
            uint256 random = uint256(keccak256(abi.encode(i)));
            world.change(random, random >> 128, uint8(random >> 200));
            world.goodChange(random, random >> 128);
        }
        VM.assertTrue(world.applied() > 45 && world.refusals() > 30, "both");
        VM.assertEq(bytes(world.breach()), "", world.breach());
    }
}
