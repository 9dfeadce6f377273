"""Steps 2, 3, 4 and 11: the credential, its leaf, its issuer, its own proof, its period."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from notary.core.canonical import canonical
from notary.core.credential import Credential
from notary.core.digest import sha256
from notary.core.encoding import from_base64url, to_base64url, to_digest_text
from notary.core.evidence import EvidenceManifest
from notary.core.leaf import Form
from notary.core.receipt import Receipt
from notary.core.status import Status
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import ALPHA, BETA, LICENCE, Award, World
from tests.world.edits import drop, edit, flipped, get, graft, put

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def without_credential(receipt: Receipt) -> Receipt:
    return replace(receipt, content=None)


def disclosed(name: str, value: Any) -> str:
    return to_base64url(canonical(["forged", name, value]))


# ---------------------------------------------------------------- step 2


@attack(NOT_KNOWN, 2, "leaves the credential out")
def credential_left_out(world: World) -> Any:
    """A receipt without its credential, and none beside it."""
    return without_credential(world.receipt("frank"))


@attack(VERIFIED)
def credential_beside(world: World) -> Any:
    """Not an attack: the credential is handed over beside the receipt."""
    credential = world.awards["alice"].credential
    return Given(without_credential(world.receipt("alice")), credential=credential.data)


@attack(VERIFIED)
def credential_inside_and_beside(world: World) -> Any:
    """Not an attack: the same credential twice."""
    return Given(world.receipt("alice"), credential=world.awards["alice"].credential.data)


@attack(NOT_VERIFIED, 2, "another one")
def credential_beside_is_another(world: World) -> Any:
    """The receipt of a genuine credential, shown with a forged one."""
    forged = written({**get(world.receipt("alice"), "credential"), "name": "Admiral"})
    return Given(world.receipt("alice"), credential=forged)


@attack(NOT_VERIFIED, 2, "another one")
def credential_inside_is_another(world: World) -> Any:
    """A genuine credential beside a receipt that shows a forged one."""
    forged = put(world.receipt("alice"), "credential.name", "Admiral")
    return Given(forged, credential=world.awards["alice"].credential.data)


@attack(NOT_VERIFIED, 3)
def credential_beside_of_somebody_else(world: World) -> Any:
    """A receipt without its credential, shown with another learner's."""
    return Given(without_credential(world.receipt("alice")), credential=world.awards["bob"].credential.data)


@attack(NOT_VERIFIED, 2, "form")
def credential_beside_of_another_form(world: World) -> Any:
    """A token beside a receipt for a JSON credential."""
    return Given(without_credential(world.receipt("alice")), credential=world.awards["ivan"].credential.data)


@attack(NOT_KNOWN, 2)
def credential_beside_that_cannot_be_read(world: World) -> Any:
    """A scan beside a receipt for a JSON credential."""
    return Given(without_credential(world.receipt("alice")), credential=b"%PDF-1.7")


@family(
    {
        "form 1 holds a string": ("alice", 1, "text"),
        "form 2 holds an object": ("heidi", 2, {}),
        "form 2 holds text": ("heidi", 2, "not base64url!"),
        "form 3 holds an object": ("ivan", 3, {}),
        "form 3 holds nothing": ("ivan", 3, ""),
    },
    NOT_VERIFIED,
    1,
)
def content_of_another_form(world: World, case: Any) -> Any:
    """What a form holds is of that form's type."""
    learner, form, content = case
    return put(put(world.receipt(learner), "form", form), "credential", content)


@family(
    {"two parts": "e30.e30", "an array for a payload": "e30.W10.", "a bad disclosure": "e30.e30.~!"}, NOT_VERIFIED, 2
)
def token_that_is_none(world: World, case: str) -> Any:
    """Text that is no compact JOSE."""
    return put(world.receipt("ivan"), "credential", case)


# ---------------------------------------------------------------- step 3


@family(
    {
        "learner": ("credential.credentialSubject.name", "Mallory"),
        "achievement": ("credential.credentialSubject.achievement.name", "Admiral"),
        "date": ("credential.validFrom", "2020-01-01T00:00:00Z"),
        "a new claim": ("credential.grade", "A"),
        "proof removed": ("credential.proof", None),
    },
    NOT_VERIFIED,
    3,
)
def altered(world: World, case: Any) -> Any:
    """One character changed, or one claim added."""
    return put(world.receipt("alice"), *case)


@attack(NOT_VERIFIED, 3)
def one_byte_of_a_file_altered(world: World) -> Any:
    """A file that differs in one bit."""
    return edit(world.receipt("heidi"), "credential", flipped)


