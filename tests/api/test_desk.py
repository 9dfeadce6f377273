"""The desk: from signing in to a class whose learners were mailed, and everything that goes wrong between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.examples import table_of
from api.key_files import KeyFile, persons_key
from api.signing import Signers
from api.signing_hook import SigningHook
from notary.core.canonical import JSON
from notary.core.credential import read
from notary.core.digest import Digest
from notary.core.errors import OperatorError
from notary.core.proof import DataIntegrityProof
from notary.core.registry import MemberRecord
from notary.core.statement import Statement
from notary.ports import AnySigner
from notary.ports.ledger import CredentialId, PaperKind
from notary.ports.ledger import Role as AccessRole
from notary.service.access.api_keys import create_api_key, revoke_api_key
from notary.service.access.sessions import LASTS, session_of
from notary.service.delivery.sending import send_due
from notary.service.errors import Denied
from notary.service.issuing.papers import sweep_papers
from notary.service.members.registry import members_in_force
from notary.service.receipts.endorsements import Role, endorse
from notary.service.receipts.links import renew_link
from notary.service.submission.signing import sign
from tests.api.house import House
from tests.api.registrar import CUSTODIAL, HERE, OWN, TABLE, Counter, hidden, open_counter, plain, sit_down, text_in
from tests.clocks import Standing
from tests.mailbox import Mailbox


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two institutions; the notary keeps the first one's key."""
    folder: Path = tmp_path_factory.mktemp("counter")
    with open_counter(folder) as house:
        yield house


def test_a_class_goes_from_table_to_mail(counter: House) -> None:
    """Template, table, preview, credentials, batch, signature, mails, final: by forms alone."""
    at = sit_down(counter)
    assert "Nothing waits for you" in plain(at.get("/desk"))
    template = at.template()
    shown = at.upload(template)
    assert "3 of 3 rows are ready." in plain(shown)
    assert "Nothing is spent before a batch is signed." in plain(shown)
    issued = at.issue(template)
    assert "3 credentials are issued." in plain(issued), plain(issued)
    again = at.upload(template)
    assert "3 credentials are issued." in plain(again)
    assert "Sign 3" not in again.text
    waits = at.get("/desk/batches")
    assert "3 credentials wait to be sealed." in plain(waits)
    sealed = at.post("/desk/batches", {"recognition": "community"})
    assert "Batch 1 is to be signed." in plain(sealed)
    assert "“First Aid at School”; first Amina El-Sayed, last Tomasz Nowak" in plain(sealed)
    signed = at.post("/desk/batches/1/sign")
    assert "Batch 1 is under way." in plain(signed)
    delivery = at.get("/desk/delivery?batch=1")
    assert "3 credentials to deliver of batch 1." in plain(delivery)
    assert "Hello Amina El-Sayed" in plain(delivery)
    queued = at.post("/desk/delivery", {"batch": "1", "ready": "3"})
    assert "Nobody to write to." in plain(queued)
    send_due(counter.notary)
    post = counter.notary.post
    assert post is not None
    assert isinstance(post.mailer, Mailbox)
    (token,) = post.mailer.tokens("amina@families.harbour-school.example")
    counter.anchoring.round()
    assert "Batch 1 is final." in plain(at.get("/desk/batches/1"))
    assert "Verified." in plain(at.get(f"/r/{token}"))


def one_of(counter: House, at: Counter, name: str) -> str:
    """A learner of a new class, final: the credential's id, as looking the name up finds it."""
    at.batch()
    counter.anchoring.round()
    return newest(at, name)


def newest(at: Counter, name: str) -> str:
    """The id of the newest credential of that name."""
    found = re.findall(r'href="/desk/learners/([a-z2-7]{12})"', at.get(f"/desk/learners?q={name}").text)
    assert found, name
    return str(found[0])


@pytest.mark.parametrize("asked", ["amina", "EL-SAYED amína", "amina@families.harbour-school.example", "2"])
def test_a_learner_is_found_by_what_is_at_hand(counter: House, asked: str) -> None:
    """A name whatever its case and accents, an address, a row; what nobody has finds nobody."""
    at = sit_down(counter)
    at.issue(at.template())
    assert "Amina El-Sayed" in plain(at.get(f"/desk/learners?q={asked}"))
    assert "Nobody of that name" in plain(at.get("/desk/learners?q=Zebulon"))


