"""What an institution's programs do over HTTP: hand in, seal, sign, fetch receipts; and only their own."""

from datetime import UTC, datetime
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.cid import Cid
from notary.core.receipt import Receipt
from notary.core.trust import TrustFile
from notary.core.unixfs import read_file
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.service.access.api_keys import create_api_key, revoke_api_key
from notary.service.submission.batch_file import BatchFile
from notary.service.submission.signing import sign
from tests.api.house import JSON_BODY, NDJSON, House, problem


def test_a_credential_goes_from_submit_to_a_receipt_that_verifies_elsewhere(house: House) -> None:
    """Submit, seal, sign, anchor, fetch: the receipt verifies with the published trust file and nothing else."""
    accepted = house.award("Ana Pérez", "Jonas Weber", number=100)
    assert [taken["line"] for taken in accepted] == [1, 2]
    assert accepted[0]["learner"] == "Ana Pérez"
    receipt = house.receipt(accepted[1]["id"])
    trust = TrustFile.parse(house.client.get("/v1/trust").content)
    verdict = verify(receipt, trust, at=datetime.now(UTC))
    assert verdict.result is Result.VERIFIED
    assert verdict.facts.summary is not None
    assert verdict.facts.summary.learners == ("Jonas Weber",)


def test_the_rest_of_a_stream_is_taken_when_a_line_is_refused(house: House) -> None:
    """A bad line, a foreign issuer's and a duplicate are named with line and reason; the others are accepted."""
    good, foreign = house.credential("Line One", number=110), house.credential("Other", who=1)
    body = b"\n".join((good, b'{"a":', foreign, good, b"", house.credential("Line Six", number=111)))
    answer = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **NDJSON})
    report = answer.json()
    assert answer.status_code == 200
    assert [taken["line"] for taken in report["accepted"]] == [1, 6]
    assert [left["line"] for left in report["refused"]] == [2, 3, 4]
    assert "no JSON" in report["refused"][0]["why"]
    assert "its issuer is not Fenwick College" in report["refused"][1]["why"]
    assert "submitted before" in report["refused"][2]["why"]


def test_evidence_comes_with_its_credential_as_a_form(house: House) -> None:
    """Files and a narrative stand in the receipt's evidence, by their bare names, each with its key."""
    files = [
        ("credential", ("credential.json", house.credential("Mei Lin", number=120), "application/json")),
        ("evidence", ("C:\\work\\project.pdf", b"%PDF-1.7 project", "application/pdf")),
        ("evidence", ("chart.png", b"png", "image/png")),
    ]
    answer = house.client.post("/v1/credentials", files=files, data={"narrative": "Her work."}, headers=house.auth())
    (taken,) = answer.json()["accepted"]
    house.anchor(house.seal())
    receipt = Receipt.parse(house.receipt(taken["id"])).to_json()
    assert isinstance(receipt, dict)
    evidence = receipt["evidence"]
    assert isinstance(evidence, dict)
    assert [item["name"] for item in evidence["items"]] == ["project.pdf", "chart.png"]  # type: ignore[union-attr, index, call-overload]
    assert evidence["narrative"] == "Her work."
    assert len(receipt["evidenceKeys"]) == 2  # type: ignore[arg-type]


def test_evidence_is_public_only_where_that_is_asked_for(house: House) -> None:
    """Unasked, what is pinned is a ciphertext with a key of its own; asked, it is the file itself, without a key."""
    for number, (query, encryption, keys) in enumerate((("", "age", 1), ("?public_evidence=true", None, 0)), 140):
        plain = b"%PDF-1.7 " + query.encode() + b" shown"
        files = [
            ("credential", ("credential.json", house.credential("Kai", number=number), "application/json")),
            ("evidence", ("work.pdf", plain, "application/pdf")),
        ]
        answer = house.client.post(f"/v1/credentials{query}", files=files, headers=house.auth())
        house.anchor(house.seal())
        data = house.receipt(answer.json()["accepted"][0]["id"])
        receipt: Any = Receipt.parse(data).to_json()
        (item,) = receipt["evidence"]["items"]
        assert (item["encryption"], len(receipt.get("evidenceKeys", []))) == (encryption, keys)
        pinned = b"".join(read_file(Cid.parse(item["cid"]), house.notary.blocks.get, max_size=1 << 20))
        assert (pinned == plain) is (encryption is None)
        assert plain in pinned or encryption == "age"
        assert house.client.post("/v1/verify", content=data).json()["result"] == "verified"


