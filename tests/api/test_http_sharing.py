"""What a learner shares, and a lost link, as people meet them: pages without a script."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response

from api.http.limits import TokenBuckets
from api.http.logs import JsonLines
from notary.core.encoding import to_digest_text
from notary.core.evidence import EvidenceManifest
from notary.core.receipt import Receipt
from notary.ports.ledger import ContactRow, CredentialId, MailKind
from notary.service.notary import Post
from notary.service.receipts.endorsements import Role, endorse
from tests.api.house import House, token_of
from tests.clocks import Running
from tests.mailbox import Mailbox

FOR_PEOPLE = {"Accept": "text/html,application/xhtml+xml"}
ANSWER = "If this address is noted here, a mail with new links is on its way to it."


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """A learner's final credential with two evidence files, and the page of it."""

    house: House
    credential: str
    path: str
    items: tuple[str, ...]

    def look(self) -> str:
        return str(self.house.client.get(self.path, headers=FOR_PEOPLE).text)

    def share(self, **fields: Any) -> str:
        """Send the form; return the share's path."""
        answer = self.house.client.post(f"{self.path}/share", data=fields, headers=FOR_PEOPLE)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        found = re.search(r'value="http://testserver(/s/[A-Za-z0-9_-]{22})"', answer.text)
        assert found
        return found[1]

    def open(self, share: str) -> Response:
        found: Response = self.house.client.get(share, headers=FOR_PEOPLE)
        return found


@pytest.fixture(scope="module")
def home(house: House) -> Home:
    """Ana's."""
    files = [
        ("credential", ("credential.json", house.credential("Ana Pérez", number=700), "application/json")),
        ("evidence", ("essay.pdf", b"%PDF essay", "application/pdf")),
        ("evidence", ("private-letter.pdf", b"%PDF letter", "application/pdf")),
    ]
    answer = house.client.post("/v1/credentials", files=files, headers=house.auth()).json()
    (taken,) = answer["accepted"]
    house.anchor(house.seal())
    manifest = Receipt.parse(house.receipt(taken["id"])).evidence
    assert isinstance(manifest, EvidenceManifest)
    return Home(
        house, taken["id"], f"/r/{token_of(taken)}", tuple(to_digest_text(item.digest) for item in manifest.items)
    )


def test_a_share_shows_what_was_chosen_and_nothing_else(home: Home) -> None:
    """The verdict, the chosen file and its key; the other file's name and key are nowhere on the page."""
    share = home.share(days="7", item=home.items[0])
    page = home.open(share).text
    assert "Verified" in page
    assert "essay.pdf" in page
    assert "private-letter.pdf" not in page
    assert home.path.removeprefix("/r/") not in page
    receipt = Receipt.parse(home.house.client.get(f"{share}/receipt").content)
    assert [to_digest_text(key.digest) for key in receipt.evidence_keys] == [home.items[0]]
    answer = home.house.client.post("/v1/verify", content=bytes(receipt)).json()
    assert answer["result"] == "verified"


def test_without_a_choice_no_evidence_is_even_listed(home: Home) -> None:
    """The receipt withholds the manifest and still verifies."""
    share = home.share(days="")
    receipt = Receipt.parse(home.house.client.get(f"{share}/receipt").content)
    assert not isinstance(receipt.evidence, EvidenceManifest)
    assert receipt.evidence_keys == ()
    assert b"essay.pdf" not in bytes(receipt)
    assert home.house.client.post("/v1/verify", content=bytes(receipt)).json()["result"] == "verified"


def test_a_share_ends_when_its_learner_ends_it(home: Home) -> None:
    """The page lists it; ended, its link opens what no link opens."""
    share = home.share(days="30")
    before = re.findall(r"/shares/([a-z2-7]{12})/end", home.look())
    assert before
    assert home.open(share).status_code == 200
    for name in before:
        answer = home.house.client.post(f"{home.path}/shares/{name}/end", data={"x": ""}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"http://testserver{home.path}#shares")
    assert "Links you made" not in home.look()
    ended, never = home.open(share), home.open("/s/" + "A" * 22)
    assert (ended.status_code, ended.text) == (404, never.text)


