"""Verification, in the eleven steps of docs/spec/verification.md.

Pure: the receipt, what the verifier trusts, the time and the block hashes it
was told arrive as arguments; no issuer, notary or node is asked. Every step
leaves checks behind; what they rest on caps them (see `verdict`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from notary.core.authority import (
    BlockHashes,
    distrusts_hash,
)
from notary.core.case import Case
from notary.core.credential import Credential, read
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.evm import Header
from notary.core.grounds import Grounds, check_entry, find_grounds
from notary.core.leaf import Form, Leaf
from notary.core.merkle import verify_inclusion
from notary.core.period import EXPIRED, NOT_YET, period
from notary.core.receipt import EvmAnchor, Receipt, Submission
from notary.core.registry import RegistryState
from notary.core.summary import Summary, summarize
from notary.core.trust import SHA_256, TrustedConsortium, TrustFile
from notary.core.verdict import (
    AnchorFact,
    Check,
    Facts,
    Result,
    State,
    StatusFact,
    Verdict,
    Weight,
    conclude,
    failed,
    run_check,
)

_NO_BLOCKS: BlockHashes = MappingProxyType({})


def verify(
    data: bytes,
    trust: TrustFile,
    *,
    at: datetime,
    credential: bytes | None = None,
    blocks: BlockHashes = _NO_BLOCKS,
) -> Verdict:
    """Verify a receipt by a trust file at a time; never raises for what is in the receipt.

    `credential` is given where the receipt leaves it out; where both are there
    they must be the same. `blocks` are hashes of final blocks that nodes of the
    verifier's choice gave.
    """
    # 1. Parse strictly; another version is not looked into.
    try:
        receipt = Receipt.parse(data)
    except (Malformed, Unsupported) as error:
        return conclude([failed(1, "receipt", error)], Facts(trust_date=trust.date))
    if not receipt.submissions or not receipt.commitments:
        return conclude([_nothing_shown(receipt)], Facts(form=receipt.form, trust_date=trust.date))
    named = tuple((f"submission {at}", submission) for at, submission in enumerate(receipt.submissions, 1))
    checks = [Check(1, "receipt", State.PASS, "the receipt is well formed")]

    # 2. Credential → form, digest, evidence → leaf.
    read_check, shown = _read_credential(receipt, credential)
    checks.append(read_check)

    # 3. Leaf, index, path → the statement's root.
    batched = [_check_batch(receipt, submission, shown, about).resting_on(read_check) for about, submission in named]

    # 4. The log is trusted; the statements name exactly the receipt's institutions.
    trusted, consortium = _trust_logs(receipt, trust)
    checks += [*batched, trusted, *(_check_co_issuers(receipt, submission, about) for about, submission in named)]

    # 5. Entry, index, path → the manifest's log root.
    logged = [_check_logged(receipt, submission, about) for about, submission in named]
    checks += logged
    facts = Facts(form=receipt.form, summary=_summary(shown), trust_date=trust.date)
    if consortium is None:
        return conclude(checks, facts)
    if distrusts_hash(consortium, SHA_256):
        says = f"your trust file no longer relies on {SHA_256}, on which all of this rests"
        checks.append(Check(2, "receipt", State.UNKNOWN, says, settle="A receipt renewed under a newer hash"))

    # 5 to 9, for each commitment: checkpoint, (6) anchor root, (7) block, (8) event, (9) registry state.
    grounds = [
        find_grounds(commitment, consortium, blocks, trust.date, f"commitment {number}")
        for number, commitment in enumerate(receipt.commitments, 1)
    ]
    newest = _newest_states(consortium, grounds)
    case = Case(receipt, shown, read_check, consortium, grounds, newest)
    for ground in grounds:
        checks += ground.checks()

    # 9. Each statement, by the record and key in force at its anchor.
    authorities = [case.authority(submission, about) for about, submission in named]
    for authority in authorities:
        checks += authority.checks

    # 4, now that the records are proven: the credential's issuer is one of the members.
    speaker = None
    if receipt.form is not Form.FILE:
        naming, speaker = case.check_issuer(authorities)
        checks.append(naming.resting_on(read_check))

    # 10. Status, as of the newest commitment.
    statuses = []
    for (about, submission), entry, authority in zip(named, logged, authorities, strict=True):
        status = case.check_status(submission, about)
        found = status.check.resting_on(entry, authority.enough)
        checks += [*status.behind, found]
        statuses.append(status.fact if found.holds else None)

    # 11. The credential's own proof and period; neither hinders where it is unknown.
    ended = None
    if shown is not None:
        period_check, ended = _check_period(shown, at)
        checks += [case.check_own_proof(shown, speaker), period_check]
    return conclude(
        checks,
        replace(
            facts,
            consortium=consortium.name,
            institutions=case.institutions(authorities),
            anchors=tuple(_anchor_facts(grounds)),
            status=_joint_status(statuses),
            out_of_period=ended,
            registry_number=newest[0].number,
        ),
    )


def untrusting(error: NotaryError) -> Verdict:
    """Return the only verdict a trust file that cannot be read allows."""
    says = f"your trust file cannot be read: {error}"
    settle = "The trust file as the consortium published it"
    return conclude([Check(1, "trust file", State.UNKNOWN, says, settle=settle)], Facts())


def blocks_to_ask(data: bytes) -> set[tuple[str, int]]:
    """Return chain and number of every block a receipt rests on, to ask nodes for.

    Malformed or Unsupported where there is no receipt, or no header, to read.
    """
    anchors = (anchor for commitment in Receipt.parse(data).commitments for anchor in commitment.anchors)
    return {(a.chain, Header.parse(a.header).number) for a in anchors if isinstance(a, EvmAnchor)}


# ------------------------------------------------------------------ steps 2 to 5


def _nothing_shown(receipt: Receipt) -> Check:
    """Step 1: an empty receipt proves nothing."""
    lacking = "commitment" if receipt.submissions else "submission of an institution"
    settle = "A complete receipt, from the learner's link or the institution"
    return Check(1, "receipt", State.UNKNOWN, f"the receipt holds no {lacking}", settle=settle)


def _read_credential(receipt: Receipt, beside: bytes | None) -> tuple[Check, Credential | None]:
    """Step 2: the credential in the receipt, or beside it."""
    try:
        inside = None if receipt.content is None else Credential.of_content(receipt.form, receipt.content, "credential")
        given = None if beside is None else read(beside, "the credential beside the receipt", receipt.form)
        if inside and given and inside.digest != given.digest:
            raise Mismatch("the credential beside the receipt is another one than the one inside")
    except NotaryError as error:
        return failed(2, "credential", error), None
    found = given or inside  # beside may lie disclosures that the receipt does not hold
    if found is None:
        settle = "The credential itself, as the learner holds it, beside the receipt"
        return Check(2, "credential", State.UNKNOWN, "the receipt leaves the credential out", settle=settle), None
    return Check(2, "credential", State.PASS, "the credential was read"), found


def _check_batch(receipt: Receipt, submission: Submission, credential: Credential | None, about: str) -> Check:
    """Step 3: the leaf is in the batch, at this index under the statement's size."""
    batch = submission.statement
    says = f"the credential is number {submission.index + 1} of the {batch.size} in its batch"
    if credential is None:
        return Check(3, about, State.PASS, says)  # capped by step 2, which did not pass
    leaf = Leaf(receipt.form, submission.salt, credential.digest, receipt.evidence_digest()).hash()
    return run_check(
        3, about, says, lambda: verify_inclusion(leaf, submission.index, batch.size, submission.path, batch.root)
    )


