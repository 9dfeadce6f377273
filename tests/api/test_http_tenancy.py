"""Every door, tried by one institution with another's ids: nothing opens, nothing shows, nothing is even confirmed."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import Response

from api.cli.spoken import Spoken
from api.command_line import main
from api.examples import template_of
from api.http.logs import JsonLines
from api.key_files import KeyFile, persons_key
from notary.core.credential import read
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_base64url, to_digest_text, to_hex
from notary.ports.ledger import ContactRow, CredentialId, InstitutionRow, KeyId, PaperKind, Role
from notary.service.access.api_keys import access_of, create_api_key, key_hash, revoke_api_key
from notary.service.access.sessions import open_session
from notary.service.errors import Denied
from notary.service.issuing.incoming import Wording, hand_in_claim
from notary.service.issuing.papers import keep_template, lay_table
from notary.service.log.entries import read_statement
from notary.service.members.registry import members_in_force
from notary.service.receipts.endorsements import Role as EndorserRole
from notary.service.receipts.endorsements import endorse
from notary.service.receipts.shares import share_credential
from tests.api.doors import DOORS, HELD, OWN, Door, Ids, doors_of
from tests.api.house import House, found_house, open_house, problem, token_of
from tests.clocks import Standing

MINE, THEIRS = 0, 1
LEARNER, WAITING, EXHIBIT, NARRATIVE = "Zebulon Quixwood", "Xanthippe Vandersloot", "sonata.pdf", "her Opus 31"


@dataclass(frozen=True, slots=True)
class Street:
    """Two neighbours: what each has, and what nobody but the second may ever see."""

    house: House
    mine: Ids
    theirs: Ids
    secrets: tuple[str, ...]

    def ask(self, door: Door, method: str, ids: Ids, key: str | None, accept: str = "*/*") -> Response:
        headers = {**door.headers, "Accept": accept}
        if key is not None:
            shown = _session(self.house, key) if door.path.startswith("/desk") else {"Authorization": f"Bearer {key}"}
            headers |= shown
        found: Response = self.house.client.request(
            method, ids.fill(door.path), content=door.body(ids), headers=headers, follow_redirects=False
        )
        return found

    def shown(self, text: str) -> list[str]:
        """Return what of the neighbour's stands in a text."""
        return [secret for secret in self.secrets if secret in text]


def _session(house: House, key: str) -> dict[str, str]:
    """What a browser sends whose user signed in with a key; nothing where that does not open."""
    try:
        return {"Cookie": f"desk={open_session(house.notary, key)[1]}"}
    except Denied:
        return {}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Two institutions with a final batch each; the second with evidence, a learner waiting, and a key of its own."""
    settings, institutions = found_house(tmp_path_factory.mktemp("street"))
    with open_house(settings, institutions) as house:
        mine = _settled(house, MINE, "Ana Pérez", "essay.pdf", "an essay", "waiting with me", 500)
        theirs = _settled(house, THEIRS, LEARNER, EXHIBIT, NARRATIVE, WAITING, 600)
        yield Street(house, mine, theirs, tuple(_secrets(house, theirs)))


def _settled(house: House, who: int, learner: str, exhibit: str, narrative: str, waiting: str, number: int) -> Ids:
    document = house.credential(learner, who, number)
    files = [
        ("credential", ("credential.json", document, "application/json")),
        ("evidence", (exhibit, b"%PDF " + exhibit.encode(), "application/pdf")),
    ]
    answer = house.client.post(
        "/v1/credentials", files=files, data={"narrative": narrative}, headers=house.auth(who)
    ).json()
    (taken,) = answer["accepted"]
    batch = house.seal(who)
    statement = house.anchor(batch, who)
    house.submit(waiting, who=who, number=number + 1)
    row, _ = create_api_key(house.notary, house.institutions[who].did)
    template, table, claim = _papers(house, who, waiting)
    return Ids(
        template=template,
        table=table,
        claim=claim,
        batch=str(batch),
        credential=taken["id"],
        key=row.id,
        digest=to_digest_text(sha256(document)),
        token=token_of(taken),
        logged=to_digest_text(read_statement(statement).id),
        share=share_credential(house.notary, token_of(taken), days=None)[1],
        statement=statement,
        receipt=house.receipt(taken["id"], who),
        document=document,
    )


def _papers(house: House, who: int, learner: str) -> tuple[str, str, str]:
    """What lies on an institution's desk: a template, a table, a claim."""
    member = members_in_force(house.notary.ledger).require(house.institutions[who].did)
    text = template_of("first-aid").replace('series = ""', f'series = "{to_base64url(bytes([who] * 32))}"')
    template = keep_template(house.notary, member, "first-aid.toml", text.encode())
    row = f"Name,Email,Test\n{learner},someone@x.example,Passed\n"
    table = lay_table(house.notary, member, template.id, f"of-{learner}.csv", row.encode())
    words = Wording(learner, f"Claimed by {learner}", "I did.", "", "someone@x.example")
    key = persons_key(KeyFile(Ed25519PrivateKey.generate()))
    hand_in_claim(house.notary, member.id, words, [("proof.pdf", b"%PDF")], key)
    with house.notary.ledger.read() as work:
        (claim,) = work.papers.all(member.id, PaperKind.CLAIM)
    return template.id, table.id, claim.id