def test_a_status_is_marked_taken_back_and_signed(counter: House) -> None:
    """Revoking says what it does, waits for a signature, can be taken back until then, and holds afterwards."""
    at = sit_down(counter)
    name = one_of(counter, at, "Chidi")
    asked = at.get(f"/desk/learners/{name}/mark?to=revoked")
    assert "This revokes Chidi Okafor, “First Aid at School”." in plain(asked)
    told = {"to": "revoked", "reason": "issued-in-error", "note": "the wrong Chidi"}
    marked = at.post(f"/desk/learners/{name}/mark", told)
    assert "Revokes Chidi Okafor" in plain(marked)
    back = at.post(f"/desk/learners/{name}/mark", {"to": "valid", "reason": "cleared"})
    assert "Verified." in plain(back)
    seen = hidden(at.post(f"/desk/learners/{name}/mark", told))
    stale = at.post("/desk/statuses/sign", {"seen": "another"})
    assert "has changed since you looked" in plain(stale)
    signed = at.post("/desk/statuses/sign", seen)
    assert "No change waits for a signature." in plain(signed)
    counter.anchoring.round()
    assert "Revoked." in plain(at.get(f"/desk/learners/{name}"))


def test_a_reason_is_needed_and_what_was_typed_is_kept(counter: House) -> None:
    """The note stands there still, escaped."""
    at = sit_down(counter)
    name = one_of(counter, at, "Tomasz")
    answer = at.post(f"/desk/learners/{name}/mark", {"to": "suspended", "note": "<b>first</b>"})
    assert answer.status_code == 422
    assert "No reason is chosen." in plain(answer)
    assert "&lt;b&gt;first&lt;/b&gt;" in answer.text


def test_a_changed_name_takes_the_old_ones_place(counter: House) -> None:
    """The row is filled in as it was; the new one is anchored first; the old link shows the new name alone."""
    at = sit_down(counter)
    name = one_of(counter, at, "Tomasz")
    token = str(renew_link(counter.notary, CredentialId(name)))
    page = at.get(f"/desk/learners/{name}/reissue")
    assert 'name="cell-name" value="Tomasz Nowak"' in page.text
    assert 'name="cell-test" value="Passed"' in page.text
    filled = {"name": "Tomasz Kowalski", "email": "tomasz@families.harbour-school.example", "issued on": "2026-09-12"}
    row = {f"cell-{heading}": text for heading, text in filled.items()} | {"reason": "name-change"} | hidden(page)
    refused = at.post(f"/desk/learners/{name}/reissue", {**row, "cell-test": "Not passed"})
    assert refused.status_code == 422
    assert "Not passed is below Passed" in plain(refused)
    assert 'value="Tomasz Kowalski"' in refused.text
    assert "1 credential waits to be sealed." in plain(
        at.post(f"/desk/learners/{name}/reissue", {**row, "cell-test": "Passed"})
    )
    number = int(str(at.post("/desk/batches", {"recognition": "community"}).url).rpartition("/")[2])
    at.post(f"/desk/batches/{number}/sign")
    counter.anchoring.round()
    at.post("/desk/statuses/sign", hidden(at.get("/desk/statuses")))
    counter.anchoring.round()
    shown = plain(at.get(f"/r/{token}"))
    assert "Tomasz Kowalski" in shown
    assert "Nowak" not in shown


def test_links_papers_and_mail_of_one_learner(counter: House) -> None:
    """A new link ends the old; certificate, badge and receipt are files; a wrong address is said and kept."""
    at = sit_down(counter)
    name = one_of(counter, at, "Amina")
    for path, kind in (("certificate.pdf", b"%PDF"), ("badge.svg", b"<?xml"), ("receipt", b"{"), ("credential", b"{")):
        assert at.get(f"/desk/learners/{name}/{path}").content.startswith(kind), path
    address = re.search(r'value="http://testserver(/r/[^"]+)"', at.post(f"/desk/learners/{name}/link").text)
    assert address is not None
    assert "Verified." in plain(at.get(address[1]))
    answer = at.post(f"/desk/learners/{name}/resend", {"email": "amina at home"})
    assert answer.status_code == 422
    assert 'value="amina at home"' in answer.text
    moved = at.post(f"/desk/learners/{name}/resend", {"email": "Amina@home.example"})
    assert "waiting to be sent" in plain(moved)
    assert "amina@home.example" in plain(moved)