def test_any_file_is_taken_where_that_is_said(house: House) -> None:
    """With ?as=file any bytes are taken, and the verdict says who submitted them, not who issued them."""
    headers = {**house.auth(), "Content-Type": "application/octet-stream"}
    report = house.client.post("/v1/credentials?as=file", content=b"%PDF certificate", headers=headers).json()
    house.anchor(house.seal())
    verdict = house.client.post("/v1/verify", content=house.receipt(report["accepted"][0]["id"])).json()
    assert verdict["result"] == "verified"
    assert verdict["facts"][0].startswith("Submitted by Fenwick College")


def test_a_receipt_is_pending_until_the_block_is_final(house: House) -> None:
    """Before the anchor, asking for a receipt is answered 409 with what it waits for; afterwards 200."""
    (taken,) = house.submit("Waiting", number=130)
    path = f"/v1/receipts/{taken['id']}"
    assert problem(house.client.get(path, headers=house.auth()))["type"] == "/problems#pending"
    batch = house.seal()
    state = house.client.get(f"/v1/batches/{batch}", headers=house.auth()).json()
    assert (state["state"], state["words"]) == ("sealed", "waits for the institution's signature")
    assert house.client.get(path, headers=house.auth()).status_code == 409
    house.anchor(batch)
    assert house.client.get(f"/v1/batches/{batch}", headers=house.auth()).json()["state"] == "final"
    assert house.client.get(path, headers=house.auth()).status_code == 200


def test_the_same_signature_again_changes_nothing(house: House) -> None:
    """Handing a signed statement in twice is answered alike, and the log has grown by one."""
    house.submit("Twice", number=140)
    batch = house.seal()
    path, signature = f"/v1/batches/{batch}/statement", house.signature(batch)
    first = house.client.post(path, content=signature, headers=house.auth())
    again = house.client.post(path, content=signature, headers=house.auth())
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert canonical(house.client.get(path, headers=house.auth()).json()) == signature


def test_a_signature_by_another_key_is_refused(house: House) -> None:
    """A statement signed by another institution's key is not logged; the message says what was expected."""
    house.submit("Forged", number=150)
    batch = house.seal()
    data = house.client.get(f"/v1/batches/{batch}/file", headers=house.auth()).content
    statement = BatchFile.parse(data.splitlines(keepends=True)).statement
    thief = house.institutions[1]
    forged = canonical(sign(statement, thief.key, house.institutions[0].verification_method).to_json())
    answer = house.client.post(f"/v1/batches/{batch}/statement", content=forged, headers=house.auth())
    assert problem(answer)["title"] == "The institution has to change something"
    assert house.client.get(f"/v1/batches/{batch}", headers=house.auth()).json()["state"] == "sealed"


def test_a_statement_of_another_batch_is_refused(house: House) -> None:
    """A signature sent to the wrong batch is not taken for either."""
    house.submit("One", number=160)
    one = house.seal()
    house.submit("Two", number=161)
    two = house.seal()
    answer = house.client.post(f"/v1/batches/{two}/statement", content=house.signature(one), headers=house.auth())
    assert f"not the one of batch {two}" in problem(answer)["detail"]


