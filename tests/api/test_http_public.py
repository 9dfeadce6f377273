"""What anyone may ask over HTTP: a verdict, proofs by digest, the trust file, the log, who this notary is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from notary.core.credential import read
from notary.core.digest import TreeSize, leaf_hash
from notary.core.encoding import to_digest_text
from notary.core.log import Checkpoint, Tile, decode_entries, tile_reader
from notary.core.merkle import Tree, tree_root
from notary.core.note import Note, VerifierKey
from notary.core.receipt import Receipt
from notary.core.trust import TrustFile
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.ports.ledger import InstitutionRow
from tests.api.house import House, problem


@pytest.fixture(scope="module")
def receipt(house: House) -> bytes:
    """Ana's receipt."""
    return house.receipt(house.award("Ana Pérez", "Jonas Weber", number=400)[0]["id"])


def test_a_receipt_in_the_body_gets_a_verdict_in_words_and_for_programs(house: House, receipt: bytes) -> None:
    """The answer comes first, recognition stands with it, every check has step, state and words."""
    verdict = house.client.post("/v1/verify", content=receipt).json()
    assert (verdict["result"], verdict["headline"], verdict["recognition"]) == ("verified", "Verified.", ["authorised"])
    assert verdict["facts"][0].startswith("Issued to Ana Pérez by Fenwick College")
    assert {check["state"] for check in verdict["checks"]} == {"pass"}


def test_an_altered_receipt_is_not_verified_and_that_is_no_http_error(house: House, receipt: bytes) -> None:
    """One letter of the name changed: 200, not verified, with the innocent reason."""
    verdict = house.client.post("/v1/verify", content=receipt.replace(b"Ana P", b"Ann P")).json()
    assert verdict["result"] == "not verified"
    assert "edited or saved again" in verdict["facts"][-1]


def test_a_receipt_without_its_credential_takes_it_from_beside(house: House, receipt: bytes) -> None:
    """As a form, receipt and credential are verified together; the receipt alone is not known yet."""
    bare = bytes(replace(Receipt.parse(receipt), content=None))
    alone = house.client.post("/v1/verify", files={"receipt": ("r.json", bare)}).json()
    assert alone["result"] == "not known yet"
    beside = {"receipt": ("r.json", bare), "credential": ("c.json", house.credential("Ana Pérez", number=400))}
    assert house.client.post("/v1/verify", files=beside).json()["result"] == "verified"
    other = {"receipt": ("r.json", bare), "credential": ("c.json", house.credential("Eve", number=400))}
    assert house.client.post("/v1/verify", files=other).json()["result"] == "not verified"


def test_whoever_holds_a_credential_finds_its_proof_by_digest(house: House, receipt: bytes) -> None:
    """The digest leads to a receipt without credential and keys; with the credential beside, it verifies."""
    credential = house.credential("Ana Pérez", number=400)
    digest = read(credential, "mine").digest
    answer = house.client.get(f"/v1/proofs/{to_digest_text(digest)}")
    (position,) = answer.json()["positions"]
    assert position["state"] == "final"
    bare = json.dumps(position["receipt"]).encode()
    assert b"Ana P" not in answer.content
    assert "credential" not in position["receipt"]
    assert "evidenceKeys" not in position["receipt"]
    trust = TrustFile.parse(house.client.get("/v1/trust").content)
    assert verify(bare, trust, at=house.notary.clock.now(), credential=credential).result is Result.VERIFIED
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_proof_on_its_way_says_how_far_it_is(house: House) -> None:
    """Before the anchor is final, a position has its state and no receipt."""
    house.submit("On The Way", number=410)
    digest = to_digest_text(read(house.credential("On The Way", number=410), "mine").digest)
    (position,) = house.client.get(f"/v1/proofs/{digest}").json()["positions"]
    assert (position["state"], position["receipt"]) == ("open", None)
    batch = house.seal()
    assert house.client.get(f"/v1/proofs/{digest}").json()["positions"][0]["state"] == "sealed"
    house.anchor(batch)
    assert house.client.get(f"/v1/proofs/{digest}").json()["positions"][0]["state"] == "final"


def test_an_institution_may_switch_look_up_off(house: House, receipt: bytes) -> None:
    """Its credentials are then answered exactly as ones nobody ever submitted."""
    digest = to_digest_text(read(house.credential("Ana Pérez", number=400), "mine").digest)
    did = house.institutions[0].did
    with house.notary.ledger.begin() as work:
        before = work.institutions.get(did) or InstitutionRow(did)
        work.institutions.save(replace(before, lookup=False))
    off = problem(house.client.get(f"/v1/proofs/{digest}"))
    with house.notary.ledger.begin() as work:
        work.institutions.save(before)
    unknown = problem(house.client.get(f"/v1/proofs/{'A' * 43}"))
    assert off == {**unknown, "detail": unknown["detail"].replace("A" * 43, digest)}
    assert house.client.get(f"/v1/proofs/{digest}").status_code == 200


def test_the_log_is_read_from_its_tiles_and_leads_to_its_checkpoint(house: House, receipt: bytes) -> None:
    """Entries hash to the tile, the tile to the root, the root is what the key of the well-known file signed."""
    about = house.client.get("/.well-known/credential-notary").json()
    key = VerifierKey.parse(about["log"]["key"], "key")
    answer = house.client.get("/log/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    note = Note.parse(answer.content, "checkpoint")
    assert note.verify((key,)) == (key,)
    checkpoint = Checkpoint.parse(note.text)
    assert checkpoint.origin == about["log"]["origin"] == "harbour.example/log"

    def fetch(tile: Tile) -> bytes:
        found = house.client.get(f"/log/{tile.path}")
        assert found.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in found.headers["Cache-Control"]
        return bytes(found.content)

    assert tree_root(checkpoint.size, tile_reader(checkpoint.size, fetch)) == checkpoint.root
    tile = Tile.holding(0, 0, checkpoint.size)
    entries = decode_entries(house.client.get(f"/log/{tile.entries_path}").content, tile.width)
    assert Tree(map(leaf_hash, entries)).root == checkpoint.root
    assert house.client.get(f"/log/{Tile.holding(0, 0, TreeSize(checkpoint.size + 1)).path}").status_code == 404


def test_the_notary_says_who_it_is(house: House, receipt: bytes) -> None:
    """Name, log and key, contracts by chain, addresses: what the trust file says of it, and where to ask."""
    about = house.client.get("/.well-known/credential-notary").json()
    (consortium,) = TrustFile.parse(house.client.get("/v1/trust").content).consortia
    assert about["name"] == consortium.name
    assert about["log"]["key"] == str(consortium.logs[0].keys[0])
    assert [entry["chain"] for entry in about["contracts"]] == [entry.chain for entry in consortium.contracts]
    assert about["endpoints"]["verify"] == "http://testserver/v1/verify"
    for address in (
        about["endpoints"]["trust"],
        about["endpoints"]["description"],
        about["log"]["url"] + "/checkpoint",
    ):
        assert house.client.get(address).status_code == 200


def test_health_is_one_word(house: House) -> None:
    """A balancer gets 200 and ok."""
    assert house.client.get("/healthz").text == "ok\n"


def test_every_problem_type_leads_to_its_description(house: House) -> None:
    """The type URI of a problem is an address on this server that says what it means."""
    found = problem(house.client.get(f"/v1/proofs/{'A' * 43}"))
    path, _, name = found["type"].partition("#")
    assert f'id="{name}"' in house.client.get(path).text
