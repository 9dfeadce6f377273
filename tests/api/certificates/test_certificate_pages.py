"""Certificates and badges behind a learner's link, and back on the verifier's page."""

from __future__ import annotations

import json

import pytest

from notary.core.credential import read
from tests.api.certificates.made import opened, words
from tests.api.house import House, problem, token_of
from tests.api.test_http_pages import FOR_PEOPLE, check
from tests.api.test_http_pages import words as shown

ANA = "Ana Pérez"


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_certificate_verifies_by_itself(house: House, paper: str) -> None:
    """Printed behind the link, dropped on the page: verified, and what was looked at is said."""
    token = token_of(house.award(ANA, number=800 + len(paper))[0])
    answer = house.client.get(f"/r/{token}.pdf", params={"paper": paper})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="certificate-')
    assert ANA in words(answer.content)
    assert f"/r/{token}.pdf" in house.client.get(f"/r/{token}", headers=FOR_PEOPLE).text
    assert "Fenwick College is authorised for it by the Harbour Consortium." in words(answer.content)
    (attached,) = opened(answer.content).attachments["receipt.json"]
    assert json.loads(attached) == json.loads(house.client.get(f"/r/{token}/receipt").content)
    said = shown(check(house, answer.content))
    assert "Verified." in said
    assert "what is printed was not compared" in said


def test_a_pdf_with_another_s_receipt_gives_that_one_s_verdict(house: House) -> None:
    """A page can say anything; the verdict names whom the receipt inside is for."""
    token = token_of(house.award("Jonas Weber", number=820)[0])
    pdf = house.client.get(f"/r/{token}.pdf").content
    said = shown(check(house, pdf.replace(b"%PDF-1.7", b"%PDF-1.6")))
    assert "Issued to Jonas Weber" in said
    assert "Believe this verdict, not the page" in said


def test_what_is_pending_prints_as_pending_and_is_not_known(house: House) -> None:
    """Its paper says so, and the verifier's page says what would settle it."""
    accepted = house.submit("Chidi Okafor", number=830)[0]
    pdf = house.client.get(f"/r/{token_of(accepted)}.pdf").content
    assert "This is no proof yet." in words(pdf)
    said = shown(check(house, pdf))
    assert "Not known yet. This PDF carries no receipt." in said
    found = problem(house.client.get(f"/r/{token_of(accepted)}/badge.png"))
    assert found["status"] == 409
    house.anchor(house.seal())


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_badge_verifies_by_itself(house: House, kind: str) -> None:
    """The credential is baked for everybody, the receipt for us; the two are one proof."""
    number = 840 + len(kind) + ord(kind[0])
    token = token_of(house.award("Mei Lin 林美", number=number)[0])
    answer = house.client.get(f"/r/{token}/badge.{kind}")
    assert answer.headers["Content-Type"].startswith(f"image/{kind}")
    assert "attachment" in answer.headers["Content-Disposition"]
    credential = house.credential("Mei Lin 林美", number=number)
    assert read(answer.content, "badge").digest == read(credential, "own").digest
    assert "Verified." in shown(check(house, answer.content))


def test_a_badge_with_another_credential_is_not_verified(house: House) -> None:
    """The receipt holds for the credential in the same image, or for nothing."""
    token = token_of(house.award("Amina El-Sayed", number=860)[0])
    svg = house.client.get(f"/r/{token}/badge.svg").content
    said = shown(check(house, svg.replace(b"Amina", b"Agnes")))
    assert "Not verified." in said


@pytest.mark.parametrize("kind", ["pdf", "png", "svg"])
def test_a_program_sends_the_file_as_it_is(house: House, kind: str) -> None:
    """By the API the receipt inside is verified as by itself, as the body and as a form, and what was read is said."""
    token = token_of(house.award(ANA, number=890 + ord(kind[1]))[0])
    address = f"/r/{token}.pdf" if kind == "pdf" else f"/r/{token}/badge.{kind}"
    data = house.client.get(address).content
    whole = house.client.post("/v1/verify", content=data).json()
    assert whole["result"] == "verified"
    assert whole["facts"][0].startswith(f"Issued to {ANA} by Fenwick College")
    assert "was checked" in whole["notice"] or "were checked" in whole["notice"]
    assert house.client.post("/v1/verify", files={"receipt": ("certificate", data)}).json() == whole
    receipt = house.client.get(f"/r/{token}/receipt").content
    alone = house.client.post("/v1/verify", content=receipt).json()
    assert whole == alone | {"notice": whole["notice"]}


def test_a_sent_file_whose_receipt_was_changed_is_not_verified(house: House) -> None:
    """One letter of the credential in a badge, or none of our receipts in it: the verdict says which."""
    token = token_of(house.award("Amina El-Sayed", number=895)[0])
    svg = house.client.get(f"/r/{token}/badge.svg").content
    assert house.client.post("/v1/verify", content=svg.replace(b"Amina", b"Agnes")).json()["result"] == "not verified"
    bare = house.client.post("/v1/verify", content=b"%PDF-1.7\n%%EOF\n").json()
    assert bare["result"] == "not known yet"
    assert "carries no receipt" in bare["headline"]
    assert "notice" not in bare


def test_what_was_revoked_gets_no_certificate(house: House) -> None:
    """Paper cannot be called back; the refusal says why, and that the receipt says so too."""
    from tests.api.test_http_statuses import changed

    taken = house.award("Tomasz Nowak", number=870)[0]
    changed(house, "revoked", {"id": taken["id"], "reason": "issued-in-error"})
    found = problem(house.client.get(f"/r/{token_of(taken)}.pdf"))
    assert found["status"] == 422
    assert "it is revoked" in found["detail"]
    assert ".pdf" not in house.client.get(f"/r/{token_of(taken)}", headers=FOR_PEOPLE).text


def test_a_link_that_opens_nothing_prints_nothing(house: House) -> None:
    """No such token, no such paper."""
    assert house.client.get("/r/AAAAAAAAAAAAAAAAAAAAAA.pdf").status_code == 404
    token = token_of(house.award(ANA, number=880)[0])
    assert house.client.get(f"/r/{token}.pdf?paper=a3").status_code == 400
    assert house.client.get(f"/r/{token}/badge.gif").status_code == 400