@attack(NOT_VERIFIED, 3)
def json_credential_shown_as_a_file(world: World) -> Any:
    """The canonical bytes of a JSON credential under form 2, so that no issuer is asked for."""
    data = world.awards["alice"].credential.data
    return put(put(world.receipt("alice"), "form", 2), "credential", to_base64url(data))


@attack(NOT_VERIFIED, 3)
def file_shown_as_a_token(world: World) -> Any:
    """A file whose bytes are a token, submitted as a file, shown as if it had an issuer."""
    token = world.awards["ivan"].credential.data
    receipt = world.receipt(world.award(BETA, Credential.of_file(token)))
    return put(put(receipt, "form", 3), "credential", token.decode())


@family(
    {
        "salt": "submissions.0.salt",
        "index": "submissions.0.index",
        "path": "submissions.0.path",
        "credential": "credential",
    },
    NOT_VERIFIED,
    3,
)
def neighbours(world: World, case: str) -> Any:
    """A part of the receipt of somebody in the same batch."""
    return graft(world.receipt("bob"), case, world.receipt("carol"))


@attack(NOT_VERIFIED, 3)
def salt_altered(world: World) -> Any:
    """A salt that differs in one bit."""
    return edit(world.receipt("alice"), "submissions.0.salt", flipped)


@family(
    {"empty": slice(0, 0), "without its first": slice(32, None), "without its last": slice(0, -32)}, NOT_VERIFIED, 3
)
def path_too_short(world: World, case: slice) -> Any:
    """An interior node shown as the leaf, or a subtree's root as the batch's."""
    return edit(world.receipt("frank"), "submissions.0.path", lambda path: to_base64url(from_base64url(path, "")[case]))


@attack(NOT_VERIFIED, 3)
def path_too_long(world: World) -> Any:
    """A leaf deeper than the batch's size allows."""
    return edit(
        world.receipt("frank"), "submissions.0.path", lambda path: to_base64url(from_base64url(path, "") + bytes(32))
    )


@attack(NOT_VERIFIED, 3)
def index_beyond_the_batch(world: World) -> Any:
    """Credential 201 of 200."""
    return put(world.receipt("frank"), "submissions.0.index", 200)


@attack(NOT_VERIFIED, 3)
def credential_of_no_batch(world: World) -> Any:
    """A credential the institution issued and never submitted."""
    return put(world.receipt("grace"), "credential", json.loads(ALPHA.badge("Mallory").data))


@attack(NOT_VERIFIED, 3)
def evidence_altered(world: World) -> Any:
    """Another examiner's words beside a genuine thesis."""
    return put(world.receipt("alice"), "evidence.narrative", "Excellent.")


@attack(NOT_VERIFIED, 3)
def evidence_swapped(world: World) -> Any:
    """Another file under the name of the thesis."""
    receipt = drop(world.receipt("alice"), "evidenceKeys")
    return put(receipt, "evidence.items.0.digest", to_digest_text(sha256(b"another thesis")))


@attack(NOT_VERIFIED, 3)
def evidence_dropped(world: World) -> Any:
    """Evidence left out as if there had been none."""
    return drop(drop(world.receipt("alice"), "evidence"), "evidenceKeys")


@attack(NOT_VERIFIED, 3)
def evidence_added(world: World) -> Any:
    """Evidence for a credential that was submitted without."""
    return graft(world.receipt("bob"), "evidence", world.receipt("alice"))


@attack(NOT_VERIFIED, 3)
def evidence_withheld_under_another_digest(world: World) -> Any:
    """The digest of other evidence."""
    receipt = drop(world.receipt("alice"), "evidenceKeys")
    return put(receipt, "evidence", to_digest_text(EvidenceManifest((), "Excellent.").digest()))


@attack(VERIFIED)
def evidence_withheld(world: World) -> Any:
    """Not an attack: the holder gives the digest of the evidence only."""
    evidence = world.awards["alice"].evidence
    assert evidence
    return replace(world.receipt("alice"), evidence=evidence.digest(), evidence_keys=())


@attack(VERIFIED)
def disclosure_hidden(world: World) -> Any:
    """Not an attack: a holder hides their name; the leaf is the same."""
    return edit(world.receipt("ivan"), "credential", lambda token: token.partition("~")[0])


@attack(VERIFIED)
def token_with_white_space_around(world: World) -> Any:
    """Not an attack: a token with a line feed behind it."""
    return edit(world.receipt("ivan"), "credential", lambda token: f" \t{token}\r\n")


