"""Governing on real nodes by commands: a wallet that is a contract votes, and a second chain joins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data

from anchoring.dev_faucet import fund
from anchoring.evm import EvmChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from api.wiring import make_keys
from notary.ports import Call
from notary.service.rounds.sending import send
from tests.api.desk import ISSUER, Desk, badge
from tests.parts import ANVIL_CHAIN_ID, EvmNode, running_anvil
from tests.solidity import creation_code

pytestmark = pytest.mark.node


def founded_on(desk: Desk, node: EvmNode) -> None:
    """Found a consortium of one college on a node."""
    data = desk.folder / "data"
    data.mkdir()
    fund(node.url, make_keys(data).wallet.address)
    application = desk.apply("college", "--alias", ISSUER, "--recognition", "community")
    desk.run("init", "--origin", "h.example/log", "--chain", node.url, "--member", application, "--yes")


def decide(desk: Desk, file: str) -> dict[str, Any]:
    """Approve a proposal with the founder's vote, and apply it."""
    desk.run("consortium", "approve", file, "--yes")
    return desk.json("consortium", "apply", file)


def anchored(desk: Desk, learner: str) -> Path:
    """Submit, seal, sign and anchor one credential; return its receipt."""
    own = desk.file(f"{learner.lower()}.json", badge(learner))
    desk.run("submit", own)
    signed = desk.sign("college", desk.json("seal")["batch_file"], own)
    batch = desk.json("sign", "--deliver", signed["statement"])["batch"]
    assert desk.json("anchor", "--wait")["final"]
    return Path(desk.json("receipt", "--batch", batch, "--out", learner)["receipts"][0])


def wallet_of_two(node: EvmNode) -> tuple[str, Any, Any]:
    """Deploy an ERC-1271 wallet of two owners; return its address and them."""
    first, second = Account.create(), Account.create()
    chain = EvmChain(node.url)
    payer = KeyWallet(chain, EvmKey.of(bytes.fromhex(node.funded_key[2:])))
    arguments = encode(["address", "address"], [first.address, second.address])
    made = send(chain, payer, Call(None, creation_code("TwoKeys") + arguments)).created
    assert made is not None
    return f"0x{made.hex()}", first, second


def test_a_contract_wallet_votes_from_proposal_to_chain(desk: Desk) -> None:
    """Two owners sign what the wallet is shown; its contract says yes on the spot, offline only the chain can say."""
    with running_anvil(desk.folder / "anvil") as node:
        founded_on(desk, node)
        wallet, first, second = wallet_of_two(node)
        decide(desk, desk.json("consortium", "propose", "--add-voter", wallet, "--k", 2)["file"])
        desk.run("consortium", "show", "--out", "copy.json")
        file = desk.json("consortium", "propose", "--member", "College", "--name", "Kolleg")["file"]
        written = desk.json("consortium", "approve", file, "--typed-data", "wallet")["typed_data"]
        message = encode_typed_data(full_message=json.loads(Path(written[0]).read_bytes()))

        def approve(*owners: Any, more: tuple[str, ...] = (), out: str = "w.approval", code: int = 0) -> dict[str, Any]:
            joined = "0x" + b"".join(bytes(owner.sign_message(message).signature) for owner in owners).hex()
            words = ("--signer", wallet, "--signature", joined, "--out", out, "--yes")
            return desk.json("consortium", "approve", file, *words, *more, code=code)

        refused = approve(second, first, code=1)
        assert refused["what"].startswith(f"neither the key of {wallet} nor a contract there approves this on eip155:")
        half = approve(first, more=("--state", "copy.json"), out="half.approval")
        assert half["undecided"] == [node.chain]
        said = desk.say("consortium", "approve", file, "--yes")
        founders = next(desk.folder.glob("state-3.*.approval"))
        assert "approves: " in said
        refused = desk.json("consortium", "apply", file, founders, "half.approval", code=1)
        assert "does not approve this change" in refused["what"]
        whole = approve(first, second)
        assert whole["undecided"] == []
        assert desk.json("consortium", "apply", file, founders, "w.approval")["state"] == 3
        last = desk.json("consortium", "history")["changes"][-1]
        assert wallet in last["approvers"]
        assert len(last["approvers"]) == 2


def test_a_consortium_joins_a_second_chain(desk: Desk) -> None:
    """Priced, founded, approved, applied; the next receipt stands on both chains, the one before stays valid."""
    with (
        running_anvil(desk.folder / "one") as one,
        running_anvil(desk.folder / "two", ANVIL_CHAIN_ID + 1) as two,
    ):
        founded_on(desk, one)
        before = anchored(desk, "Ana")
        poor = desk.json("consortium", "add-chain", two.url, "--yes", code=1)
        assert "holds too little on" in poor["what"]
        fund(two.url, make_keys(desk.folder / "data").wallet.address)
        priced = desk.say("consortium", "add-chain", two.url, "--dry-run")
        assert f"Founding on {two.chain}: " in priced
        assert "coins at most" in priced
        assert "Nothing was sent." in priced
        assert "Stopped." in desk.say("consortium", "add-chain", two.url, stdin="n\n", code=1)
        said = desk.say("consortium", "add-chain", two.url, "--yes")
        assert "nothing is anchored there before members approve" in said
        assert "trusts the contract 0x" in said
        assert "waits for the members' approval" in desk.say("consortium", "show")
        again = desk.json("consortium", "add-chain", two.url, "--out", "again.proposal")
        assert f"founded on {two.chain} already" in desk.say("consortium", "add-chain", two.url, "--dry-run")
        assert decide(desk, "state-2.proposal")["chains"] == [one.chain, two.chain]
        after = anchored(desk, "Bo")
        chains = [each["chain"] for each in json.loads(after.read_bytes())["commitments"][-1]["anchors"]]
        assert sorted(chains) == [one.chain, two.chain]
        desk.run("trust", "export", "trust.json")
        trusted = json.loads((desk.folder / "trust.json").read_bytes())["consortia"][0]["chains"]
        assert [each["chain"] for each in trusted] == [one.chain, two.chain]
        for receipt in (before, after):
            assert "Verified." in desk.say("verify", receipt, "--trust", "trust.json")
        assert "on 2 chains at once" in desk.say("trust", "export", "both.json", "--anchors-needed", 2)
        assert "Verified." in desk.say("verify", after, "--trust", "both.json")
        assert "Verified." not in desk.say("verify", before, "--trust", "both.json", code=3)
        decide(desk, desk.json("consortium", "propose", "--member", "College", "--name", "Kolleg")["file"])
        shown = desk.json("consortium", "show")
        assert [(seat["chain"], seat["epoch"]) for seat in shown["seats"]] == [(one.chain, 3), (two.chain, 2 + 1)]
        assert again["registry"] == shown["seats"][1]["registry"]
        assert "is on" in desk.say("consortium", "add-chain", two.url, "--dry-run", code=1)
        told = [(each["chain"], each["epoch"]) for each in desk.json("consortium", "history")["changes"]]
        assert told == [(node.chain, epoch) for node in (one, two) for epoch in (1, 2, 3)]
        assert desk.json("consortium", "history")["changes"][-1]["chain"] == two.chain
