"""Statuses over HTTP, and what stands behind a learner's link then."""

from __future__ import annotations

from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.encoding import to_digest_text
from notary.core.receipt import Receipt
from notary.core.status import Status
from notary.service.status.bundle import MAX_SIZE, StatusBundle, bundle_path
from notary.service.status.statements import read_status_file
from notary.service.submission.signing import sign
from tests.api.house import House, problem, token_of

FENWICK, MAKERS = 0, 1


def asked(house: House, status: str, *changes: dict[str, Any], who: int = FENWICK) -> Any:
    """Ask for changes."""
    body = canonical({"status": status, "changes": list(changes)})
    return house.client.post("/v1/statuses", content=body, headers=house.auth(who))


def signed(house: House, who: int = FENWICK) -> bytes:
    """Sign what waits, as the institution's own machine does."""
    data = house.client.get("/v1/statuses/file", headers=house.auth(who)).content
    institution = house.institutions[who]
    drafts = read_status_file(data.splitlines(keepends=True))
    return b"".join(
        canonical(sign(draft.statement, institution.key, institution.verification_method).to_json()) + b"\n"
        for draft in drafts
    )


def changed(house: House, status: str, *changes: dict[str, Any]) -> None:
    """Mark, sign, hand in, anchor."""
    assert not asked(house, status, *changes).json()["refused"]
    answer = house.client.post("/v1/statuses/statements", content=signed(house), headers=house.auth())
    assert answer.status_code == 200, answer.text
    house.anchoring.round()


def page(house: House, taken: dict[str, Any]) -> str:
    """A learner's page."""
    return str(house.client.get(f"/r/{token_of(taken)}", headers={"Accept": "text/html"}).text)


def test_a_suspension_and_its_end_on_the_learners_page(house: House) -> None:
    """The same link: suspended with the reason's words, then verified again; the note is nobody's to read."""
    (taken,) = house.award("Ana Pérez", number=100)
    change = {"id": taken["id"], "reason": "under-review", "note": "seen in the exam room"}
    assert asked(house, "suspended", change).json()["marked"] == [taken["id"]]
    (waiting,) = house.client.get("/v1/statuses", headers=house.auth()).json()
    assert (waiting["due"], waiting["early"]) == (1, 0)
    assert "Suspended" not in page(house, taken)
    statements = signed(house)
    for _ in range(2):
        answer = house.client.post("/v1/statuses/statements", content=statements, headers=house.auth())
        assert len(answer.json()["entries"]) == 1
    house.anchoring.round()
    text = page(house, taken)
    assert "Suspended" in text
    assert "It is under review." in text
    assert "exam room" not in text
    changed(house, "valid", {"id": taken["id"], "reason": "cleared"})
    text = page(house, taken)
    assert "Suspended" not in text
    assert "under review" not in text
    assert house.client.get("/v1/statuses", headers=house.auth()).json() == []


def test_an_old_link_opens_the_new_credential_and_nothing_of_the_old_one(house: House) -> None:
    """A name changed: the former name stands on neither page, in neither receipt, once the new one is final."""
    (old,) = house.award("Former Name", number=110)
    (new,) = house.submit("Chosen Name", number=111)
    answer = asked(house, "replaced", {"id": old["id"], "reason": "name-change", "with": new["id"]})
    assert answer.json()["marked"] == [old["id"]]
    assert "Former Name" in page(house, old)  # the new one is not final yet
    assert house.client.get("/v1/statuses/file", headers=house.auth()).content == b""
    house.anchor(house.seal())
    text = page(house, old)
    assert "Chosen Name" in text
    assert "Former Name" not in text
    assert "a name changed. This is the newest." in text
    receipt = Receipt.parse(house.client.get(f"/r/{token_of(old)}/receipt").content)
    assert b"Former Name" not in bytes(receipt)
    assert b"Former Name" not in house.client.get(f"/r/{token_of(old)}/credential").content
    house.client.post("/v1/statuses/statements", content=signed(house), headers=house.auth())
    house.anchoring.round()
    assert "Former Name" not in page(house, new)
    assert "replaced" not in page(house, new)
    own = house.client.post(
        "/v1/verify", content=house.receipt(old["id"]), headers={"Content-Type": "application/json"}
    )
    assert own.json()["result"] == "replaced"