# ---------------------------------------------------------------- step 4: the issuer


@attack(VERIFIED)
def issuer_by_an_alias(world: World) -> Any:
    """Not an attack: the credential names its issuer by an alias of the member."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", issuer=BETA.record.aliases[0])))


@attack(NOT_VERIFIED, 4, "none of the institutions")
def issued_by_another_member(world: World) -> Any:
    """A member commits a credential in the name of another, more highly recognised one."""
    return world.receipt(world.award(BETA, ALPHA.badge("Mallory")))


@family(
    {
        "a stranger": "did:web:stranger.example",
        "a slash more": "https://beta.example/issuer/",
        "capitals": "https://BETA.example/issuer",
        "the DID of a key": "did:web:beta.example#key-1",
        "the member's name": "Beta College",
    },
    NOT_VERIFIED,
    4,
    "none of the institutions",
)
def issuer_is(world: World, case: str) -> Any:
    """The issuer is a member's id or alias byte for byte, or no member."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", issuer={"id": case})))


@family(
    {"empty": "", "an array": ["did:web:beta.example"], "no id": {"name": "Beta"}, "null": None},
    NOT_VERIFIED,
    4,
    "issuer",
)
def issuer_that_is_none(world: World, case: Any) -> Any:
    """An issuer without an id."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", issuer=case)))


@attack(NOT_VERIFIED, 4, "names no issuer")
def no_issuer(world: World) -> Any:
    """A credential that nobody issued."""
    return world.receipt(world.award(BETA, Credential.of_json(b'{"name":"Anything"}', "credential")))


@family(
    {
        "issuer and iss": {"iss": "did:web:alpha.example"},
        "issuer and badge.issuer": {"badge": {"issuer": {"id": "did:web:alpha.example"}}},
    },
    NOT_VERIFIED,
    4,
    "two issuers",
)
def two_issuers(world: World, case: Any) -> Any:
    """One issuer for the verifier, another for whoever reads the page."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", **case)))


@attack(NOT_VERIFIED, 4, "two issuers")
def two_issuers_in_a_token(world: World) -> Any:
    """A token whose `vc` has another issuer than its payload."""
    return world.receipt(world.award(ALPHA, ALPHA.token("Zoe", vc={"issuer": BETA.did})))


@attack(NOT_VERIFIED, 4, "names no issuer")
def issuer_in_a_disclosure_only(world: World) -> Any:
    """An issuer that the holder may show or hide."""
    hidden = to_base64url(canonical(["salt", "issuer", ALPHA.did]))
    payload: dict[str, Any] = {"_sd": [to_digest_text(sha256(hidden.encode()))]}
    signed = f"{to_base64url(canonical({'alg': 'EdDSA'}))}.{to_base64url(canonical(payload))}"
    token = f"{signed}.{to_base64url(ALPHA.key.sign(signed.encode()))}~{hidden}~"
    return world.receipt(world.award(ALPHA, Credential.of_jose(token.encode(), "token")))


@attack(VERIFIED)
def joint_award_by_its_second_institution(world: World) -> Any:
    """Not an attack: any one of the submissions' members may be the credential's issuer."""
    badge = BETA.badge("Zoe")
    first = world.east.submit(ALPHA, badge, joint_with=(BETA.did,), recognition=BETA.record.recognition)
    second = world.east.submit(BETA, badge, joint_with=(ALPHA.did,))
    world.east.anchor()
    return world.receipt(Award(badge, (first, second)))


# ---------------------------------------------------------------- step 11


@attack(NOT_VERIFIED, 11, "not signed")
def token_with_alg_none(world: World) -> Any:
    """A token that says it needs no signature, committed by the institution itself."""
    payload: dict[str, Any] = {"iss": ALPHA.did, "credentialSubject": {"achievement": LICENCE}}
    token = f"{to_base64url(canonical({'alg': 'none'}))}.{to_base64url(canonical(payload))}."
    return world.receipt(world.award(ALPHA, Credential.of_jose(token.encode(), "token")))


@attack(NOT_VERIFIED, 11)
def proof_that_does_not_hold(world: World) -> Any:
    """A credential altered before it was committed: its own proof says so."""
    genuine = json.loads(BETA.badge("Zoe").data)
    return world.receipt(world.award(BETA, Credential.of_json(written({**genuine, "name": "Admiral"}), "credential")))


