"""Pages as people meet them, without a script: the verifier's, the learner's, the operator's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from notary.core.receipt import Receipt
from notary.ports.ledger import InstitutionRow
from notary.service.access.links import link_hash
from tests.api.house import House, token_of
from tests.world import World

FOR_PEOPLE = {"Accept": "text/html,application/xhtml+xml"}


def words(page: str) -> str:
    """What a page says, without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def check(house: House, data: bytes, beside: bytes | None = None) -> str:
    """Drop a file on the start page."""
    files = {"receipt": ("file.json", data)} | ({"credential": ("c.json", beside)} if beside else {})
    answer = house.client.post("/", files=files, headers=FOR_PEOPLE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.text)


def test_a_receipt_is_dropped_and_the_answer_comes_first(house: House) -> None:
    """The word, the recognition beside it, the facts, then five stations, each with what it proves."""
    assert 'type="file"' in house.client.get("/", headers=FOR_PEOPLE).text
    page = check(house, house.receipt(house.award("Ana Pérez", number=500)[0]["id"]))
    said = words(page)
    order = ("Verified.", "Authorised Fenwick College", "Issued to Ana Pérez", "Not revoked", "The proof, step by step")
    assert [said.index(part) for part in order] == sorted(said.index(part) for part in order)
    assert re.findall(r'class="station">(\w+)<', page) == ["Credential", "Batch", "Log", "Anchor", "Block"]
    assert re.findall(r'<span class="mark">([^<]+)</span></summary>', page) == ["holds"] * 5
    assert "A receipt in hand is not identity." in said


def test_an_altered_receipt_shows_where_the_chain_breaks(house: House) -> None:
    """Not verified, why, the innocent reason; no recognition stands beside it; red only where it is false."""
    receipt = house.receipt(house.award("Ana Pérez", number=501)[0]["id"])
    page = check(house, receipt.replace(b"Ana P", b"Ann P"))
    said = words(page)
    assert "Not verified." in said
    assert "edited or saved again" in said
    assert "Authorised Fenwick College" not in said
    assert re.findall(r'<span class="mark">([^<]+)</span></summary>', page)[2:] == ["holds"] * 3


def test_a_receipt_of_strangers_is_unknown_never_invalid(house: House) -> None:
    """A consortium this notary does not know: not known yet, and what would settle it; nothing is red."""
    page = check(house, bytes(World().receipt("alice")))
    assert "Not known yet." in words(page)
    assert "To settle it:" in words(page)
    assert 'class="answer bad"' not in page
    assert "broken" not in words(page)


def test_a_credential_without_its_receipt_is_looked_up(house: House) -> None:
    """Whoever brings only the credential gets the verdict of this notary's receipt, and is told so."""
    credential = house.credential("Mei Lin", number=510)
    unknown = words(check(house, credential))
    assert "Not known yet." in unknown
    assert "a credential without its receipt" in unknown
    house.award("Mei Lin", number=510)
    known = words(check(house, credential))
    assert "Verified." in known
    assert "You brought the credential without its receipt" in known


def test_an_older_receipt_is_answered_with_the_newest_status(house: House) -> None:
    """After a later anchor, the status shown is that anchor's, for a receipt with and without its credential."""
    receipt = house.receipt(house.award("Older", number=520)[0]["id"])
    house.award("Newer", number=521)
    assert "This notary had a newer one" in words(check(house, receipt))
    bare = bytes(replace(Receipt.parse(receipt), content=None))
    page = words(check(house, bare, house.credential("Older", number=520)))
    assert "Verified." in page
    assert "This notary had a newer one" in page


def test_what_is_no_receipt_at_all_is_told_kindly(house: House) -> None:
    """A picture, a text, nothing: an answer with a next step, not an error page."""
    for data in (b"hello", b"\x89PNG\r\n\x1a\nxx", b"[]", b'{"type":"credential-notary/receipt/v9"}'):
        said = words(check(house, data))
        assert "Not verified." in said or "Not known yet." in said
        assert "Check another" in said