def _secrets(house: House, ids: Ids) -> Iterator[str]:
    did = house.institutions[THEIRS].did
    yield from (LEARNER, WAITING, EXHIBIT, NARRATIVE, ids.token, ids.key, house.api_keys[THEIRS])
    with house.notary.ledger.read() as work:
        keys = work.keys.all(did)
        rows = list(work.credentials.of_institution(did))
        evidence = [work.evidence.get(row.evidence) for row in rows if row.evidence]
    yield from (row.id for row in keys)
    yield from (ids.template, ids.table, ids.claim)
    values: list[bytes] = [row.hash for row in keys]
    for row in rows:
        yield row.id
        values += [value for value in (row.salt, row.digest, row.evidence, row.link) if value]
    for found in evidence:
        assert found is not None
        yield from found[1].values()
        values += found[1]
    yield from (form(value) for value in values for form in (to_hex, to_base64url, bytes.hex))


def test_every_door_is_in_the_table(street: Street) -> None:
    """A route that is added is tried here too, or this fails; one that is gone is taken out."""
    app: Any = street.house.client.app
    found = set(doors_of(app))
    assert found - set(DOORS) == set(), "a new route: say in tests/api/doors.py who may open it, and what to send"
    assert set(DOORS) - found == set(), "no such route any more: take it out of tests/api/doors.py"


@pytest.mark.parametrize("role", [Role.ISSUER, Role.AUDITOR])
@pytest.mark.parametrize("name", DOORS)
def test_what_is_not_yours_is_answered_as_what_is_not_there(
    street: Street, name: str, role: Role, caplog: pytest.LogCaptureFixture
) -> None:
    """With the neighbour's ids each door says, to the letter, what it says to ids that nobody ever had."""
    door, method = DOORS[name], name.partition(" ")[0]
    _, key = create_api_key(street.house.notary, street.house.institutions[MINE].did, role)
    unknown = to_digest_text(Digest(bytes(32)))
    made_up = Ids("999999", "zzzzzzzzzzzz", "zzzzzzzzzzzz", unknown, "A" * 22, "A" * 43, "A" * 22)
    before = _state(street)
    own = {one: getattr(street.mine, one) for one in ("receipt", "document")}
    held = any(name in door.path for name in HELD)
    with caplog.at_level(logging.INFO):
        for ids in _seen(street.theirs) if held else [street.theirs]:
            theirs = dataclasses.replace(ids, **own)
            nobodys = dataclasses.replace(made_up, statement=ids.statement, **own)
            for accept in ("*/*", "text/html"):
                found, missing = (street.ask(door, method, each, key, accept) for each in (theirs, nobodys))
                assert street.shown(_without(found, theirs) + repr(found.headers)) == []
                if any(name in door.path for name in OWN):
                    assert found.status_code == missing.status_code in (403, 404)
                    assert _without(found, theirs) == _without(missing, nobodys)
    assert _state(street) == before
    log = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert street.shown(log) == []