def _trust_logs(receipt: Receipt, trust: TrustFile) -> tuple[Check, TrustedConsortium | None]:
    """Step 4: every statement's log is its manifests' origin, and a log of one trusted consortium."""
    for submission in receipt.submissions:
        log = submission.statement.log
        for at in sorted(submission.commitments()):
            origin = receipt.commitments[at].manifest.origin
            if origin != log:
                return failed(4, "log", Mismatch("a manifest is another log's", expected=log, actual=origin)), None
    logs = sorted({submission.statement.log for submission in receipt.submissions})
    consortia = {log: trust.consortium(log) for log in logs}
    unknown = [log for log, consortium in consortia.items() if consortium is None]
    known = [consortium for consortium in consortia.values() if consortium is not None]
    if any(consortium is not known[0] for consortium in known):
        names = " and ".join(dict.fromkeys(consortium.name for consortium in known))
        return failed(4, "log", Mismatch("the logs are several consortia's", expected="one", actual=names)), None
    if unknown:
        says = f"your trust file does not know {', '.join(unknown)}"
        return Check(4, "log", State.UNKNOWN, says, settle="The trust file of the consortium that keeps it"), None
    return Check(4, "log", State.PASS, f"{', '.join(logs)}: kept by {known[0].name}"), known[0]