def test_a_share_ends_by_itself(home: Home) -> None:
    """After its days it opens nothing, and is forgotten."""
    share = home.share(days="7")
    app: Any = home.house.client.app
    context = app.state.context
    later = dataclasses.replace(context.notary, clock=Running(timedelta(days=7)))
    app.state.context = dataclasses.replace(context, notary=later)
    assert home.open(share).status_code == 404
    app.state.context = context
    assert home.open(share).status_code == 200


def test_a_preview_card_names_nobody_unless_the_learner_chose_so(home: Home) -> None:
    """Open Graph: title and institution; the name is there where it was ticked. A learner's own page has no card."""

    def card(share: str) -> str:
        return " ".join(re.findall(r'<meta property="og:[^>]+>', home.open(share).text))

    plain = card(home.share(days="7"))
    assert "Data Literacy I" in plain
    assert "Fenwick College" in plain
    assert "Ana" not in plain
    assert "Ana Pérez" in card(home.share(days="7", named="yes"))
    assert 'property="og:' not in home.look()


def test_linkedin_is_told_only_once_the_learner_goes_there(home: Home) -> None:
    """The learner's page holds no address of it; after the click it stands in a link, with what is told."""
    assert "linkedin.com" not in home.look()
    answer = home.house.client.post(f"{home.path}/share", data={"for": "linkedin"}, headers=FOR_PEOPLE)
    found = re.search(r'href="(https://www\.linkedin\.com/profile/add\?[^"]+)"', answer.text)
    assert found
    fields = {name: value[0] for name, value in parse_qs(urlsplit(found[1].replace("&amp;", "&")).query).items()}
    address = fields.pop("certUrl")
    assert fields == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Data Literacy I",
        "organizationName": "Fenwick College",
        "issueYear": "2026",
        "issueMonth": "5",
        "certId": home.credential,
    }
    assert "Verified" in home.open(address.removeprefix("http://testserver")).text


@pytest.mark.parametrize("where", ["/share", "/shares/aaaaaaaaaaaa/end"])
def test_forms_of_other_sites_are_refused(home: Home, where: str) -> None:
    """A browser says where a form was sent from; another site's changes nothing, nor does another kind of body."""
    before = home.look()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = home.house.client.post(home.path + where, data={"days": "7"}, headers=headers)
        assert answer.status_code == 403
    assert home.house.client.post(home.path + where, json={}).status_code == 415
    assert home.house.client.post(home.path + where, data={"days": "7", "x": "x" * 20_000}).status_code == 413
    many = {f"f{at}": "x" for at in range(200)}
    assert home.house.client.post(home.path + where, data=many).status_code == 400
    assert home.look() == before


@pytest.mark.parametrize("days", ["0", "-1", "99999", "1e3", "x", "٣"])
def test_days_that_are_none_are_refused(home: Home, days: str) -> None:
    """In words, and nothing is shared."""
    answer = home.house.client.post(f"{home.path}/share", data={"days": days})
    assert answer.status_code in (400, 422)


def test_endorsements_stand_on_both_pages(home: Home, tmp_path: Any) -> None:
    """Who, as what, and that it is no part of the answer; mark-up in them is text."""
    from api.key_files import KeyFile, persons_key
    from notary.core.credential import read
    from notary.service.members.registry import members_in_force
    from notary.service.receipts.endorsements import attach_endorsement

    key = persons_key(KeyFile.create(tmp_path / "marta.pem", "a test's"))
    with home.house.notary.ledger.read() as work:
        row = work.credentials.get(CredentialId(home.credential))
    assert row is not None
    made = endorse(
        read(row.content or b"", "it"),
        Role.SUPERVISOR,
        "Marta Gil",
        "She is <b>good</b>.",
        key,
        "2026-05-04T00:00:00Z",
        bytes(16),
    )
    member = members_in_force(home.house.notary.ledger).require(row.institution)
    attach_endorsement(home.house.notary, member, row.id, made)
    for page in (home.look(), home.open(home.share(days="7")).text):
        assert "What others say" in page
        assert "She is &lt;b&gt;good&lt;/b&gt;." in page
        assert "Marta Gil, supervisor" in page
        assert "Their own signature holds" in page


