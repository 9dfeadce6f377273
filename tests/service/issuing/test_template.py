"""Templates: one closed format, every fault found at once and said in words."""

from __future__ import annotations

import json
import tomllib

import pytest

from notary.service.issuing.finding import Unfit
from notary.service.issuing.template import MAX_TEMPLATE, Template
from tests.service.issuing.desk import PLAIN, example, template


def faults(text: str, name: str = "template.toml") -> list[str]:
    """Read a template that is not fit; say why."""
    with pytest.raises(Unfit) as refused:
        Template.parse(text.encode(), name)
    return [str(one) for one in refused.value.findings]


@pytest.mark.parametrize("name", ["data-literacy", "first-aid", "science-project"])
def test_the_worked_examples_are_fit(name: str) -> None:
    """All three, and JSON says the same as TOML."""
    given = example(name)
    assert given.achievement.criteria.narrative
    assert given.results


def test_json_says_the_same_as_toml() -> None:
    """One format, two spellings."""
    as_json = json.dumps(tomllib.loads(PLAIN)).encode()
    assert Template.parse(as_json, "template.JSON") == template()


def test_every_fault_is_found_at_once() -> None:
    """With the path of each, and with what may have been meant."""
    text = PLAIN.replace(
        'name = "Harbour Pilot"', 'nam = "Harbour Pilot"\nkind = "tiny"\nhours = -1\nlanguage = "English"'
    )
    assert faults(text) == [
        "achievement.kind: `tiny` is none of nano, micro, macro",
        "achievement.language: it is no language code like en or pt-BR",
        "achievement.name: it is missing",
        "achievement.hours: -1 is beyond what it can be: 0 to 1,000,000,000",
        "achievement: `nam` is no field of it. Perhaps name is meant",
    ]


@pytest.mark.parametrize(
    "more, why",
    [
        ("shoes = 1", "`shoes` is no field"),
        ('recognition = "famous"', "recognition: `famous` is none of"),
        ('[[alignment]]\nsource = "CASE"\nname = "a"\nurl = "x"', "alignment[1].url: `x` is no web address"),
        ('[[alignment]]\nsource = "CASE"\nname = "a"\nurl = "urn:a:b"', "alignment[1].framework: it is missing"),
        ('[[result]]\nname = "G"\nallowed = ["a"]\nmost = 3', "result[1]: it is measured in two ways"),
        ('[[result]]\nname = "G"\nallowed = ["a"]\nrequired = "b"', "result[1].required: it is none of a"),
        ('[[result]]\nname = "G"\nallowed = ["a", "A"]', "result[1]: a value stands twice"),
        ('[[result]]\nname = "G"\nrequired = "good"', "result[1].required: it is neither a number"),
        ('[[result]]\nname = "G"\nleast = 4\nmost = 3', "result[1].least: it is more than most"),
        ('[[result]]\nname = "G"\nallowed = "a"', "result[1].allowed: it is no list of texts"),
        ('[[result]]\nname = "G"\noptional = "no"', "result[1].optional: it is no true or false"),
        ('[[result]]\nname = "G"\n[[result]]\nname = "g"', "result: two results are read from the same column"),
        ('[assessor]\nurl = "https://x.example"', "assessor: its name is missing"),
        ('[subject]\nby = ["face"]', "subject.by: it is no list of one or more of name, email, did"),
        ("[validity]\nyears = 1.5", "validity: years, months and days are whole numbers"),
        ("[validity]\nyears = 1\nuntil = 2027-01-01", "validity.until: a lifetime is given too"),
        ('[validity]\nfrom = 2027-01-01\nuntil = "2026-01-01"', "validity.until: it is not after from"),
        ('[validity]\nfrom = "soon"', "validity.from: `soon` is no date"),
        ("validity = 3", "validity: it is no table"),
        ("alignment = 3", "alignment: it is no list of tables"),
        ("alignment = [3]", "alignment: it is no list of at most 100 tables"),
        ('[issuer]\nid = "college"', "issuer.id: `college` is no web address, urn: or DID"),
        ('[issuer]\nname = "\\u0000"', "issuer.name: `\ufffd` holds a character that nobody sees"),
    ],
)
def test_a_fault_is_said_where_it_is(more: str, why: str) -> None:
    """In words that say what would do."""
    head, _, rest = more.partition("[")
    text = (head + "\n" if head else "") + PLAIN + ("[" + rest if rest and not head else "")
    if head and rest:
        text = more + "\n" + PLAIN
    assert any(one.startswith(why) or why in one for one in faults(text)), faults(text)


@pytest.mark.parametrize(
    "old, new, why",
    [
        ('series = "', 'series = "A', "series: it is no 32 bytes of base64url"),
        ('type = "credential-notary/template/v1"', 'type = "x"', "type: `x` is none of credential-notary/template/v1"),
        ("[achievement]", "[achievements]", "achievement.id: it is missing. An address of yours"),
        ('name = "Harbour Pilot"', 'name = "x"\ntype = "Medal"', "achievement.type: it is none of Achievement"),
        (
            'name = "Harbour Pilot"',
            'name = "x"\ntype = "Badge"\nkind = "micro"',
            "achievement.type: kind says it already",
        ),
        ('name = "Harbour Pilot"', 'name = "x"\nfor_credit = false\ncredits = 2', "achievement.credits: it is not for"),
        ('narrative = "Brought in three ships."', "", "achievement.criteria.narrative: it is missing. What a learner"),
        ('id = "https://college.example/a/1"', 'id = "college"', "achievement.id: `college` is no web address"),
    ],
)
def test_what_a_template_cannot_do_without(old: str, new: str, why: str) -> None:
    """Each with a reason or an example."""
    assert any(why in one for one in faults(PLAIN.replace(old, new, 1)))


def test_what_is_no_template_at_all_is_refused() -> None:
    """Broken files, other bytes, and one that is far too large."""
    assert "it is no TOML" in faults("name = ")[0]
    assert "it is no JSON" in faults("{", "t.json")[0]
    assert "it is no JSON" in faults("[" * 100_000, "t.json")[0]
    assert "64 brackets are open at once" in faults("a = " + "[" * 100_000)[0]
    assert "stands twice" in faults('{"type": 1, "type": 2}', "t.json")[0]
    assert faults("[]", "t.json") == ["it is no JSON object"]
    assert "the most is" in faults("#" * (MAX_TEMPLATE + 1))[0]
    with pytest.raises(Unfit, match="it is no TOML"):
        Template.parse(b"\xff\xfe", "t.toml")


def test_ids_follow_from_the_series_and_tell_nobody_else_anything() -> None:
    """The same series gives the same ids, another one others; they are UUIDs of version 8."""
    other = template(PLAIN.replace('series = "AAEC', 'series = "AQEC'))
    ours = [template().urn("credential", "email:a@x.example") for _ in range(2)]
    assert ours[0] == ours[1] != other.urn("credential", "email:a@x.example")
    assert ours[0].removeprefix("urn:uuid:").split("-")[2].startswith("8")
    assert template().drawn("salt", "a") != template().drawn("identity", "a")
