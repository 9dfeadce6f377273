import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from notary.core.credential import Credential, read
from notary.core.errors import Malformed, Mismatch
from notary.core.leaf import Form
from notary.core.summary import Summary, achievements, issuer, summarize
from tests.core.jose_tools import digest_of, encode, jwt

TEAMWORK = "https://example.com/achievements/21st-century-skills/teamwork"
LEARNER = "did:example:ebfeb1f712ebc6f1c276e12ec21"


def as_json(document: Any) -> Credential:
    return read(json.dumps(document).encode(), "file")


def as_jwt(payload: Any) -> Credential:
    return read(jwt(payload).encode(), "file")


SUMMARIES = {
    "cases/validator-ob30/simple.json": (
        Summary(
            issuer="https://example.com/issuers/876543",
            title="Teamwork Badge",
            learners=(LEARNER,),
        ),
        ((TEAMWORK,),),
    ),
    "cases/validator-ob30/simple.jwt": (
        Summary(
            issuer="https://example.edu/issuers/565049",
            title="Example University Degree",
            learners=(LEARNER,),
        ),
        ((),),
    ),
    "examples/ob-v3p0/fullOpenBadge.json": (
        Summary(
            issuer="https://1edtech.edu/issuers/565049",
            title="1EdTech University Degree for Example Student",
            learners=("student@1edtech.edu",),
            until=datetime(2030, 1, 1, tzinfo=UTC),
        ),
        (("https://1edtech.edu/achievements/degree",),),
    ),
    "cases/validator-clr20/simple.json": (
        Summary(
            issuer="https://example.edu/issuers/565049",
            title="Sample Transcript",
            learners=(LEARNER,),
        ),
        (("urn:uuid:a7467ef6-56cb-11ec-bf63-0242ac130002", "urn:uuid:dd887f0a-56cb-11ec-bf63-0242ac130002"),),
    ),
    "cases/dcc/v1/bothSignatureTypes/didKey/oidf-revokedStatus-expired.json": (
        Summary(
            issuer="did:key:z6MkjoriXdbyWD25YXTed114F8hdJrLXQ567xxPHAUKxpKkS",
            title="Taylor Tuna - Mock Bachelor of Science Degree in Biology",
            learners=("Taylor Tuna",),
            until=datetime(2025, 1, 9, 16, 23, 24, tzinfo=UTC),
        ),
        (("urn:uuid:951b475e-b795-43bc-ba8f-a2d01efd2eb1",),),
    ),
    "cases/blockcerts/v2/testnet-valid-2.0.json": (
        Summary(
            issuer="https://www.blockcerts.org/samples/2.0/issuer-testnet.json",
            title="Certificate of Accomplishment",
            learners=("eularia@landroth.org",),
        ),
        (("urn:uuid:82a4c9f2-3588-457b-80ea-da695571b8fc",),),
    ),
    "vectors/vc-jose-cose/credential-jose-minimal.txt": (
        Summary(
            issuer="https://example.issuer/vc-jose-cose",
            title="ExampleAlumniCredential",
            learners=("did:example:123",),
        ),
        ((),),
    ),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_public_examples_are_summed_up(standards: Path, name: str) -> None:
    """Issuer, title, learner, end and achievements of each family's example are what its document says."""
    found = read((standards / name).read_bytes(), name)
    assert (summarize(found), achievements(found)) == SUMMARIES[name]


def test_a_file_has_no_issuer_and_nothing_to_read() -> None:
    """A file is submitted by somebody, issued by nobody."""
    found = read(b"%PDF", "file", Form.FILE)
    assert issuer(found) is None
    assert summarize(found) == Summary(None, None, ())


# ---------------------------------------------------------------- the issuer

PLACES: list[Any] = [
    lambda name: {"issuer": name},
    lambda name: {"issuer": {"id": name, "type": "Profile"}},
    lambda name: {"iss": name},
    lambda name: {"badge": {"issuer": name}},
    lambda name: {"badge": {"issuer": {"id": name}}},
]


@pytest.mark.parametrize("place", PLACES)
def test_the_issuer_is_read_wherever_it_stands(place: Any) -> None:
    """`issuer`, `issuer.id`, `iss` and `badge.issuer` name it, in a document, a token and a token's `vc`."""
    for found in (as_json(place("did:a:b")), as_jwt(place("did:a:b")), as_jwt({"vc": place("did:a:b")})):
        assert issuer(found) == "did:a:b"


@pytest.mark.parametrize("one, other", list(product(PLACES, PLACES)))
def test_two_issuers_that_differ_in_a_byte_are_refused(one: Any, other: Any) -> None:
    """Every pair of places must agree byte for byte; a trailing slash is another issuer."""
    assert issuer(as_jwt({**one("https://a"), "vc": other("https://a")})) == "https://a"
    with pytest.raises(Malformed, match=r"two issuers.*'https://a'.*'https://a/'"):
        issuer(as_jwt({**one("https://a"), "vc": other("https://a/")}))


def test_a_vc_within_plain_json_is_no_claim() -> None:
    """Only a token's `vc` is read; in a JSON credential it is an unknown member."""
    assert issuer(as_json({"issuer": "a", "vc": {"issuer": "b"}})) == "a"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"badge": "https://a"},
        {"badge": {}},
        {"issuer": None},
        {"issuer": ""},
        {"issuer": {}},
        {"issuer": ["a"]},
        {"issuer": {"id": 1}},
        {"issuer": {"@id": "a"}},
        {"iss": 7},
        {"iss": None, "issuer": "a"},
    ],
)
def test_a_credential_without_a_readable_issuer_is_refused(document: Any) -> None:
    """No issuer, an empty one, a list, a number or an object without an id: an error, never a guess."""
    with pytest.raises(Malformed, match="the credential"):
        issuer(as_json(document))