def _seen(theirs: Ids) -> list[Ids]:
    """What a stranger may have come across: ids, not what opens."""
    return [
        dataclasses.replace(theirs, digest=to_digest_text(sha256(other)), token=token, share=token)
        for other, token in ((theirs.credential.encode(), theirs.credential), (theirs.token.encode(), theirs.key))
    ]


def _without(answer: Response, ids: Ids) -> str:
    """Return an answer without the ids it was asked with, and without drawings, whose numbers are nobody's."""
    text = re.sub(r"<svg.*?</svg>", "", answer.text, flags=re.DOTALL)
    for name in (
        *(ids.batch, ids.credential, ids.key, ids.digest, ids.token, ids.share),
        *(ids.template, ids.table, ids.claim),
    ):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "…", text)
    return text


def _state(street: Street) -> tuple[Any, ...]:
    """What the neighbour has: nothing of it changes by what others try."""
    with street.house.notary.ledger.read() as work:
        did = street.house.institutions[THEIRS].did
        keys = [dataclasses.replace(row, used=None) for row in work.keys.all(did)]
        entries = list(work.journal.entries(institution=did))
        papers = [row for kind in PaperKind for row in work.papers.all(did, kind)]
        return work.batches.all(did), keys, work.credentials.waiting()[did], work.log.size(), entries, papers


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if not door.changes])
def test_ones_own_side_of_a_door_shows_nothing_of_the_neighbours(street: Street, name: str) -> None:
    """Asked with its own ids by its own key, each door answers, and never with anything of the other's."""
    door = DOORS[name]
    role = Role.ISSUER if Role.ISSUER in door.roles else Role.AUDITOR
    _, key = create_api_key(street.house.notary, street.house.institutions[MINE].did, role)
    answer = street.ask(door, name.partition(" ")[0], street.mine, key)
    assert answer.status_code == 200, answer.text
    assert street.shown(answer.text + repr(answer.headers)) == []


@pytest.mark.parametrize("name", DOORS)
def test_every_door_opens_to_its_roles_alone(street: Street, name: str) -> None:
    """Another role is 403 whatever it names, no key or one that has ended 401; the public ones ask for none."""
    door, method, notary = DOORS[name], name.partition(" ")[0], street.house.notary
    did = street.house.institutions[MINE].did
    nothing = dataclasses.replace(
        street.mine,
        batch="999999",
        credential="z" * 12,
        key="z" * 12,
        template="z" * 12,
        table="z" * 12,
        claim="z" * 12,
        document=b"{}",
    )
    for role in Role:
        _, key = create_api_key(notary, None if role is Role.OPERATOR else did, role)
        answer = street.ask(door, method, nothing, key)
        if role in door.roles or not door.roles:
            assert answer.status_code not in (401, 403), (role, answer.text)
        else:
            assert problem(answer)["type"] == "/problems#forbidden"
            assert street.shown(answer.text) == []
    row, revoked = create_api_key(notary, did)
    revoke_api_key(notary, row.id)
    for ended in (None, "cn_unknown", revoked):
        answer = street.ask(door, method, nothing, ended)
        assert (answer.status_code == 401) == bool(door.roles), (ended, answer.text)


def test_a_key_of_the_whole_notary_reads_how_far_things_are_and_no_person(street: Street) -> None:
    """An operator, or an auditor of all: batches, keys and journal of everybody, without a name, a salt or a digest."""
    personal = [secret for secret in street.secrets if secret not in _ids_of_keys(street)]
    for role in (Role.OPERATOR, Role.AUDITOR):
        _, key = create_api_key(street.house.notary, None, role)
        headers = {"Authorization": f"Bearer {key}"}
        batches = street.house.client.get("/v1/batches", headers=headers).json()
        assert {batch["institution"] for batch in batches} == {each.did for each in street.house.institutions}
        for path in ("/v1/batches", f"/v1/batches/{street.theirs.batch}", "/v1/keys", "/v1/journal?limit=1000"):
            answer = street.house.client.get(path, headers=headers)
            assert answer.status_code == 200
            assert [secret for secret in personal if secret in answer.text] == []