def _check_co_issuers(receipt: Receipt, submission: Submission, about: str) -> Check:
    """Step 4: issuer and jointWith together are exactly the submissions' issuers, each once."""
    issuers = sorted(submission.statement.issuer for submission in receipt.submissions)
    named = sorted((submission.statement.issuer, *submission.statement.joint_with))
    if named == issuers:
        return Check(4, about, State.PASS, "every institution the statement names has committed it, and no other")
    missing = ", ".join(sorted(set(named) - set(issuers)))
    what = f"{missing} has not committed this award" if missing else "institutions this statement does not name"
    return failed(4, about, Mismatch(what, expected=", ".join(named), actual=", ".join(issuers)))


def _check_logged(receipt: Receipt, submission: Submission, about: str) -> Check:
    """Step 5: the statement is in the log its manifest anchors."""
    manifest = receipt.commitments[submission.commitment].manifest
    says = f"the statement is entry {submission.entry} of {manifest.origin}"
    return run_check(
        5, about, says, lambda: check_entry(submission.signed, submission.entry, submission.log_path, manifest)
    )


# ------------------------------------------------------------------ steps 9 to 11


def _check_period(credential: Credential, at: datetime) -> tuple[Check, Result | None]:
    """Step 11: a period that ended or has not begun is a verdict, not a fail."""
    found = period(credential, at)
    ended = {EXPIRED: Result.EXPIRED, NOT_YET: Result.NOT_YET_VALID}.get(found.message)
    state = State.PASS if ended else State(found.state)
    check = Check(11, "period", state, found.message, found.expected, found.actual, found.settle, Weight.HEEDED)
    return check, ended


def _joint_status(statuses: list[StatusFact | None]) -> StatusFact | None:
    """Return the highest of all submissions' statuses, as of the oldest; None where one is not known."""
    known = [status for status in statuses if status is not None]
    if len(known) < len(statuses):
        return None
    gravest = max(known, key=lambda fact: fact.status)
    return replace(gravest, as_of=min(fact.as_of for fact in known))


def _newest_states(consortium: TrustedConsortium, grounds: list[Grounds]) -> list[RegistryState]:
    """Return the states of the highest number among the trust file's and those of complete anchors.

    Two chains may carry two states of one number: then both are heard, for whoever
    holds the receipt chooses the order of its anchors.
    """
    proven = (finding.anchor.state for ground in grounds for finding in ground.complete)
    known = [consortium.registry, *proven]
    highest = max(state.number for state in known)
    return [state for state in known if state.number == highest]


def _anchor_facts(grounds: list[Grounds]) -> Iterator[AnchorFact]:
    for at, ground in enumerate(grounds):
        for finding in ground.complete:
            assert finding.header is not None
            yield AnchorFact(finding.anchor.chain, finding.header.number, finding.time, at)


def _summary(credential: Credential | None) -> Summary | None:
    """Return the credential for people; None where it cannot be read, which steps 4 and 11 say."""
    try:
        return None if credential is None else summarize(credential)
    except NotaryError:
        return None