def test_the_public_cases_without_an_issuer_are_refused(standards: Path) -> None:
    """The VC 2.0 suite's null, missing and nameless issuers are each refused."""
    names = [
        "credential-issuer-null-fail",
        "credential-no-issuer-fail",
        "names-and-descriptions/issuer-name-language-en-ok",
    ]
    for name in names:
        with pytest.raises(Malformed):
            issuer(read((standards / f"cases/vcdm2/{name}.json").read_bytes(), name))


# ---------------------------------------------------------------- what was achieved


@pytest.mark.parametrize(
    "claims, expected",
    [
        ({}, ()),
        ({"credentialSubject": {}}, ((),)),
        ({"credentialSubject": []}, ()),
        ({"credentialSubject": "did:a:b"}, ((),)),
        ({"credentialSubject": {"achievement": {"id": "a"}}}, (("a",),)),
        ({"credentialSubject": {"achievement": "a"}}, (("a",),)),
        ({"credentialSubject": {"achievement": [{"id": "a"}, {"id": "b"}]}}, (("a", "b"),)),
        ({"credentialSubject": {"achievement": {"@id": "a"}}}, ((None,),)),
        ({"credentialSubject": {"achievement": [{"id": "a"}, {"id": 1}, 7]}}, (("a", None, None),)),
        ({"credentialSubject": [{"achievement": {"id": "a"}}, {}]}, (("a",), ())),
        ({"badge": {"id": "a"}}, (("a",),)),
        ({"badge": "a"}, (("a",),)),
        ({"badge": {}}, ((None,),)),
        ({"badge": {"id": "a"}, "credentialSubject": {}}, ((), ("a",))),
    ],
)
def test_every_subjects_achievements_are_read(claims: Any, expected: Any) -> None:
    """Each subject, and an Open Badges 2 badge, has its own list; one without an id is None, never left out."""
    assert achievements(as_json({"issuer": "a", **claims})) == expected
    assert achievements(as_jwt({"iss": "a", "vc": claims})) == expected