def _ids_of_keys(street: Street) -> set[str]:
    with street.house.notary.ledger.read() as work:
        return {row.id for row in work.keys.all()}


def test_numbers_and_pages_name_nobody(street: Street) -> None:
    """Metrics and the operator's page count over all institutions: none of them is named, nor anything of theirs."""
    for path in ("/metrics", "/status"):
        text = street.house.client.get(path).text
        assert street.shown(text) == []
        for each in street.house.institutions:
            assert each.did not in text
            assert each.profile.name not in text


def test_a_look_up_that_is_switched_off_is_a_credential_nobody_submitted(street: Street) -> None:
    """Even the holder's digest is then answered to the letter as an unknown one, as is the credential on the page."""
    house, did = street.house, street.house.institutions[THEIRS].did
    unknown = to_digest_text(Digest(bytes(32)))
    assert house.client.get(f"/v1/proofs/{street.theirs.digest}").status_code == 200
    with house.notary.ledger.begin() as work:
        work.institutions.save(InstitutionRow(did, lookup=False))
    off, never = (house.client.get(f"/v1/proofs/{digest}") for digest in (street.theirs.digest, unknown))
    assert off.text.replace(street.theirs.digest, unknown) == never.text
    dropped = [
        house.client.post("/", files={"receipt": ("c.json", data)})
        for data in (street.theirs.document, house.credential("Nobody", THEIRS, 999))
    ]
    assert dropped[0].text == dropped[1].text
    with house.notary.ledger.begin() as work:
        work.institutions.save(InstitutionRow(did))


def test_the_neighbours_statement_is_taken_for_no_batch_of_mine(street: Street) -> None:
    """A signature of another institution, sent to a batch of one's own, is refused and changes nothing."""
    before = _state(street)
    answer = street.house.client.post(
        f"/v1/batches/{street.mine.batch}/statement", content=street.theirs.statement, headers=street.house.auth(MINE)
    )
    assert problem(answer)["detail"] == "the statement is another institution's"
    assert _state(street) == before


def test_what_a_key_does_stands_in_the_journal_as_the_keys(street: Street) -> None:
    """Submitting, sealing, logging, ending a key: who, what, which; refused: that too; nothing of a person."""
    house, did = street.house, street.house.institutions[MINE].did
    with house.notary.ledger.read() as work:
        last = work.journal.last()
    assert last is not None
    row, key = create_api_key(house.notary, did)
    spare, _ = create_api_key(house.notary, did)
    house.api_keys = (key, house.api_keys[THEIRS])
    house.submit("Journaled", number=700)
    with house.notary.ledger.read() as work:
        waited = work.credentials.waiting()[did]
    batch = house.seal()
    path = f"/v1/batches/{batch}/statement"
    house.client.post(path, content=house.signature(batch), headers=house.auth())
    house.client.post(path, content=b"{}", headers=house.auth())
    house.client.delete(f"/v1/keys/{spare.id}", headers=house.auth())
    house.client.get("/v1/journal", headers=house.auth())
    _, audit = create_api_key(house.notary, did, Role.AUDITOR)
    path = f"/v1/journal?limit=1000&after={last.number}"
    answer = house.client.get(path, headers={"Authorization": f"Bearer {audit}"})
    done = [entry for entry in answer.json()["entries"] if (entry["role"], entry["name"]) == ("issuer", row.id)]
    assert [(entry["action"], entry["objects"], entry["count"], entry["outcome"]) for entry in done] == [
        ("submit credentials", [], 1, "done"),
        ("seal batch", [f"batch {batch}"], waited, "done"),
        ("log statement", [f"batch {batch}"], 1, "done"),
        ("POST /v1/batches/{number}/statement", [], 0, "refused (400)"),
        ("revoke API key", [spare.id], 1, "done"),
        ("GET /v1/journal", [], 0, "refused (403)"),
    ]
    assert {entry["institution"] for entry in answer.json()["entries"]} == {did}
    assert "Journaled" not in answer.text