def test_what_is_erased_is_said_first(counter: House) -> None:
    """The page says what nobody can take back; then the name is gone, and looked up no more."""
    at = sit_down(counter)
    name = one_of(counter, at, "Amina")
    assert "the learner's own still verifies" in plain(at.get(f"/desk/learners/{name}/erase"))
    assert at.post(f"/desk/learners/{name}/erase", {"reason": ""}).status_code == 422
    assert "Erased." in plain(at.post(f"/desk/learners/{name}/erase", {"reason": "she asked"}))
    assert "Nobody of that name" in plain(at.get(f"/desk/learners?q={name}"))


def claim_of(words: dict[str, str], **more: str) -> dict[str, str]:
    """What the page for claims sends."""
    return {"learner": "Noor Haddad", "title": "Field Recording", "email": "noor@x.example"} | words | more


def test_a_claim_is_handed_in_looked_at_and_validated(counter: House) -> None:
    """Anybody hands it in; the institution reads it with its evidence, agrees, and a credential names it."""
    learner, at = Counter(TestClient(counter.client.app)), sit_down(counter)
    words = claim_of({"to": counter.institutions[CUSTODIAL].did}, narrative="Forty birds, named by ear.")
    handed = learner.post("/claim", words, [("evidence", ("birds.wav", b"RIFF"))])
    assert "Your claim is with Fenwick College." in plain(handed), plain(handed)
    found = re.search(r'href="(/desk/claims/[a-z2-7]{12})"', at.get("/desk/claims").text)
    assert found is not None
    page = at.get(found[1])
    assert "Forty birds, named by ear." in plain(page)
    file = re.search(r'href="([^"]+)" download>birds.wav', page.text)
    assert file is not None
    assert at.get(file[1]).content == b"RIFF"
    assert at.post(f"{found[1]}/validate", {"narrative": ""}).status_code == 422
    done = at.post(f"{found[1]}/validate", {"narrative": "She named thirty of thirty-two calls that we played."})
    assert "Noor Haddad" in plain(done)
    assert "noor@x.example" in plain(done)
    assert "No claim waits." in plain(at.get("/desk/claims"))


def test_a_declined_claim_is_gone(counter: House) -> None:
    """With its files; the journal has that it was, and not whose."""
    learner, at = Counter(TestClient(counter.client.app)), sit_down(counter)
    learner.post("/claim", claim_of({"to": counter.institutions[CUSTODIAL].did}, narrative="I did."))
    found = re.search(r'href="(/desk/claims/[a-z2-7]{12})"', at.get("/desk/claims").text)
    assert found is not None
    assert "No claim waits." in plain(at.post(f"{found[1]}/decline"))
    assert at.get(found[1]).status_code == 404


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"learner": ""}, "The learner's name is missing."),
        ({"email": "noor"}, "The e-mail address:"),
        ({"to": "did:example:nobody"}, "No institution is chosen."),
        ({"narrative": "x" * 10_001}, "What was done:"),
    ],
)
def test_a_claim_that_lacks_something_says_so_and_keeps_what_was_typed(
    counter: House, wrong: dict[str, str], says: str
) -> None:
    """On the page it was typed on."""
    learner = Counter(TestClient(counter.client.app))
    words = claim_of({"to": counter.institutions[CUSTODIAL].did, "narrative": "I did."}, **wrong, title="<i>Birds</i>")
    answer = learner.post("/claim", words)
    assert answer.status_code == 422
    assert says in plain(answer)
    assert 'value="&lt;i&gt;Birds&lt;/i&gt;"' in answer.text


def test_an_endorsement_is_attached(counter: House, tmp_path: Path) -> None:
    """What somebody wrote of the credential stands on its page; of another credential it is refused."""
    at = sit_down(counter)
    name = one_of(counter, at, "Amina")
    content = at.get(f"/desk/learners/{name}/credential").content
    key = persons_key(KeyFile.create(tmp_path / "peer.pem", "a test's"))
    made = endorse(read(content, "it"), Role.PEER, "Mo", "Well done.", key, "2026-05-03T00:00:00Z", bytes(16))
    files = [("endorsement", ("endorsement.json", made))]
    assert "Well done." in plain(at.post(f"/desk/learners/{name}/endorse", files=files))
    other = at.post(f"/desk/learners/{newest(at, 'Chidi')}/endorse", files=files)
    assert "The endorsement is of another credential." in plain(other)