@attack(NOT_VERIFIED, 11)
def token_whose_signature_does_not_hold(world: World) -> Any:
    """A token altered before it was committed."""
    header, _, rest = world.awards["ivan"].credential.data.decode().partition(".")
    payload = json.loads(from_base64url(rest.partition(".")[0], "payload"))
    forged = f"{header}.{to_base64url(canonical({**payload, 'name': 'Admiral'}))}.{rest.partition('.')[2]}"
    return world.receipt(world.award(ALPHA, Credential.of_jose(forged.encode(), "token")))


@attack(NOT_VERIFIED, 11, "nothing signed holds its digest")
def disclosure_forged(world: World) -> Any:
    """A claim the issuer never made, among the disclosures of a genuine token."""
    return edit(world.receipt("ivan"), "credential", lambda token: token + disclosed("title", "Admiral") + "~")


@attack(NOT_VERIFIED, 11, "nothing signed holds its digest")
def disclosure_forged_beside(world: World) -> Any:
    """The receipt of a genuine token, shown with the same token and a forged claim."""
    token = world.awards["ivan"].credential.data + disclosed("title", "Admiral").encode() + b"~"
    return Given(world.receipt("ivan"), credential=token)


@attack(NOT_VERIFIED, 11, "stands twice")
def disclosure_twice(world: World) -> Any:
    """One disclosure for two readers."""
    return edit(world.receipt("ivan"), "credential", lambda token: f"{token}{token.split('~')[1]}~")


@attack(VERIFIED)
def proof_of_a_suite_to_come(world: World) -> Any:
    """Not an attack: a proof that this release cannot check is said, and does not hinder."""
    proof = {"type": "DataIntegrityProof", "cryptosuite": "bbs-2023", "proofValue": "u00"}
    badge = Credential.of_json(written({**json.loads(BETA.badge("Zoe").data), "proof": proof}), "credential")
    return world.receipt(world.award(BETA, badge))


@family({"validUntil": "validUntil", "expirationDate": "expirationDate", "expires": "expires"}, Result.EXPIRED)
def expired(world: World, case: str) -> Any:
    """A licence that ended last year."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", **{case: "2026-06-01T00:00:00Z"})))


@attack(Result.EXPIRED)
def token_expired(world: World) -> Any:
    """A token that ended."""
    return world.receipt(world.award(ALPHA, ALPHA.token("Zoe", exp=1_767_225_600)))


@family(
    {
        "the first day": ("validUntil", "0001-01-01T00:00:00+14:00"),
        "the last": ("validFrom", "9999-12-31T23:59:59-14:00"),
    },
    VERIFIED,
    11,
    "cannot be read",
)
def period_beyond_the_calendar(world: World, case: Any) -> Any:
    """A time that no calendar holds in UTC breaks nothing: it is not known."""
    return world.receipt(world.award(BETA, BETA.badge("Zoe", **dict([case]))))


@attack(Result.NOT_YET_VALID)
def shown_before_its_time(world: World) -> Any:
    """A licence that begins tomorrow."""
    return Given(world.receipt("frank"), at=datetime(2025, 12, 31, tzinfo=UTC))


@attack(Result.REVOKED)
def revoked_and_expired(world: World) -> Any:
    """A revocation is not hidden behind an end that would have come anyway."""
    badge = BETA.badge("Zoe", validUntil="2026-06-01T00:00:00Z")
    award = world.award(BETA, badge)
    world.east.change(award.batches[0], (badge, Status.REVOKED))
    world.east.anchor()
    return world.receipt(award)


@attack(NOT_VERIFIED, 3)
def altered_and_revoked(world: World) -> Any:
    """What is false comes before what is revoked."""
    return put(world.receipt("bob"), "credential.credentialSubject.name", "Mallory")


@attack(VERIFIED)
def file_of_an_authorised_institution(world: World) -> Any:
    """Not an attack: a file has no achievements either, and no programme is asked for."""
    return world.receipt(world.award(ALPHA, Credential.of_file(b"statutes")))


@attack(NOT_KNOWN, 4, "not proven to be a member")
def issued_by_a_stranger_in_a_block_nobody_knows(world: World) -> Any:
    """Before the members are proven nobody is accused."""
    receipt = world.receipt(world.award(BETA, BETA.badge("Zoe", issuer="did:web:stranger.example")))
    return Given(put(receipt, "commitments.0.anchors.0.notes", []), trust=world.trust(blocks=False))


@attack(VERIFIED)
def file_with_no_issuer(world: World) -> Any:
    """Not an attack: a file has neither issuer nor recognition; the verdict says who submitted it."""
    receipt = world.receipt("heidi")
    assert receipt.form is Form.FILE
    return receipt