def test_sealing_may_claim_less_and_never_more(house: House) -> None:
    """The body of a seal may lower the recognition; raising it, or an unknown member, is refused."""
    house.submit("Less", number=170)
    answer = house.client.post("/v1/batches", content=b'{"recognition":"community"}', headers=house.auth())
    assert (answer.status_code, answer.json()["recognition"]) == (201, "community")
    house.submit("More", who=1, number=171)
    raised = house.client.post("/v1/batches", content=b'{"recognition":"authorised"}', headers=house.auth(1))
    assert problem(raised)["expected"] == "at most community"
    unknown = house.client.post("/v1/batches", content=b'{"colour":"red"}', headers=house.auth(1))
    assert problem(unknown)["status"] == 400


@pytest.mark.parametrize(
    "header",
    [None, "Bearer cn_wrong", "Bearer ", "Basic YTpi", "Bearer \x80\xff", "bearer"],
    ids=["none", "unknown", "empty", "another scheme", "no text", "no key"],
)
def test_a_wrong_api_key_opens_nothing(house: House, header: str | None) -> None:
    """Without a known key every institution's address answers 401, and names the scheme."""
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method, path in (
        ("GET", "/v1/batches"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/credentials"),
        ("GET", "/v1/batches/1/file"),
        ("POST", "/v1/batches/1/statement"),
        ("GET", "/v1/receipts/aaaa"),
    ):
        answer = house.client.request(method, path, headers=headers)
        assert problem(answer)["status"] == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_an_institution_sees_only_its_own(house: House) -> None:
    """Another institution's batch and receipt are answered exactly as ones that do not exist."""
    taken = house.award("Private", number=180)[0]
    batch = max(found["batch"] for found in house.client.get("/v1/batches", headers=house.auth()).json())
    stranger = house.auth(1)
    assert batch not in [found["batch"] for found in house.client.get("/v1/batches", headers=stranger).json()]
    for path in ("", "/file", "/statement"):
        theirs = problem(house.client.get(f"/v1/batches/{batch}{path}", headers=stranger))
        missing = problem(house.client.get(f"/v1/batches/999{path}", headers=stranger))
        assert theirs["status"] == 404
        assert {**theirs, "detail": ""} == {**missing, "detail": ""}
    signature = house.client.get(f"/v1/batches/{batch}/statement", headers=house.auth()).content
    assert house.client.post(f"/v1/batches/{batch}/statement", content=signature, headers=stranger).status_code == 404
    assert house.client.get(f"/v1/receipts/{taken['id']}", headers=stranger).status_code == 404


def test_new_keys_join_the_old_until_they_are_revoked(house: House) -> None:
    """An institution may have several keys; one that is revoked stops working at once, and says so to its holder."""
    row, second = create_api_key(house.notary, house.institutions[1].did)
    for key in (house.api_keys[1], second):
        assert house.client.get("/v1/batches", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    revoke_api_key(house.notary, row.id)
    answer = house.client.get("/v1/batches", headers={"Authorization": f"Bearer {second}"})
    assert (answer.status_code, problem(answer)["detail"][:28]) == (401, "this API key was revoked on ")
    assert house.client.get("/v1/batches", headers=house.auth(1)).status_code == 200
    with house.notary.ledger.read() as work:
        assert second.encode() not in repr(work.keys.all()).encode()


def test_a_credential_sent_as_something_else_is_not_guessed_at(house: House) -> None:
    """An unknown Content-Type is answered 415 with what is taken."""
    headers = {**house.auth(), "Content-Type": "text/html"}
    assert problem(house.client.post("/v1/credentials", content=b"{}", headers=headers))["status"] == 415


def test_a_single_json_credential_is_reported_like_a_stream(house: House) -> None:
    """One credential as the body is accepted with its id and the learner's link."""
    body = house.credential("Single", number=190)
    (taken,) = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **JSON_BODY}).json()[
        "accepted"
    ]
    assert taken["link"].startswith("http://testserver/r/")
    again = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **JSON_BODY}).json()
    assert again["accepted"] == []
    twice = house.client.post(
        "/v1/credentials?duplicates=true", content=body, headers={**house.auth(), **JSON_BODY}
    ).json()
    assert len(twice["accepted"]) == 1