def test_a_revoked_page_says_why(house: House) -> None:
    """In the table's words, with the institution's name."""
    (taken,) = house.award("Revoked One", number=120)
    changed(house, "revoked", {"id": taken["id"], "reason": "issued-in-error"})
    text = page(house, taken)
    assert "Revoked" in text
    assert "Fenwick College says why: It was issued in error." in text


def test_what_cannot_be_is_refused_one_by_one(house: House) -> None:
    """A neighbour's credential, a wrong reason, and a good one: the good one is marked."""
    (mine,) = house.award("Mine", number=130)
    (theirs,) = house.award("Theirs", who=MAKERS, number=131)
    found = asked(
        house,
        "revoked",
        {"id": theirs["id"], "reason": "misconduct"},
        {"id": mine["id"], "reason": "cleared"},
        {"id": mine["id"], "reason": "misconduct"},
    ).json()
    assert [each["id"] for each in found["refused"]] == [theirs["id"], mine["id"]]
    assert found["marked"] == [mine["id"]]
    assert asked(house, "valid", {"id": mine["id"], "reason": "cleared"}).json()["withdrawn"] == [mine["id"]]
    found = asked(house, "replaced", {"id": mine["id"], "reason": "upgrade", "with": theirs["id"]}).json()
    assert "has no credential" in found["refused"][0]["why"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "gone", "changes": []},
        {"status": "revoked"},
        {"status": "revoked", "changes": [{"id": "x", "reason": "because"}]},
        {"status": "revoked", "changes": [{"id": "x", "reason": "misconduct", "with": "y"}]},
        {"status": "replaced", "changes": [{"id": "x", "reason": "correction"}]},
        {"status": "revoked", "changes": [{"id": "x", "reason": "misconduct", "color": "red"}]},
    ],
)
def test_a_malformed_question_is_a_problem(house: House, body: dict[str, Any]) -> None:
    """Another status, reason or member: 400, and nothing is marked."""
    answer = house.client.post("/v1/statuses", content=canonical(body), headers=house.auth())
    assert problem(answer)["status"] == 400


def test_statements_of_others_are_refused(house: House) -> None:
    """Signed by one institution, handed in by another; and what is no statement at all, or far too long."""
    (taken,) = house.award("Stated", number=140)
    asked(house, "revoked", {"id": taken["id"], "reason": "misconduct"})
    statement = signed(house)
    answer = house.client.post("/v1/statuses/statements", content=statement, headers=house.auth(MAKERS))
    assert problem(answer)["detail"] == "the statement is another institution's"
    for wrong in (b"{}\n", b"x" * 70_000):
        answer = house.client.post("/v1/statuses/statements", content=wrong, headers=house.auth())
        assert problem(answer)["status"] == 400
    assert house.client.post("/v1/statuses/statements", content=statement, headers=house.auth()).status_code == 200


def test_a_batchs_statuses_are_public_as_a_whole(house: House) -> None:
    """One address for a batch: everything a holder needs to refresh a receipt, and nobody's digest or name."""
    (taken,) = house.award("Public One", number=150)
    batch = Receipt.parse(house.receipt(taken["id"])).submissions[0].signed.id
    changed(house, "revoked", {"id": taken["id"], "reason": "misconduct"})
    answer = house.client.get(f"/log/{bundle_path(batch)}")
    bundle = StatusBundle.parse(answer.content)
    assert len(answer.content) < MAX_SIZE
    assert bytes(bundle) == answer.content
    assert bundle.chunks is not None
    assert bundle.chunks[0] >> 6 == Status.REVOKED
    assert "Public One" not in answer.text
    for name in ("x", to_digest_text(bundle.status.path[0]) if bundle.status.path else "A" * 43):
        assert problem(house.client.get(f"/log/statuses/{name}.json"))["status"] == 404
