"""Credentials as they are issued: 1EdTech's own schema finds nothing wrong with them, and they verify."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from notary.core.canonical import canonical
from notary.core.credential import read as read_credential
from notary.core.did import KeySource
from notary.core.own_proof import own_proof
from notary.core.summary import achievements, issuer, summarize
from notary.service.issuing.badge import BadgeMaker
from notary.service.issuing.conformity import CLASSES, check_credential, check_maker
from tests.service.issuing.desk import TODAY, desk, example, learners, signed, signing, template

TABLES = {
    "data-literacy": "Name,Mail,Number,Grade,Presentation,Comment\nAna,ana@x.example,7,A,Secure,<b>Well</b> done\n",
    "first-aid": "Name,Mail,Test,Instructor\n林美,m@x.example,passed,Sofia Rossi\n",
    "science-project": "Name,Mail,Investigation,Score,Work\nनूर,n@x.example,Expert,36,work.png\n",
}
FULL = """
[issuer]
name = "The College of Fenwick"
url = "https://fenwick.example"
email = "registrar@fenwick.example"
image = "https://fenwick.example/logo.png"
[[alignment]]
source = "CTDL"
name = "a"
url = "https://x.example/ce-1"
[[alignment]]
source = "other"
framework = "Ours"
name = "b"
code = "1"
url = "urn:xy:b"
[[result]]
name = "Score"
least = 0
most = 10
optional = true
[assessor]
id = "https://x.example/okafor"
name = "Dr Okafor"
[subject]
by = ["did", "name", "email"]
[validity]
months = 1
"""


@pytest.fixture(scope="module")
def schema(request: pytest.FixtureRequest) -> dict[str, Any]:
    """1EdTech's JSON schema of an AchievementCredential on VC 2.0."""
    folder: Path = request.getfixturevalue("standards")
    found: dict[str, Any] = json.loads((folder / "schemas/ob-v3p0-vc2/achievementcredential.json").read_bytes())
    return found


def issued(name: str, tmp_path: Path, **options: Any) -> bytes:
    """Issue the first row of an example."""
    (tmp_path / "work.png").write_bytes(b"the work")
    given = example(name)
    made = desk(given, **options)
    (learner,) = learners(TABLES[name], given, folder=tmp_path)
    return signed(made, learner)


@pytest.mark.parametrize("name", TABLES)
def test_every_example_issues_what_the_open_badges_schema_allows(
    name: str, tmp_path: Path, schema: dict[str, Any]
) -> None:
    """Signed, and by our own checks before it is signed."""
    document = json.loads(issued(name, tmp_path))
    validator = jsonschema_rs.Draft201909Validator(schema, validate_formats=True)
    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(document)] == []
    del document["proof"]
    assert check_credential(document) == ()


def test_all_that_a_template_can_say_is_allowed(schema: dict[str, Any]) -> None:
    """Every field, also those no example has."""
    given = template(more=FULL)
    given = replace(given, achievement=replace(given.achievement, image="https://x.example/badge.png", credits=2.5))
    made = desk(given)
    row = "Ana,a@x.example,did:key:z6MkAna,2026-01-31,,9,2.5,Well done,Dr Okafor\n"
    (learner,) = learners(f"Name,Mail,DID,Date,Valid until,Score,Credits,Comment,Assessor\n{row}", given)
    document = json.loads(signed(made, learner))
    assert list(jsonschema_rs.Draft201909Validator(schema).iter_errors(document)) == []
    subject = document["credentialSubject"]
    assert (subject["id"], subject["source"]["id"], subject["creditsEarned"]) == (
        "did:key:z6MkAna",
        "https://x.example/okafor",
        2.5,
    )
    assert document["issuer"]["name"] == "The College of Fenwick"
    assert (document["validFrom"], document["validUntil"]) == ("2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z")
    del document["proof"]
    assert check_credential(document) == ()


@pytest.mark.parametrize("form", ["json", "jwt"])
@pytest.mark.parametrize("name", TABLES)
def test_a_credential_verifies_by_its_issuers_key(name: str, form: str, tmp_path: Path) -> None:
    """As an embedded proof and as a token; issuer, achievement and learner are read from it."""
    data = issued(name, tmp_path, form=form)
    found = read_credential(data, "badge")
    assert own_proof(found, KeySource()).state == "pass"
    assert issuer(found) == signing().method.partition("#")[0]
    assert achievements(found) == ((example(name).achievement.id,),)
    assert summarize(found).learners


def test_the_same_row_gives_the_same_credential(tmp_path: Path) -> None:
    """Id, salt and all, to the last byte."""
    assert issued("first-aid", tmp_path) == issued("first-aid", tmp_path)
    assert issued("first-aid", tmp_path) == canonical(json.loads(issued("first-aid", tmp_path)))


def test_an_address_stands_as_its_salted_hash() -> None:
    """As Open Badges 3.0 defines it: whoever knows the address finds it, and nobody reads it."""
    given = template()
    (learner,) = learners("Name,Mail\nAna,Ana@X.example\n", given)
    made: dict[str, Any] = desk(given).maker.make(learner, TODAY)
    _, entry = made["credentialSubject"]["identifier"]
    assert (entry["identityType"], entry["hashed"]) == ("emailAddress", True)
    digest = hashlib.sha256(f"ana@x.example{entry['salt']}".encode()).hexdigest()
    assert entry["identityHash"] == f"sha256${digest}"
    assert "ana@x.example" not in json.dumps(made).lower()