def test_a_key_ends_when_its_time_is_over(street: Street) -> None:
    """To the second: its holder is told when; what it was used for last stands in the list, by day."""
    house = street.house
    row, key = create_api_key(house.notary, house.institutions[MINE].did, days=1)

    last = Standing(row.expires - timedelta(microseconds=1))
    assert access_of(dataclasses.replace(house.notary, clock=last), key).key.id == row.id
    with pytest.raises(Denied, match="this API key expired on"):
        access_of(dataclasses.replace(house.notary, clock=Standing(row.expires)), key)
    with house.notary.ledger.read() as work:
        found = work.keys.by_hash(key_hash(key))
    assert found is not None
    assert found.used == last.moment.date()


LISTS = ("api-key list", "batches", "journal", "log show")
TAKES = ("seal", "submit")
PUBLIC = ("monitor",)
"""Commands that read what everybody can: they have no data folder."""
NAMES_ONE = {
    "revoke": ("--reason", "issued-in-error"),
    "suspend": ("--reason", "under-review"),
    "reinstate": ("--reason", "cleared"),
    "reissue": ("--reason", "correction", "--with"),
}
"""Commands about one credential, with what else they need."""


LEARNERS = ("deliver", "endorse attach", "issue", "validate")
"""Commands between an institution and its learners; the first two are tried below, the others sign with its own key."""


def _commands_of_an_issuer() -> Iterator[str]:
    """Name every command with --issuer."""
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        below = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for sub, each in below:
            if any("--issuer" in option.opts for option in getattr(each, "params", ())):
                yield f"{name} {sub}".strip()


def _say(street: Street, *words: str) -> str:
    data = ("--data", str(street.house.settings.data))
    result = CliRunner().invoke(main, [*words, *data], prog_name="notary")
    assert "Traceback" not in result.output
    return result.output


def test_every_command_of_one_issuer_is_tried_here() -> None:
    """A new command with --issuer makes this fail: put it among the ones above, and into the tests below."""
    assert set(_commands_of_an_issuer()) == {*LISTS, *TAKES, *NAMES_ONE, *PUBLIC, *LEARNERS}
    for name in PUBLIC:
        command = main.get_command(click.Context(main), name)
        assert isinstance(command, Spoken)
        assert not command.data


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_one_issuer_says_nothing_of_another(street: Street, name: str) -> None:
    """For people and as JSON: neither the other's name nor anything of it; its own list has it."""
    mine, theirs = (street.house.institutions[who].did for who in (MINE, THEIRS))
    for more in ((), ("--json",)):
        said = _say(street, *name.split(), "--issuer", mine, *more)
        assert street.shown(said) == []
        assert theirs not in said
        assert street.house.institutions[THEIRS].profile.name not in said
    assert _say(street, *name.split(), "--issuer", mine) != _say(street, *name.split(), "--issuer", theirs)


def test_what_one_issuer_hands_in_and_seals_is_its_own(street: Street, tmp_path: Path) -> None:
    """The other's credential is refused, and what the other has waiting goes on waiting."""
    mine, before = street.house.institutions[MINE].did, _state(street)
    path = tmp_path / "credential.json"
    path.write_bytes(street.theirs.document)
    assert "its issuer is not" in _say(street, "submit", str(path), "--issuer", mine)
    street.house.submit("Sealed alone", number=800)
    sealed = _say(street, "seal", "--issuer", mine, "--out", str(tmp_path))
    assert "Sealed batch" in sealed
    assert street.shown(sealed + "".join(file.read_text() for file in tmp_path.glob("*.ndjson"))) == []
    assert _state(street) == before