def test_a_disclosure_adds_no_issuer_and_no_achievement() -> None:
    """What only a disclosure says decides nothing; it is shown to people all the same."""
    hidden = encode(["salt", "credentialSubject", {"name": "Ada", "achievement": {"id": "a", "name": "Logic"}}])
    iss = encode(["salt", "iss", "did:a:b"])
    payload = {"issuer": "did:a:b", "_sd": [digest_of(hidden)]}
    found = read(f"{jwt(payload)}~{hidden}~".encode(), "file")
    assert achievements(found) == ()
    assert summarize(found) == Summary("did:a:b", "Logic", ("Ada",))
    with pytest.raises(Malformed, match="no issuer"):
        issuer(read(f"{jwt({'_sd': [digest_of(iss)]})}~{iss}~".encode(), "file"))


def test_a_forged_disclosure_is_never_shown() -> None:
    """Summing up a token with a foreign disclosure raises; its issuer is still read."""
    found = read(f"{jwt({'iss': 'a'})}~{encode(['salt', 'name', 'Mallory'])}~".encode(), "file")
    assert issuer(found) == "a"
    with pytest.raises(Mismatch, match="'name'"):
        summarize(found)


# ---------------------------------------------------------------- for people


@pytest.mark.parametrize(
    "subject, name",
    [
        ({"id": "did:a:b", "name": "Ada"}, "Ada"),
        ({"name": {"@value": "Ada", "@language": "en"}}, "Ada"),
        ({"name": [{"@value": "Ada"}, {"@value": "Adélaïde"}]}, "Ada"),
        ({"name": [], "givenName": "Ada", "familyName": "Lovelace"}, "Ada Lovelace"),
        ({"familyName": "Lovelace"}, "Lovelace"),
        (
            {
                "identifier": [
                    {"identityType": "emailAddress", "hashed": False, "identityHash": "ada@a.example"},
                    {"identityType": "name", "hashed": False, "identityHash": "Ada"},
                    "x",
                ]
            },
            "Ada",
        ),
        (
            {"id": "did:a:b", "identifier": {"identityType": "name", "hashed": True, "identityHash": "sha256$1"}},
            "did:a:b",
        ),
        ({"id": "did:a:b", "identifier": {"identityType": "name", "identityHash": "Ada"}}, "did:a:b"),
        ({"id": "did:a:b", "identifier": {"hashed": False, "identityHash": 7}}, "did:a:b"),
    ],
)
def test_a_learner_is_a_name_else_an_identifier_else_an_id(subject: Any, name: str) -> None:
    """Names come first, in whatever shape; a hashed identifier is never shown."""
    assert summarize(as_json({"issuer": "a", "credentialSubject": subject})).learners == (name,)


def test_an_open_badges_2_recipient_is_shown_unless_hashed() -> None:
    """A plain identity is the learner, a hashed one stays hidden; two equal learners are one."""
    plain = {"type": "email", "hashed": False, "identity": "ada@a.example"}
    badge = {"issuer": "a", "id": "b", "name": "Logic"}
    assert summarize(as_json({"badge": badge, "recipient": plain})).learners == ("ada@a.example",)
    assert summarize(as_json({"badge": badge, "recipient": {**plain, "hashed": True}})).learners == ()
    assert summarize(as_json({"issuer": "a", "credentialSubject": [{"name": "A"}, {"name": "A"}, {}]})).learners == (
        "A",
    )


@pytest.mark.parametrize(
    "claims, title",
    [
        ({"name": "Degree"}, "Degree"),
        ({"name": {"@value": "Degree"}}, "Degree"),
        ({"credentialSubject": {"achievement": [{"name": "A"}, {"name": "B"}, {}, "c"]}}, "A, B"),
        ({"badge": {"name": "Badge"}}, "Badge"),
        ({"type": ["VerifiableCredential", "Degree", 7]}, "Degree"),
        ({"type": "Assertion"}, "Assertion"),
        ({"type": ["VerifiableCredential"]}, None),
        ({}, None),
    ],
)
def test_the_title_is_the_credentials_name_else_its_achievements_else_its_type(claims: Any, title: str | None) -> None:
    """The first that is there, in this order."""
    assert summarize(as_json({"issuer": "a", **claims})).title == title
