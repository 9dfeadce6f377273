"""A receipt before the one consortium whose words count for it: who issued it, its status, its own proof.

Steps 4 (the issuer), 9 (each statement), 10 and 11 of docs/spec/verification.md;
`verify` calls them in their order and adds them up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.authority import AnchorFinding, check_member, distrusts_signature
from notary.core.credential import Credential
from notary.core.did import KeySource
from notary.core.digest import leaf_hash
from notary.core.encoding import format_unix, shorten
from notary.core.errors import Mismatch, NotaryError, Unsupported
from notary.core.grounds import Authority, Grounds, check_entry, find_authority
from notary.core.leaf import Form
from notary.core.mandate import check_programmes, check_recognition
from notary.core.manifest import Manifest, snapshot_entry
from notary.core.merkle import verify_inclusion
from notary.core.own_proof import own_proof
from notary.core.receipt import EvmAnchor, MemberProof, Receipt, StatusChange, StatusProof, Submission
from notary.core.registry import MemberRecord, RegistryState
from notary.core.statement import BatchStatement, Recognition
from notary.core.status import Status, chunk_count, chunk_of, read_status
from notary.core.summary import achievements, issuer
from notary.core.trust import TrustedConsortium
from notary.core.verdict import Check, Institution, State, StatusFact, Weight, failed


@dataclass(frozen=True, slots=True)
class StatusFinding:
    """Step 10 of one submission; `behind`: whether the signer of a status change might speak."""

    check: Check
    fact: StatusFact | None = None
    behind: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A receipt before the one consortium whose words count for it."""

    receipt: Receipt
    credential: Credential | None
    read: Check
    consortium: TrustedConsortium
    grounds: list[Grounds]
    newest: list[RegistryState]

    def authority(self, submission: Submission, about: str) -> Authority:
        """Step 9 of a batch's statement."""

        def entitled(_: EvmAnchor, member: MemberProof) -> None:
            self._check_recognition(submission.statement, member.record)

        ground = self.grounds[submission.commitment]
        return find_authority(ground, submission.signed, self.consortium, self.newest, about, entitled)

    def _check_recognition(self, statement: BatchStatement, record: MemberRecord) -> None:
        """Step 9: recognition within the record's; authorised only for the record's programmes."""
        check_recognition(record, statement.recognition)
        if statement.recognition is not Recognition.AUTHORISED or self.receipt.form is Form.FILE:
            return
        if self.credential is None:
            raise Unsupported("without the credential its achievements are not known", hint=self.read.settle)
        check_programmes(record, achievements(self.credential))

    def check_issuer(self, authorities: list[Authority]) -> tuple[Check, MemberRecord | None]:
        """Step 4: the credential's issuer is the id or an alias of one submission's proven member."""
        if self.credential is None:
            return Check(4, "issuer", State.PASS, "the issuer is a member"), None  # capped by step 2
        try:
            name = issuer(self.credential) or ""
        except NotaryError as error:
            return failed(4, "issuer", error), None
        for authority in authorities:
            naming = {chain: record for chain, record in authority.records if record.names(name)}
            if len(naming) >= self.consortium.anchors_needed:
                record = next(iter(naming.values()))
                says = f"the credential's issuer {shorten(name)} is {record.name}"
                return Check(4, "issuer", State.PASS, says), record
        if not all(authority.enough.holds for authority in authorities):
            says = f"the credential's issuer {shorten(name)} is not proven to be a member"
            return Check(4, "issuer", State.UNKNOWN, says), None
        proven = (record for authority in authorities for _, record in authority.records)
        ids = ", ".join(dict.fromkeys(known for record in proven for known in (record.id, *record.aliases)))
        what = "the credential's issuer is none of the institutions that submitted it"
        return failed(4, "issuer", Mismatch(what, expected=ids, actual=shorten(name))), None

    def check_status(self, submission: Submission, about: str) -> StatusFinding:
        """Step 10: what the snapshot says of the batch, and the batch's newest statuses of this credential."""
        proof = submission.status
        if proof is None:
            settle = "A refreshed receipt, from the learner's link"
            return StatusFinding(Check(10, about, State.UNKNOWN, "the receipt shows no status", settle=settle))
        ground = self.grounds[proof.commitment]
        rests = [ground.checkpoint, ground.anchored]
        status, behind, successor = Status.VALID, tuple[Check, ...](), None
        try:
            self._check_snapshot(submission, proof)
            if proof.change is not None:
                authority = self._check_change(submission, proof.change, ground.commitment.manifest, about)
                rests += [self.grounds[proof.change.commitment].checkpoint, authority.enough]
                status, behind = read_status(proof.change.chunk, submission.index), authority.checks
                by = proof.change.statement.issuer
                successor = None if by == submission.statement.issuer else by
        except NotaryError as error:
            return StatusFinding(failed(10, about, error))
        if ground.time is None:
            return StatusFinding(Check(10, about, State.PASS, status.name.lower()).resting_on(*rests), None, behind)
        says = f"{status.name.lower()} as of {format_unix(ground.time)}"
        found = Check(10, about, State.PASS, says)
        if any(self._knows_later(finding) for finding in ground.complete):
            settle = "A refreshed receipt, from the learner's link"
            found = Check(10, about, State.STALE, f"{says}; your trust file knows later anchors", settle=settle)
        return StatusFinding(found.resting_on(*rests), StatusFact(status, ground.time, successor), behind)

    def _check_snapshot(self, submission: Submission, proof: StatusProof) -> None:
        manifest = self.grounds[proof.commitment].commitment.manifest
        newest = proof.change.signed.id if proof.change else None
        leaf = leaf_hash(snapshot_entry(submission.signed.id, newest))
        verify_inclusion(leaf, submission.entry, manifest.size, proof.path, manifest.snapshot)

    def _check_change(self, submission: Submission, change: StatusChange, snapshot: Manifest, about: str) -> Authority:
        """Step 10: the status statement is logged, of this batch, and by who may change it."""
        batch, statement = submission.statement, change.statement
        ground = self.grounds[change.commitment]
        manifest = ground.commitment.manifest
        if statement.log != batch.log:
            raise Mismatch("the status statement is of another log", expected=batch.log, actual=statement.log)
        if statement.batch != submission.signed.id:
            raise Mismatch("the status statement is of another batch")
        if manifest.size > snapshot.size:
            raise Mismatch("the status statement is newer than the snapshot that names it")
        check_entry(change.signed, change.entry, change.path, manifest)
        chunks = chunk_count(batch.size)
        verify_inclusion(leaf_hash(change.chunk), chunk_of(submission.index), chunks, change.chunk_path, statement.root)

        def entitled(anchor: EvmAnchor, _: MemberProof) -> None:
            if statement.issuer == batch.issuer:
                return
            predecessor = anchor.member(batch.issuer)
            if predecessor is None:
                raise Unsupported(f"the receipt holds no member record of {batch.issuer}")
            check_member(anchor.state, predecessor)
            if predecessor.record.successor != statement.issuer:
                raise Mismatch(
                    "only the issuer or its successor may change a status",
                    expected=predecessor.record.successor or batch.issuer,
                    actual=statement.issuer,
                )

        return find_authority(ground, change.signed, self.consortium, self.newest, f"{about}, status", entitled)

    def _knows_later(self, finding: AnchorFinding) -> bool:
        assert finding.header is not None
        newest = self.consortium.newest_block(finding.anchor.chain, finding.anchor.contract)
        return newest > finding.header.number

    def check_own_proof(self, credential: Credential, speaker: MemberRecord | None) -> Check:
        """Step 11: the issuer's own signature on the credential, keys from its id or its pinned document."""
        keys = KeySource()
        if speaker is not None:
            keys = KeySource(frozenset((speaker.id, *speaker.aliases)), speaker.did_document)
        found = own_proof(credential, keys)
        check = Check(
            11,
            "own proof",
            State(found.state),
            found.message,
            found.expected,
            found.actual,
            found.settle,
            Weight.HEEDED,
        )
        times = [ground.time for ground in self.grounds if ground.time is not None]
        if times and distrusts_signature(self.consortium, found.algorithm, min(times)):
            return replace(check, state=State.UNKNOWN, says=f"your trust file no longer relies on {found.algorithm}")
        return check

    def institutions(self, authorities: list[Authority]) -> tuple[Institution, ...]:
        """Return who submitted it, of whom that is proven."""
        found = []
        for submission, authority in zip(self.receipt.submissions, authorities, strict=True):
            if authority.enough.holds:
                _, record = authority.records[0]
                named = submission.signed.proof.verification_method
                custodial = any(key.custodial for key in record.keys if key.id == named)
                recognition = None if self.receipt.form is Form.FILE else submission.statement.recognition
                found.append(Institution(record, recognition, custodial, self._latest(record)))
        return tuple(found)

    def _latest(self, record: MemberRecord) -> MemberRecord:
        """Return a member's record in the newest state that proves one: it may have left since it spoke."""
        shown = [
            (finding.anchor.state.number, proof.record)
            for ground in self.grounds
            for finding in ground.complete
            if (proof := finding.anchor.member(record.id)) is not None and _is_member(finding.anchor.state, proof)
        ]
        return max(shown, key=lambda numbered: numbered[0])[1]


def _is_member(state: RegistryState, proof: MemberProof) -> bool:
    try:
        check_member(state, proof)
    except NotaryError:
        return False
    return True