def test_a_pending_credential_can_be_shared_later_only(house: House) -> None:
    """Nothing to share yet: no form; whoever knows the address shares what is pending, and it says so."""
    (taken,) = house.submit("Pending Pia", number=710)
    path = f"/r/{token_of(taken)}"
    assert "Share a copy" not in house.client.get(path, headers=FOR_PEOPLE).text
    share = Home(house, taken["id"], path, ()).share(days="7")
    assert "Pending." in house.client.get(share, headers=FOR_PEOPLE).text
    assert house.client.get(f"{share}/receipt").status_code == 409


# ------------------------------------------------------------------ a lost link


@pytest.fixture
def mailbox(house: House, home: Home) -> Iterator[Mailbox]:
    """A mail server behind the service; Ana's address is on file."""
    app: Any = house.client.app
    before, box = app.state.context, Mailbox()
    notary = dataclasses.replace(house.notary, post=Post(box, "http://testserver", "the Harbour Consortium"))
    app.state.context = dataclasses.replace(before, notary=notary)
    with house.notary.ledger.begin() as work:
        if work.contacts.get(CredentialId(home.credential)) is None:
            work.contacts.add([ContactRow(CredentialId(home.credential), "ana@x.example", "Ana Pérez")])
    yield box
    app.state.context = before


def test_nobody_learns_whether_an_address_is_known(
    house: House, mailbox: Mailbox, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Known, unknown, no address at all: the same page to the letter, and nobody in the log; one mail is queued."""
    with caplog.at_level(logging.DEBUG):
        answers = [
            house.client.post("/lost", data={"email": email}, headers=FOR_PEOPLE)
            for email in (
                "ana@x.example",
                "ANA@x.example ",
                "stranger@x.example",
                "no address",
                "a@x.example\r\nBcc: e@x",
                "",
            )
        ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert ANSWER in answers[0].text
    log = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "x.example" not in log
    with house.notary.ledger.read() as work:
        assert work.outbox.get(CredentialId(home.credential), MailKind.LOST) is not None
        assert work.outbox.tally().waiting == 1
    assert mailbox.mails == []  # a worker's to send


def test_what_is_asked_is_done_after_the_answer(house: House, mailbox: Mailbox) -> None:
    """So the time of the answer tells nothing: the ledger is not touched before it is on its way."""
    from api.http.routes.lost import post_lost

    app: Any = house.client.app

    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    notary = dataclasses.replace(app.state.context.notary, ledger=Untouchable())
    here = dataclasses.replace(app.state.context, notary=notary)
    answer = post_lost(_request(), here, {"email": ["ana@x.example"]})
    assert ANSWER in bytes(answer.body).decode()
    assert answer.background is not None
    assert mailbox.mails == []


def _request() -> Any:
    from starlette.requests import Request

    return Request({"type": "http", "client": ("127.0.0.1", 1), "headers": []})


def test_asking_is_rationed_and_only_from_our_page(
    house: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that asks too often is asked to wait; other sites cannot ask in a visitor's name."""
    app: Any = house.client.app
    rationed = dataclasses.replace(app.state.context, letters=TokenBuckets(2, 0.01))
    monkeypatch.setattr(app.state, "context", rationed)
    statuses = [house.client.post("/lost", data={"email": "x@x.example"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    elsewhere = house.client.post("/lost", data={"email": "x@x.example"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert mailbox.mails == []


def test_without_a_mail_server_the_page_says_whom_to_ask(house: House) -> None:
    """No form that would lead nowhere."""
    page = house.client.get("/lost", headers=FOR_PEOPLE).text
    assert "This notary sends no mail" in page
    assert "<form" not in page