def test_an_institution_with_its_persons_key_issues_and_signs_elsewhere(counter: House) -> None:
    """The preview says how; what was signed there is handed in, sealed, and its signature brought back."""
    at, own = sit_down(counter, OWN), counter.institutions[OWN]
    shown = at.upload(at.template())
    assert "--no-submit --out signed/" in plain(shown)
    assert f"--issuer {own.did}" in plain(shown)
    assert "keeps its key on its own machine" in plain(at.post(str(shown.url.path), hidden(shown) | {"ready": ["3"]}))
    files = [("credentials", (f"{at_}.json", counter.credential(f"Own {at_}", OWN, 900 + at_))) for at_ in range(2)]
    handed = at.post("/desk/submit", files=[*files, ("credentials", ("x.json", b"{}"))])
    assert "2 credentials are handed in." in plain(handed)
    assert "1 file was left out." in plain(handed)
    page = at.post("/desk/batches", {"accept": "yes"})
    number = int(str(page.url).rpartition("/")[2])
    assert f"notary sign batch-{number}.ndjson" in plain(page)
    signature = counter.signature(number, OWN)
    wrong = at.post(f"/desk/batches/{number}/statement", files=[("statement", ("s.json", b"{}"))])
    assert wrong.status_code == 422
    assert "is to be signed" in plain(wrong)
    brought = at.post(f"/desk/batches/{number}/statement", files=[("statement", ("s.json", signature))])
    assert f"Batch {number} is under way." in plain(brought)


def test_a_session_ends_by_itself_with_its_key_and_by_signing_out(counter: House) -> None:
    """Whoever comes back afterwards is asked to sign in; the cookie is for this site's pages alone."""
    at = Counter(TestClient(counter.client.app))
    row, key = create_api_key(counter.notary, counter.institutions[CUSTODIAL].did)
    answer = at.client.post("/desk/sign-in", data={"key": key}, headers=HERE, follow_redirects=False)
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert "secure" not in told  # this house is served without TLS
    token = at.client.cookies["desk"]
    with counter.notary.ledger.read() as work:
        assert work.sessions.get(Digest(token.encode().ljust(32)[:32])) is None  # the token itself is kept nowhere
    assert at.get("/desk").status_code == 200
    later = replace(counter.notary, clock=Standing(counter.notary.clock.now() + LASTS))
    with pytest.raises(Denied, match="your session has ended"):
        session_of(later, token)
    revoke_api_key(counter.notary, row.id)
    answer = at.get("/desk")
    assert answer.status_code == 401
    assert "This API key was revoked" in plain(answer)
    again = sit_down(counter)
    again.post("/desk/sign-out")
    assert again.get("/desk").status_code == 401