@pytest.mark.parametrize(
    "more, cells, start, end",
    [
        ("", ",", TODAY, None),
        ("[validity]\nyears = 2\n", "2024-02-29,", date(2024, 2, 29), date(2026, 2, 28)),
        ("[validity]\nmonths = 1\ndays = 1\n", "2026-01-31,", date(2026, 1, 31), date(2026, 3, 1)),
        ("[validity]\nfrom = 2026-01-01\nuntil = 2027-01-01\n", ",", date(2026, 1, 1), date(2027, 1, 1)),
        ("[validity]\nfrom = 2026-01-01\n", "2026-02-01,2026-03-01", date(2026, 2, 1), date(2026, 3, 1)),
        ("[validity]\nyears = 999\n", "2026-02-01,", date(2026, 2, 1), date(2200, 12, 31)),
    ],
)
def test_validity_is_the_rows_then_the_templates_then_from_today(
    more: str, cells: str, start: date, end: date | None
) -> None:
    """A month after the 31st is a shorter month's last day."""
    given = template(more=more)
    (learner,) = learners(f"Name,Mail,Date,Expires\nAna,a@x.example,{cells}\n", given)
    assert desk(given).maker.period(learner, TODAY) == (start, end)


def test_what_a_row_says_is_known_again() -> None:
    """The day of a run does not count; every change of what is said does, the template's too."""
    given = template(more="[validity]\nyears = 1\n")

    def substance(row: str, of: str | None = None) -> bytes:
        chosen = given if of is None else replace(given, achievement=replace(given.achievement, description=of))
        (learner,) = learners(f"Name,Mail,Date,Comment\n{row}\n", chosen)
        return desk(chosen).maker.substance(learner)

    assert substance("Ana,a@x.example,,") == substance("Ana,A@x.example,,")
    assert substance("Ana,a@x.example,,") != substance("Ana P.,a@x.example,,")
    assert substance("Ana,a@x.example,,") != substance("Ana,a@x.example,,Well")
    assert substance("Ana,a@x.example,2026-01-01,") != substance("Ana,a@x.example,2026-01-02,")
    assert substance("Ana,a@x.example,,") != substance("Ana,a@x.example,,", "Another")


# ------------------------------------------------------------------- conformity


@pytest.mark.parametrize("name", TABLES)
def test_a_template_is_checked_by_somebody_who_has_everything(name: str) -> None:
    """Nothing is wrong with the examples; an issuer without a proper id is found before any row is read."""
    maker = desk(example(name)).maker
    assert check_maker(maker) == ()
    broken = BadgeMaker(maker.template, replace(maker.issuer, id="the college"))
    assert [str(one) for one in check_maker(broken)] == ["issuer.id: it is no uri"]


def test_our_checks_are_the_schemas(schema: dict[str, Any]) -> None:
    """Members that the schema needs are needed here; those known here are known there; chosen words are its words."""
    for name, rules in CLASSES.items():
        theirs = schema if name == "AchievementCredential" else schema["$defs"][name]
        assert set(theirs.get("required", [])) <= rules.needed | {"type"}, name
        assert rules.members.keys() <= theirs["properties"].keys(), name
        for member, words in rules.chosen.items():
            found = theirs["properties"][member]
            allowed = found.get("enum") or found["oneOf"][0]["enum"]
            assert {word for word in words if not word.startswith("ext:")} <= {*allowed}, (name, member)
            if member in ("achievementType", "resultType"):
                assert set(allowed) == set(words)


@pytest.mark.parametrize(
    "path, value, why",
    [
        (("@context",), [], "@context: it is not VC 2.0's"),
        (("type",), ["VerifiableCredential"], "type: it is not VerifiableCredential"),
        (("validFrom",), "yesterday", "validFrom: it is no time"),
        (("id",), None, "id: it is missing"),
        (("issuer",), "x", "issuer: it is no Profile"),
        (("credentialSubject", "identifier"), None, "credentialSubject: it names no learner"),
        (("credentialSubject", "achievement", "name"), "", "credentialSubject.achievement.name: it is no text"),
        (("credentialSubject", "achievement", "type"), "Achievement", "achievement.type: it is not Achievement"),
        (("credentialSubject", "achievement", "achievementType"), "Medal", "`Medal` is none of"),
        (("credentialSubject", "achievement", "shoes"), 1, "Achievement has no such member"),
        (("credentialSubject", "achievement", "tag"), "data", "achievement.tag: it is no words"),
        (("credentialSubject", "creditsEarned"), "2", "creditsEarned: it is no number"),
        (("credentialSubject", "identifier"), [], "credentialSubject.identifier: it is no list"),
        (("credentialSubject", "identifier"), [{}], "identifier[0].hashed: it is missing"),
    ],
)
def test_what_the_schema_would_refuse_is_said_in_words(path: tuple[str, ...], value: Any, why: str) -> None:
    """Where it is, and what it should be."""
    given = template()
    (learner,) = learners("Name,Mail\nAna,a@x.example\n", given)
    document: Any = json.loads(json.dumps(desk(given).maker.make(learner, TODAY)))
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    assert any(why in str(finding) for finding in check_credential(document)), check_credential(document)