def test_delivering_writes_to_ones_own_learners_alone(street: Street, tmp_path: Path) -> None:
    """The neighbour's learners are neither counted nor handed out, and a neighbour's mail is nobody else's trouble."""
    mine, theirs = (street.house.institutions[who].did for who in (MINE, THEIRS))
    with street.house.notary.ledger.begin() as work:
        work.contacts.add([ContactRow(CredentialId(street.theirs.credential), "zebulon@x.example", LEARNER)])
    said = _say(street, "deliver", "--issuer", mine, "--csv", str(tmp_path / "mine.csv"), "--yes")
    assert "0 credentials to deliver" in said
    said += _say(street, "deliver", "--issuer", theirs, "--csv", str(tmp_path / "theirs.csv"), "--yes")
    assert "Wrote 1 link" in said
    status = _say(street, "deliver", "--status", "--issuer", mine, "--json")
    assert '"handed": 0' in status
    assert [*street.shown(said), *street.shown(status)] == []
    assert "zebulon@x.example" in (tmp_path / "theirs.csv").read_text()


def test_endorsing_the_neighbours_credential_finds_none(street: Street, tmp_path: Path) -> None:
    """To the letter as for a credential that nobody has."""
    mine, path = street.house.institutions[MINE].did, tmp_path / "endorsement.json"
    key = persons_key(KeyFile.create(tmp_path / "peer.pem", "a test's"))
    about = read(street.theirs.document, "theirs")
    path.write_bytes(endorse(about, EndorserRole.PEER, "Mo", "Well done.", key, "2026-05-03T00:00:00Z", bytes(16)))
    said = [
        _say(street, "endorse", "attach", credential, str(path), "--issuer", mine)
        for credential in (street.theirs.credential, "zzzzzzzzzzzz")
    ]
    assert said[0].replace(street.theirs.credential, "zzzzzzzzzzzz") == said[1]
    assert "has no credential zzzzzzzzzzzz here" in said[1]


@pytest.mark.parametrize("name", NAMES_ONE)
def test_a_command_about_the_neighbours_credential_finds_none(street: Street, name: str, tmp_path: Path) -> None:
    """To the letter as for a credential that nobody has, whatever is put in its place; nothing is marked."""
    mine, before = street.house.institutions[MINE].did, _state(street)
    more = (*NAMES_ONE[name], *((street.mine.credential,) if name == "reissue" else ()))
    said = [
        _say(street, name, credential, *more, "--issuer", mine, "--out", str(tmp_path), "--yes")
        for credential in (street.theirs.credential, "zzzzzzzzzzzz")
    ]
    assert said[0].replace(street.theirs.credential, "zzzzzzzzzzzz") == said[1]
    assert "has no credential 'zzzzzzzzzzzz' here" in said[1]
    assert _state(street) == before
    if name == "reissue":
        theirs = (street.theirs.credential, "zzzzzzzzzzzz")
        words = [_say(street, name, street.mine.credential, *more[:-1], new, "--issuer", mine) for new in theirs]
        assert words[0].replace(theirs[0], theirs[1]) == words[1]
    assert _state(street) == before


def test_revoking_the_neighbours_key_is_revoking_one_that_is_not_there(street: Street) -> None:
    """The key goes on opening its owner's door; an operator can end it."""
    house = street.house
    did = house.institutions[THEIRS].did
    row, key = create_api_key(house.notary, did)
    theirs = house.client.delete(f"/v1/keys/{row.id}", headers=house.auth(MINE))
    missing = house.client.delete("/v1/keys/aaaaaaaaaaaa", headers=house.auth(MINE))
    assert theirs.text.replace(row.id, "aaaaaaaaaaaa") == missing.text
    headers = {"Authorization": f"Bearer {key}"}
    assert house.client.get("/v1/batches", headers=headers).status_code == 200
    audit, _ = create_api_key(house.notary, house.institutions[MINE].did, Role.AUDITOR)
    shut_out = house.client.delete(f"/v1/keys/{audit.id}", headers=house.auth(MINE))
    assert problem(shut_out)["detail"] == "an auditor's key is not the institution's to end"
    _, operator = create_api_key(house.notary, None, Role.OPERATOR)
    ended = house.client.delete(f"/v1/keys/{KeyId(row.id)}", headers={"Authorization": f"Bearer {operator}"})
    assert ended.json()["revoked"] is not None
    assert house.client.get("/v1/batches", headers=headers).status_code == 401
