"""What a certificate reads from a credential: in every version, bounded, whatever stands where."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.canonical import JSON, canonical
from notary.core.digest import ZERO
from notary.core.errors import IssuerError
from notary.core.leaf import Form
from notary.ports.ledger import CredentialId, CredentialRow
from notary.service.errors import Absent
from notary.service.receipts.certificate import (
    MAX_ITEMS,
    MAX_LINE,
    MAX_TEXT,
    Aligned,
    batch_awards,
    find_award,
    particulars,
)
from tests.clocks import Standing
from tests.core.jose_tools import jwt
from tests.service.lab import Lab

ISSUER = "did:example:fenwick"


def row(content: bytes | None, form: Form = Form.JSON) -> CredentialRow:
    """A credential as the ledger holds it."""
    return CredentialRow(
        *(CredentialId("c"), ISSUER, form, b"", ZERO, None, content, None, None, "c.json", None, ZERO),
        accepted=datetime(2026, 5, 3, tzinfo=UTC),
    )


def badge(achievement: Any, **subject: Any) -> CredentialRow:
    """An Open Badges 3.0 credential of one achievement."""
    return row(canonical({"issuer": ISSUER, "credentialSubject": {"achievement": achievement, **subject}}))


def test_open_badges_3_says_what_was_shown_and_how_well(standards: Path) -> None:
    """Of the standard's own full example: title, kind, criteria, results with their names, alignment, dates."""
    data = (standards / "examples" / "ob-v3p0" / "fullOpenBadge.json").read_bytes()
    said = particulars(row(data))
    document = json.loads(data)
    achievement = document["credentialSubject"]["achievement"]
    assert said.criteria == achievement["criteria"]["narrative"]
    assert said.criteria_url == achievement["criteria"]["id"]
    assert said.alignments[0].name == achievement["alignment"][0]["targetName"]
    named = {one["id"]: one["name"] for one in achievement["resultDescription"]}
    assert {name for name, _ in said.results} <= {*named.values(), "Result"}
    assert len(said.results) == len(document["credentialSubject"]["result"])
    assert (said.issued, said.until) == (
        document.get("awardedDate", document["validFrom"]),
        document.get("validUntil"),
    )


def test_open_badges_2_is_read_by_its_badge() -> None:
    """Its badge is the achievement, its criteria may be an address."""
    badge2: JSON = {
        "issuer": ISSUER,
        "name": "Boats",
        "criteria": "https://x.example/c",
        "alignment": [{"targetName": "planks", "targetUrl": "https://x.example/p"}],
    }
    said = particulars(row(canonical({"badge": badge2, "issuedOn": "2020-01-01", "expires": "2030-01-01"})))
    assert (said.title, said.criteria_url, said.issued, said.until) == (
        *("Boats", "https://x.example/c"),
        *("2020-01-01", "2030-01-01"),
    )
    assert said.alignments == (Aligned("planks", None, None, "https://x.example/p"),)


def test_a_token_is_read_like_a_document() -> None:
    """A VC-JWT's claims, at the top or in `vc`."""
    token = jwt({"iss": ISSUER, "vc": {"credentialSubject": {"name": "Ana", "achievement": {"name": "Boats"}}}})
    said = particulars(row(token.encode(), Form.JOSE))
    assert (said.learner, said.title) == ("Ana", "Boats")


@pytest.mark.parametrize(
    "written, said",
    [
        ("MicroCredential", "Micro credential"),
        ("ext:NanoCredential", "Nano credential"),
        ("Achievement", None),
        (7, "7"),
        (None, None),
    ],
)
def test_a_kind_is_said_in_words(written: Any, said: str | None) -> None:
    """Open Badges' achievementType, without its spelling."""
    assert particulars(badge({"achievementType": written})).kind == said


def test_a_level_of_a_rubric_is_named() -> None:
    """A result that only points at a level gets the level's name."""
    rubric = {"id": "urn:r", "name": "Rubric", "rubricCriterionLevel": [{"id": "urn:l", "name": "Masters it"}]}
    result = {"resultDescription": "urn:r", "achievedLevel": "urn:l"}
    said = particulars(badge({"resultDescription": [rubric]}, result=[result, {"status": "Completed"}, {"value": 1.5}]))
    assert said.results == (("Rubric", "Masters it"), ("Result", "Completed"), ("Result", "1.5"))


def test_hours_and_level_are_facts_and_no_results() -> None:
    """What Open Badges has no term for stands beside credits and field of study."""
    hours = {"id": "urn:h", "name": "Learning hours", "resultType": "ext:LearningHours"}
    achievement = {"creditsAvailable": 3, "fieldOfStudy": "Boats", "resultDescription": [hours]}
    said = particulars(badge(achievement, result=[{"resultDescription": "urn:h", "value": "75"}, {"value": "A"}]))
    assert said.facts == ("3 credits", "Boats", "learning hours: 75")
    assert said.results == (("Result", "A"),)


def test_what_is_long_is_cut_and_what_are_many_are_counted_out() -> None:
    """A megabyte of criteria and a thousand alignments do not make a book."""
    many = [{"targetName": f"a{at}"} for at in range(1000)]
    said = particulars(badge({"name": "N" * 9000, "criteria": {"narrative": "c" * 99_999}, "alignment": many}))
    assert (len(said.title), len(said.criteria or ""), len(said.alignments)) == (MAX_LINE, MAX_TEXT, MAX_ITEMS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "narrative", "value", "targetName"]), inner)
    ),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    "name achievementType criteria alignment resultDescription creditsAvailable inLanguage description".split()  # noqa: SIM905  # as read
)


@given(st.dictionaries(_NAMES, _JSON), _JSON, _JSON)
def test_nothing_in_a_credential_makes_it_fail(achievement: Any, result: Any, dates: Any) -> None:
    """Any JSON in any member: it is read, or left out."""
    document = {
        "issuer": ISSUER,
        "validFrom": dates,
        "credentialSubject": {"achievement": achievement, "result": result},
    }
    assert particulars(row(canonical(document))).title


def test_what_is_not_kept_or_is_a_file_has_no_certificate() -> None:
    """By who has it, and by what it is."""
    with pytest.raises(Absent, match="not kept here"):
        particulars(row(None))
    with pytest.raises(IssuerError, match="is a file"):
        particulars(row(b"x", Form.FILE))


def test_awards_of_a_batch_are_judged_like_each_alone(notary_lab: Lab) -> None:
    """By index, with the same receipt and verdict as one by one at that time; an unknown id is said."""
    institution = notary_lab.institutions[0]
    batch = notary_lab.logged(institution, "Ana Pérez", "Jonas Weber")
    notary_lab.anchor()
    notary = replace(notary_lab.notary, clock=Standing())
    found = list(batch_awards(notary, "the lab", batch.id))
    assert [particulars(one.row).learner for one in found] == ["Ana Pérez", "Jonas Weber"]
    for one in found:
        alone = find_award(notary, "the lab", one.row.id)
        assert one.verdict is not None
        assert alone.verdict is not None
        assert (one.verdict.result, one.verdict.facts) == (alone.verdict.result, alone.verdict.facts)
        assert (one.receipt, one.institution) == (alone.receipt, alone.institution)
    with pytest.raises(Absent, match="no credential nothing"):
        find_award(notary, "the lab", CredentialId("nothing"))
