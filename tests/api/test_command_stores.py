"""Block stores as an operator meets them: a node that is down, and evidence that is public on purpose."""

from __future__ import annotations

import pytest

from tests.api.desk import Desk, badge


def name_stores(desk: Desk, *nodes: str) -> None:
    settings = desk.folder / "data" / "notary.toml"
    listed = ", ".join(f'"{node}"' for node in nodes)
    settings.write_text(settings.read_text().replace("[[chains]]", f"ipfs = [{listed}]\n[[chains]]"))


def sealed_and_signed(desk: Desk, learner: str) -> None:
    desk.run("submit", desk.file(f"{learner}.json", badge(learner)), "--evidence", desk.file("work.pdf", b"%PDF"))
    number = desk.json("seal")["batch"]
    desk.run("sign", number, "--key", "college.working.pem", "--passphrase-file", desk.passphrase(), "--yes")


@pytest.mark.loopback
def test_a_node_that_is_down_delays_nothing_and_is_named(founded_desk: Desk) -> None:
    """The batch becomes final; anchor and doctor say what waits for which node, without its password."""
    desk = founded_desk
    name_stores(desk, "embedded", "http://me:secret@127.0.0.1:9")
    sealed_and_signed(desk, "Ana")
    said = desk.say("anchor", "--wait")
    assert "/ip4/127.0.0.1/tcp/9/http lags behind by 5 pins: notary doctor" in said
    assert desk.json("batches")["batches"][0]["state"] == "final"
    said = desk.say("doctor", code=1)
    assert "✓ IPFS embedded: takes a block and gives it back; not audited yet" in said
    assert "✗ IPFS http://127.0.0.1:9: the IPFS node at" in said
    assert "5 pins waiting" in said
    assert "secret" not in said


def test_evidence_is_public_only_where_that_is_said(founded_desk: Desk) -> None:
    """The report says so in words; the option alone means nothing."""
    desk = founded_desk
    badge_file, pdf = desk.file("ana.json", badge("Ana")), desk.file("work.pdf", b"%PDF shown")
    assert "goes with --evidence" in desk.say("submit", badge_file, "--public-evidence", code=2)
    said = desk.say("submit", badge_file, "--evidence", pdf, "--public-evidence")
    assert "1 evidence file pinned as it is: everybody can read it, for ever." in said
    blocks = (desk.folder / "data" / "blocks" / "blocks.sqlite").read_bytes()
    assert b"%PDF shown" in blocks
    other = desk.file("secret.pdf", b"%PDF not shown")
    assert "everybody" not in desk.say("submit", desk.file("bo.json", badge("Bo")), "--evidence", other)
    assert b"%PDF not shown" not in (desk.folder / "data" / "blocks" / "blocks.sqlite").read_bytes()


def test_evidence_of_nothing_that_can_be_read_is_kept_nowhere(founded_desk: Desk) -> None:
    """What is public for ever is not put there for a file that was mistaken for a credential."""
    desk = founded_desk
    wrong, pdf = desk.file("ana.json", b"{}"), desk.file("work.pdf", b"%PDF of nobody")
    said = desk.say("submit", wrong, "--evidence", pdf, "--public-evidence", code=1)
    assert "everybody" not in said
    assert b"%PDF of nobody" not in (desk.folder / "data" / "blocks" / "blocks.sqlite").read_bytes()
    said = desk.say("submit", wrong, desk.file("bo.json", badge("Bo")), "--evidence", pdf, "--public-evidence", code=1)
    assert "everybody can read it" in said
    assert b"%PDF of nobody" in (desk.folder / "data" / "blocks" / "blocks.sqlite").read_bytes()
    other = desk.file("other.pdf", b"%PDF for one who is there")
    said = desk.say("submit", desk.folder / "bo.json", "--evidence", other, "--public-evidence", code=1)
    assert "was submitted before" in said
    assert "everybody can read it" in said


def test_nodes_are_named_when_the_notary_is_founded(desk: Desk) -> None:
    """After the data folder, which holds everything first."""
    founding = desk.json("init", "--ipfs", "http://127.0.0.1:9", "--ipfs", "http://me:secret@127.0.0.1:10")
    assert founding["ipfs"] == ["embedded", "http://127.0.0.1:9", "http://127.0.0.1:10"]