def test_a_learners_link_is_the_same_from_pending_to_final(house: House) -> None:
    """One address all the way: pending says when, and that one may leave; final gives the receipt."""
    (taken,) = house.submit("Chidi Okafor", number=530)
    path = f"/r/{token_of(taken)}"

    def look() -> str:
        answer = house.client.get(path, headers=FOR_PEOPLE)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        return words(answer.text)

    assert "It waits for its batch." in look()
    batch = house.seal()
    assert "It waits for the institution&#39;s signature." in look()
    answer = house.client.post(f"/v1/batches/{batch}/statement", content=house.signature(batch), headers=house.auth())
    assert answer.status_code == 200
    pending = look()
    assert "Pending: final about 20" in pending
    assert "You may close this page." in pending
    assert house.client.get(f"{path}/receipt", headers=FOR_PEOPLE).status_code == 409
    house.anchoring.round()
    final = look()
    for part in ("Chidi Okafor", "Data Literacy I", "Verified.", "Download the receipt", "It does not prove"):
        assert part in final
    receipt = house.client.get(f"{path}/receipt")
    assert receipt.content == house.receipt(taken["id"])
    assert receipt.headers["Content-Disposition"] == f'attachment; filename="receipt-{taken["id"]}.json"'
    credential = house.client.get(f"{path}/credential")
    assert credential.content == house.credential("Chidi Okafor", number=530)
    assert "attachment" in credential.headers["Content-Disposition"]


def test_a_credential_that_is_not_kept_has_a_page_all_the_same(house: House) -> None:
    """Where the institution keeps its credentials to itself, the page has the receipt and says what goes beside it."""
    did = house.institutions[1].did
    with house.notary.ledger.begin() as work:
        before = work.institutions.get(did) or InstitutionRow(did)
        work.institutions.save(replace(before, retain=False))
    taken = house.award("Sofia Rossi", who=1, number=540)[0]
    with house.notary.ledger.begin() as work:
        work.institutions.save(before)
    path = f"/r/{token_of(taken)}"
    said = words(house.client.get(path, headers=FOR_PEOPLE).text)
    assert "The credential itself is not kept here" in said
    assert "Download the receipt" in said
    assert "The credential alone" not in said
    assert house.client.get(f"{path}/credential", headers=FOR_PEOPLE).status_code == 404
    receipt = house.client.get(f"{path}/receipt").content
    assert "Verified." in words(check(house, receipt, house.credential("Sofia Rossi", 1, 540)))


def test_tokens_are_kept_as_hashes_only(house: House) -> None:
    """The ledger finds a link by its token's hash; the token itself is nowhere in its files."""
    (taken,) = house.submit("Secret Link", number=550)
    token = token_of(taken)
    with house.notary.ledger.read() as work:
        row = work.credentials.by_link(link_hash(token))
    assert row is not None
    assert row.id == taken["id"]
    for file in house.settings.data.rglob("ledger*"):
        assert token.encode() not in file.read_bytes()


@pytest.mark.parametrize("path", ["/nowhere", "/r/short", "/r/short/receipt"])
def test_nothing_here_is_said_in_words(house: House, path: str) -> None:
    """A wrong address gets a page with what to do, for people; a problem, for programs."""
    answer = house.client.get(path, headers=FOR_PEOPLE)
    assert answer.status_code == 404
    assert "Nothing is here." in words(answer.text)
    assert house.client.get(path).headers["content-type"] == "application/problem+json"


def test_a_file_too_large_is_said_in_words(house: House) -> None:
    """What is dropped and far too large gets a page that says how large a receipt is."""
    headers = {**FOR_PEOPLE, "Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(1 << 30)}
    answer = house.client.post("/", content=b"", headers=headers)
    assert answer.status_code == 413
    assert "This file is too large." in words(answer.text)


def test_the_status_page_has_numbers_and_names_nobody(house: House) -> None:
    """Counts and anchors are there; institutions, learners, addresses of nodes and folders are not."""
    house.award("Somebody Private", number=560)
    page = words(house.client.get("/status", headers=FOR_PEOPLE).text)
    assert "All is well." in page
    assert "final" in page
    for secret in ("Fenwick", "Somebody Private", str(house.settings.data), house.institutions[0].did):
        assert secret not in page


def test_pages_ask_nobody_else_for_anything(house: House) -> None:
    """No address in any page, style or script leads away from this server; nothing is inline."""
    taken = house.award("Ana Pérez", number=570)[0]
    pages = [house.client.get(path).text for path in ("/", "/status", "/problems", f"/r/{token_of(taken)}")]
    pages.append(check(house, house.receipt(taken["id"])))
    for page in pages:
        found = re.findall(r'(?:src|href|action|data)="([^"]*)"', page)
        assert all(address.startswith(("/", "#", "http://testserver/")) for address in found), found
        assert not re.search(r"<style|\bstyle=|<script(?! src=)|\bon\w+=", page)
    for name in ("page.css", "page.js", "icon.svg"):
        text = house.client.get(f"/static/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text
        assert "url(" not in text
        assert "@import" not in text