def test_a_form_of_another_site_changes_nothing(counter: House) -> None:
    """What a browser says of where it was sent from is believed, at every form of the desk."""
    at = sit_down(counter)
    for path in ("/desk/batches", "/desk/templates", "/desk/sign-out", "/desk/statuses/sign", "/claim"):
        answer = at.post(path, {"accept": "yes"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path
    assert at.get("/desk").status_code == 200


def test_the_api_takes_no_cookie(counter: House) -> None:
    """A session opens pages and nothing else."""
    assert sit_down(counter).get("/v1/batches").status_code == 401


def test_an_auditor_looks_and_changes_nothing(counter: House) -> None:
    """Batches and how far they are; no learner, no form but signing out."""
    _, key = create_api_key(counter.notary, counter.institutions[CUSTODIAL].did, AccessRole.AUDITOR)
    at = Counter(TestClient(counter.client.app))
    number = sit_down(counter).batch()
    overview = at.sign_in(key)
    assert f"Batch {number}" in plain(overview)
    for page in (overview, at.get("/desk/batches"), at.get(f"/desk/batches/{number}")):
        assert page.status_code == 200
        assert re.findall(r'<form[^>]*action="([^"]*)"', page.text) == ["/desk/sign-out"]
    assert at.get("/desk/learners").status_code == 403


@pytest.mark.parametrize(
    "name, table, says",
    [
        ("none.csv", b"", "is empty"),
        ("image.csv", b"\x01\x02\x03,\x04", "no text"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "Save it as .xlsx"),
        ("large.csv", b"a" * ((16 << 20) + 1), "too large for a page"),
    ],
)
def test_a_file_that_is_no_table_is_said_on_the_page(counter: House, name: str, table: bytes, says: str) -> None:
    """What it was, what to do; the chosen template stays chosen."""
    at = sit_down(counter)
    template = at.template()
    answer = at.upload(template, table, name)
    assert answer.status_code == 422
    assert says in plain(answer)
    assert f'value="{template}" checked' in answer.text


def test_columns_can_be_told_apart_on_the_page(counter: House) -> None:
    """One that is missing is named; chosen by hand, the row is ready; a formula is text, and markup is escaped."""
    at = sit_down(counter)
    table = b'Who,E-mail,Date,Test\n"=1+1<script>alert(1)</script>",f@x.example,03/04/2026,Passed\n'
    shown = at.upload(at.template(), table)
    assert "1 column is missing." in plain(shown)
    assert "<script>alert" not in shown.text
    path = str(shown.url.path)
    asked = at.get(f"{path}?field=name&field=&field=&field=")
    assert "Row 2, Date :" in plain(asked)
    ready = at.get(f"{path}?field=name&field=&field=&field=&dates=dmy")
    assert "1 of 1 row is ready." in plain(ready)
    stale = at.post(path, hidden(ready) | {"ready": ["7"]})
    assert "has changed since you looked" in plain(stale)
    assert "Nobody of that name" in plain(at.get("/desk/learners?q=script"))
    done = at.post(path, hidden(ready))
    assert "1 credential is issued." in plain(done)
    assert "<script>alert" not in at.get("/desk/learners?q=script").text


def test_a_template_that_is_not_fit_is_kept_as_typed(counter: House) -> None:
    """Every finding is said, the text stands there still."""
    at = sit_down(counter)
    text = text_in(at.get("/desk/templates?example=first-aid")).replace('kind = "nano"', 'kind = "tiny"')
    answer = at.post("/desk/templates", {"name": "t.toml", "text": text})
    assert answer.status_code == 422
    assert "tiny is none of nano, micro, macro" in plain(answer)
    assert 'kind = "tiny"' in text_in(answer)


def test_what_lies_on_a_desk_goes_by_itself(counter: House) -> None:
    """A table after a day, and sooner once it is issued from; a template stays."""
    at = sit_down(counter)
    did = counter.institutions[CUSTODIAL].did
    at.upload(at.template())
    with counter.notary.ledger.read() as work:
        templates = len(work.papers.all(did, PaperKind.TEMPLATE))
        assert work.papers.all(did, PaperKind.TABLE)
    sweep_papers(replace(counter.notary, clock=Standing(counter.notary.clock.now() + timedelta(days=1, seconds=1))))
    with counter.notary.ledger.read() as work:
        assert work.papers.all(did, PaperKind.TABLE) == ()
        assert len(work.papers.all(did, PaperKind.TEMPLATE)) == templates
    assert at.get("/desk").status_code == 401  # and the session with it


def test_links_for_ones_own_mailer(counter: House) -> None:
    """A table of links that no spreadsheet runs; counted as delivered only once somebody says that they have it."""
    at = sit_down(counter)
    at.issue(at.template(), TABLE.replace(b"Amina", b"=1+1"))
    page = at.get("/desk/delivery")
    ready = hidden(page)["ready"]
    table = at.post("/desk/delivery/links", {"batch": "", "ready": ready}).text
    assert "chidi@families.harbour-school.example" in table
    assert "'=1+1" in table
    assert hidden(at.get("/desk/delivery"))["ready"] == ready
    told = at.post("/desk/delivery/handed", {"batch": "", "ready": ready})
    assert "Nobody to write to." in plain(told)


def test_a_text_of_ones_own_is_shown_before_it_is_sent(counter: House) -> None:
    """A field nobody knows is said, and the text is kept."""
    at = sit_down(counter)
    text = "Subject: Yours, {learner}\n\nDear {learner}\n\n{credentials}\n"
    at.issue(at.template("data-literacy"), table_of("data-literacy").encode())
    shown = at.post("/desk/delivery", {"batch": "", "text": text, "preview": "yes"})
    assert re.search(r"<b>Yours, \w+", shown.text)
    wrong = at.post("/desk/delivery", {"batch": "", "text": text.replace("{learner}", "{grade}"), "preview": "yes"})
    assert wrong.status_code == 422
    assert "Your text: a field nobody knows." in plain(wrong)
    assert "Dear {grade}" in wrong.text


def test_an_institutions_own_service_is_asked_to_sign(counter: House) -> None:
    """Where the settings name one: shown the statement and what a person would see, and believed nothing."""
    at, own = sit_down(counter, OWN), counter.institutions[OWN]
    app: Any = counter.client.app
    before = app.state.context
    asked: list[Mapping[str, JSON]] = []

    class Service:
        public_key_multibase = own.key.public_key_multibase

        def prove(self, statement: Statement, method: str, summary: Mapping[str, JSON]) -> DataIntegrityProof:
            asked.append(summary)
            return sign(statement, own.key, method).proof

    class Named(Signers):
        def find(self, member: MemberRecord, purpose: str) -> AnySigner | None:  # noqa: ARG002
            return Service() if member.id == own.did else None

    app.state.context = replace(before, signers=Named(counter.settings.data, {}))
    at.post("/desk/submit", files=[("credentials", ("c.json", counter.credential("By Service", OWN, 950)))])
    number = int(str(at.post("/desk/batches", {"accept": "yes"}).url).rpartition("/")[2])
    assert "is under way" in plain(at.post(f"/desk/batches/{number}/sign"))
    name = newest(at, "Service")
    at.post(f"/desk/learners/{name}/mark", {"to": "suspended", "reason": "disputed"})
    done = at.post("/desk/statuses/sign", hidden(at.get("/desk/statuses")))
    app.state.context = before
    assert "No change waits for a signature." in plain(done)
    assert [asked[0]["first"], asked[1]["batch"]] == ["By Service", number]


def test_the_settings_name_a_service_for_an_institution(counter: House) -> None:
    """DID, address, key; with the token that lies beside the keys; a word too few is said."""
    own = counter.institutions[OWN]
    key = own.key.public_key_multibase
    hooks = f"{own.did} https://signing.example/sign {key}"
    member = members_in_force(counter.notary.ledger).require(own.did)
    found = Signers.of(replace(counter.settings, signing_hooks=hooks)).find(member, "batch")
    assert isinstance(found, SigningHook)
    assert found.public_key_multibase == key
    assert Signers.of(counter.settings).find(member, "batch") is None
    with pytest.raises(OperatorError, match="signing_hooks"):
        Signers.of(replace(counter.settings, signing_hooks=f"{own.did} {key}"))


@pytest.mark.parametrize("name", ["..", "a/../../b.pdf", "\x00.pdf", "ﷺ" * 300 + ".pdf", ""])
def test_no_files_name_leads_anywhere(counter: House, name: str) -> None:
    """Whatever an evidence file is called, the table is looked over; two of one name are said."""
    at = sit_down(counter)
    template = at.template()
    files = [("table", ("class.csv", TABLE)), ("evidence", (name, b"x"))]
    assert at.post("/desk/issue", {"template": template}, files).status_code == 200
    twice = at.post("/desk/issue", {"template": template}, [*files[:1], *[("evidence", ("same.pdf", b"x"))] * 2])
    assert twice.status_code == 422
    assert "Two files have one name." in plain(twice)


def test_what_is_not_there_leads_back_to_the_desk(counter: House) -> None:
    """Without advice for a terminal, and with nothing of what the address says but as text."""
    at = sit_down(counter)
    for path in ("batches/99", "learners/zzzzzzzzzzzz", "issue/zzzzzzzzzzzz", "templates?example=<script>"):
        answer = at.get(f"/desk/{path}")
        assert answer.status_code == 404, path
        assert "Nothing of that name is here." in plain(answer)
        assert "Back to the desk" in plain(answer)
        assert "GET /v1" not in answer.text
        assert "<script>" not in answer.text.partition("<main")[2]
