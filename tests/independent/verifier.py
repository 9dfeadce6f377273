"""The eleven steps, from receipt and trust file to the verdict (docs/spec/verification.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.independent import credentials, evm, formats, keys, notes
from tests.independent.credentials import Credential
from tests.independent.formats import RECOGNITIONS, base64url, seconds, unbase64url
from tests.independent.merkle import leaf_hash, node_hash, verify_inclusion
from tests.independent.strict_json import Fault, Json, Mismatch, Unsupported, jcs, require, sha256

STATUSES = ("valid", "suspended", "revoked", "replaced")
PASS, FAIL, UNKNOWN, STALE = "pass", "fail", "unknown", "stale"


@dataclass
class Check:
    """One check of a step."""

    step: int
    name: str
    state: str
    note: str = ""
    weight: str = "needed"
    mixed: bool = False


@dataclass(frozen=True)
class Told:
    """The hash of a final block, told by a node."""

    chain: str
    number: int
    hash: str


@dataclass
class Verdict:
    """The result and what it rests on."""

    result: str
    checks: list[Check]
    remarks: list[str] = field(default_factory=list)


@dataclass
class Anchor:
    """An evm anchor and what steps 7 to 9.1 say of it."""

    raw: Json
    manifest: Json
    block: evm.Block | None = None
    event: evm.Event | None = None
    states: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.states == [PASS] * 3

    @property
    def failed(self) -> bool:
        return FAIL in self.states

    @property
    def time(self) -> int:
        return self.block.time if self.block else 0

    def member(self, name: str) -> Json:
        """The entry of a member, or None."""
        return next((entry for entry in self.raw["registry"]["members"] if entry["record"]["id"] == name), None)


Judged = list[tuple[Anchor, str]]  # each anchor with the state of 9.4 for one statement


def without_proof(statement: Json) -> Json:
    """What is signed of a statement."""
    return {name: value for name, value in statement.items() if name != "proof"}


def statement_id(statement: Json) -> bytes:
    """The id of a statement."""
    return sha256(jcs(without_proof(statement)))


def anchor_root(manifest: Json) -> bytes:
    """The 32 bytes on the chain."""
    legacy = manifest["legacy"]
    return node_hash(sha256(jcs(manifest)), unbase64url(legacy) if legacy else bytes(32))


def credential_leaf(form: int, salt: bytes, digest: bytes, evidence: bytes) -> bytes:
    """The leaf of a credential."""
    return leaf_hash(b"credential-notary/v1\0" + bytes([form]) + salt + digest + evidence)


def _verify_member(entry: Json, state: Json) -> None:
    leaf, path = leaf_hash(jcs(entry["record"])), unbase64url(entry["path"])
    verify_inclusion(leaf, entry["index"], state["size"], path, unbase64url(state["root"]))


def _verify_entry(statement: Json, entry: int, path: str, manifest: Json) -> None:
    require(manifest["since"] <= entry < manifest["size"], Mismatch, "another manifest judges this entry")
    leaf, root = leaf_hash(jcs(statement)), unbase64url(manifest["root"])
    verify_inclusion(leaf, entry, manifest["size"], unbase64url(path), root)


def _within(part: Json, time: int, ends: Sequence[str] = ("from", "until")) -> bool:
    after = part["from"] is None or "from" not in ends or seconds(part["from"]) <= time
    return after and (part["until"] is None or "until" not in ends or time < seconds(part["until"]))


def _worst(states: Sequence[str]) -> str:
    return next((state for state in (FAIL, UNKNOWN) if state in states), PASS)


def _holds(*states: str) -> bool:
    return all(state in {PASS, STALE} for state in states)


class Verification:
    """One receipt, step by step."""

    def __init__(self, trust: Json, at: int, beside: bytes | None, told: Sequence[Told]) -> None:
        self.trust, self.at, self.beside, self.told = trust, at, beside, told
        self.checks: list[Check] = []
        self.remarks: list[str] = [f"trust file of {trust['date']}"]
        self.receipt: Json = None
        self.credential: Credential | None = None
        self.consortium: Json = None
        self.anchors: list[list[Anchor]] = []
        self.statuses: list[int | None] = []
        self.period: str | None = None

    def check(
        self, step: int, name: str, body: Callable[[], object], rests_on: Sequence[str] = (), weight: str = "needed"
    ) -> str:
        """Make a check: a body that returns holds, or says its state; a fault decides."""
        state, note, mixed = PASS, "", False
        try:
            said = body()
            state = said if isinstance(said, str) else PASS
        except Fault as fault:
            state = UNKNOWN if isinstance(fault, Unsupported) else FAIL
            note, mixed = str(fault), fault.mixed
        if _holds(state) and not _holds(*rests_on):
            state, note = UNKNOWN, "rests on a check that does not hold"
        self.checks.append(Check(step, name, state, note, weight, mixed))
        return state

    def run(self, data: bytes) -> Verdict:
        """All steps."""
        if _holds(self.check(1, "receipt", partial(self._read_receipt, data))):
            self._steps()
        result = self._result()
        self.checks.sort(key=lambda check: check.step)
        return Verdict(result, self.checks, self.remarks)

    def _read_receipt(self, data: bytes) -> None:
        self.receipt = formats.receipt(data)

    def _result(self) -> str:
        counted = [check.state for check in self.checks if check.weight != "noted"]
        needed = [check.state for check in self.checks if check.weight == "needed"]
        if FAIL in counted:
            return "not verified"
        known = [status for status in self.statuses if status is not None]
        if UNKNOWN in needed or len(known) < len(self.statuses) or not known:
            return "not known yet"
        return STATUSES[max(known)] if max(known) else self.period or "verified"

    def _steps(self) -> None:
        submissions = self.receipt["submissions"]
        read = self.check(2, "credential", self._read_credential)
        for submission in submissions:
            self.check(3, "leaf", partial(self._leaf, submission), [read])
        log = self.check(4, "log", self._log)
        for submission in submissions:
            self.check(4, "co-issuers", partial(self._co_issuers, submission))
        entries = [self.check(5, "entry", partial(self._entry, submission)) for submission in submissions]
        if not _holds(log):
            return
        if self._distrusted("SHA-256"):
            self.check(2, "SHA-256", lambda: UNKNOWN)
        for commitment in self.receipt["commitments"]:
            self.anchors.append(self._look_at_anchors(commitment))
        self.newest = self._newest_states()
        anchored = [self.check(8, "anchored", partial(self._anchored, anchors)) for anchors in self.anchors]
        checkpoints = [
            self.check(5, "checkpoint", partial(self._checkpoint, commitment, anchors))
            for commitment, anchors in zip(self.receipt["commitments"], self.anchors, strict=True)
        ]
        judged = [self._judge(part["statement"], part["commitment"], self._batch_rule) for part in submissions]
        authority = [self.check(9, "authority", partial(self._sum_up, of)) for of in judged]
        for submission, entry, holds in zip(submissions, entries, authority, strict=True):
            self._status(submission, [entry, holds], anchored, checkpoints)
        if self.receipt["form"] != 2:
            record: list[Json] = []
            self.check(4, "issuer", partial(self._issuer, judged, authority, record), [read])
            own = partial(self._own_proof, record[0] if record else None)
            self.check(11, "own proof", own, [read], "heeded")
            self.check(11, "period", self._period, [read], "heeded")

    # Steps 2 to 5

    def _read_credential(self) -> None:
        form = self.receipt["form"]
        inside = credentials.of_form(form, self.receipt["credential"]) if "credential" in self.receipt else None
        beside = credentials.of_file(form, self.beside) if self.beside is not None else None
        same = not inside or not beside or inside.digest == beside.digest
        require(same, Mismatch, "another credential beside")
        self.credential = beside or inside
        require(self.credential is not None, Unsupported, "no credential")

    def _leaf(self, submission: Json) -> None:
        require(self.credential is not None, Unsupported, "no credential")
        assert self.credential
        evidence = self.receipt.get("evidence")
        given = (
            sha256(jcs(evidence)) if isinstance(evidence, dict) else unbase64url(evidence) if evidence else bytes(32)
        )
        leaf = credential_leaf(self.receipt["form"], unbase64url(submission["salt"]), self.credential.digest, given)
        statement, path = submission["statement"], unbase64url(submission["path"])
        verify_inclusion(leaf, submission["index"], statement["size"], path, unbase64url(statement["root"]))

    def _manifest(self, index: int) -> Json:
        return self.receipt["commitments"][index]["manifest"]

    def _log(self) -> None:
        logs = set()
        for submission in self.receipt["submissions"]:
            log = submission["statement"]["log"]
            origins = {self._manifest(index)["origin"] for index in formats.named_commitments(submission)}
            require(origins == {log}, Mismatch, "a manifest of another log")
            logs.add(log)
        of = {entry["origin"]: index for index, part in enumerate(self.trust["consortia"]) for entry in part["logs"]}
        require(len({of[log] for log in logs if log in of}) <= 1, Mismatch, "logs of two consortia")
        require(logs <= set(of), Unsupported, "a log that the trust file does not know")
        self.consortium = self.trust["consortia"][of[logs.pop()]]

    def _co_issuers(self, submission: Json) -> None:
        statement = submission["statement"]
        issuers = sorted(part["statement"]["issuer"] for part in self.receipt["submissions"])
        require(sorted([statement["issuer"], *statement["jointWith"]]) == issuers, Mismatch, "other co-issuers")

    def _entry(self, submission: Json) -> None:
        manifest = self._manifest(submission["commitment"])
        _verify_entry(submission["statement"], submission["entry"], submission["logPath"], manifest)

    def _checkpoint(self, commitment: Json, anchors: list[Anchor]) -> None:
        manifest = commitment["manifest"]
        note = notes.parse(commitment["checkpoint"])
        said = (manifest["origin"], manifest["size"], unbase64url(manifest["root"]))
        require(notes.checkpoint(note.text) == said, Mismatch, "another origin, size or root")
        log = next(log for log in self.consortium["logs"] if log["origin"] == manifest["origin"])
        witnesses = self.consortium["witnesses"]
        signed = notes.keys_that_signed(note, map(notes.vkey, log["keys"] + witnesses["keys"]))
        require(any(kind == 1 for kind, _ in signed), Unsupported, "no trusted key of the log signed")
        require(sum(kind == 4 for kind, _ in signed) >= witnesses["need"], Unsupported, "not witnessed")
        times = [anchor.time for anchor in anchors if anchor.complete]
        require(not times or not self._distrusted("Ed25519", min(times)), Unsupported, "Ed25519 is distrusted")

    def _distrusted(self, algorithm: str, time: int | None = None) -> bool:
        entries = [entry for entry in self.consortium["distrusted"] if entry["algorithm"] == algorithm]
        return any(time is None or entry["since"] is None or seconds(entry["since"]) <= time for entry in entries)

    # Steps 6 to 8, and 9.1

    def _look_at_anchors(self, commitment: Json) -> list[Anchor]:
        manifest = commitment["manifest"]
        anchors = [Anchor(raw, manifest) for raw in commitment["anchors"] if raw["type"] == "evm"]
        for anchor in anchors:
            block = self.check(7, "block", partial(self._block, anchor), (), "noted")
            anchor.states.append(block)
            if anchor.block is None:
                continue
            event = self.check(8, "event", partial(self._event, anchor), [block], "noted")
            anchor.states.append(event)
            if anchor.event:
                anchor.states.append(self.check(9, "state", partial(self._state, anchor), [event], "noted"))
        return anchors

    def _block(self, anchor: Anchor) -> str:
        anchor.block = block = evm.header(unbase64url(anchor.raw["header"]))
        chain = anchor.raw["chain"]
        listed = [
            entry["hash"]
            for part in self.consortium["chains"]
            for entry in part["blocks"]
            if part["chain"] == chain and entry["number"] == block.number
        ]
        listed += [told.hash for told in self.told if (told.chain, told.number) == (chain, block.number)]
        require(set(listed) <= {block.hash}, Mismatch, "another block has this number")
        require(not self._distrusted("Keccak-256"), Unsupported, "Keccak-256 is distrusted")
        if listed:
            return PASS
        given = self.consortium["blockNotes"]
        signed = self._block_notes(anchor, block) if not self._distrusted("Ed25519", block.time) else set()
        enough = given["keys"] != [] and len(signed) >= given["need"]
        require(enough, Unsupported, "a newer trust file or a node would tell")
        return PASS

    def _block_notes(self, anchor: Anchor, block: evm.Block) -> set[keys.Key]:
        signed: set[keys.Key] = set()
        for text in anchor.raw["notes"]:
            try:
                note = notes.parse(text)
                if notes.block(note.text) == (anchor.raw["chain"], block.number, block.hash):
                    given = map(notes.vkey, self.consortium["blockNotes"]["keys"])
                    signed |= {key for _, key in notes.keys_that_signed(note, given)}
            except Fault:
                continue
        return signed

    def _event(self, anchor: Anchor) -> None:
        assert anchor.block
        raw, block = anchor.raw, anchor.block
        event = evm.event(block.receipts_root, raw["transaction"], raw["log"], list(map(unbase64url, raw["proof"])))
        require(event.contract == raw["contract"], Mismatch, "an event of another contract")
        require(event.root == anchor_root(anchor.manifest), Mismatch, "an event with another root")
        anchor.event = event
        known = [
            part
            for part in self.consortium["chains"]
            if (part["chain"], part["contract"]) == (raw["chain"], raw["contract"])
        ]
        believed = any(part["untilBlock"] is None or part["untilBlock"] >= block.number for part in known)
        require(believed, Unsupported, "a contract that the trust file does not list for this block")

    def _state(self, anchor: Anchor) -> None:
        assert anchor.event
        state, chain = anchor.raw["registry"]["state"], anchor.raw["chain"]
        require(sha256(jcs(state)) == anchor.event.registry, Mismatch, "another registry state")
        contract = {"chain": chain, "address": anchor.raw["contract"]}
        require(contract in state["contracts"], Mismatch, "a contract the state does not name")
        notary = {"chain": chain, "address": anchor.event.notary, "origin": anchor.manifest["origin"]}
        require(notary in state["notaries"], Mismatch, "a notary the state does not name")

    def _enough(self, anchors: Sequence[Anchor]) -> bool:
        return len({anchor.raw["chain"] for anchor in anchors}) >= int(self.consortium["anchorsNeeded"])

    def _anchored(self, anchors: list[Anchor]) -> str:
        return self._sum_up([(anchor, PASS) for anchor in anchors])

    def _sum_up(self, judged: Judged) -> str:
        if self._enough([anchor for anchor, state in judged if anchor.complete and state == PASS]):
            return PASS
        return FAIL if judged and all(anchor.failed or state == FAIL for anchor, state in judged) else UNKNOWN

    # Step 9

    def _newest_states(self) -> list[Json]:
        complete = [
            anchor.raw["registry"]["state"] for anchors in self.anchors for anchor in anchors if anchor.complete
        ]
        known = [self.consortium["registry"], *complete]
        highest = max(state["number"] for state in known)
        self.remarks.append(f"registry state {highest}")
        return [state for state in known if state["number"] == highest]

    def _judge(self, statement: Json, commitment: int, rule: Callable[[Anchor, Json, Json], None]) -> Judged:
        return [
            (
                anchor,
                self.check(9, "statement", partial(self._statement, anchor, statement, rule), anchor.states, "noted"),
            )
            for anchor in self.anchors[commitment]
        ]

    def _statement(self, anchor: Anchor, statement: Json, rule: Callable[[Anchor, Json, Json], None]) -> None:
        entry = anchor.member(statement["issuer"])
        require(anchor.block is not None and entry is not None, Unsupported, "no header or no member record")
        record = entry["record"]
        _verify_member(entry, anchor.raw["registry"]["state"])
        is_batch = "recognition" in statement
        method = statement["proof"]["verificationMethod"]
        named = [key for key in record["keys"] if key["id"] == method]
        require(len(named) == 1, Mismatch, "not one key of this name")
        require(("batch" if is_batch else "status") in named[0]["purposes"], Mismatch, "a key for something else")
        key = keys.multikey(named[0]["publicKeyMultibase"])
        require(keys.SUITES[statement["proof"]["cryptosuite"]] == key.algorithm, Mismatch, "another suite")
        credentials.verify_proof(key, statement["proof"], without_proof(statement))
        period = ("from", "until") if is_batch else ("from",)
        in_time = _within(record, anchor.time, period) and _within(named[0], anchor.time)
        require(in_time, Mismatch, "outside the period of member or key")
        rule(anchor, statement, record)
        self._not_compromised(named[0]["publicKeyMultibase"], anchor.time)
        require(not self._distrusted(key.algorithm, anchor.time), Unsupported, f"{key.algorithm} is distrusted")

    def _not_compromised(self, key: str, time: int) -> None:
        entries = [entry for state in self.newest for entry in state["compromised"] if entry["key"] == key]
        require(all(seconds(entry["since"]) > time for entry in entries), Mismatch, "a compromised key")

    def _batch_rule(self, _anchor: Anchor, statement: Json, record: Json) -> None:
        said, may = RECOGNITIONS.index(statement["recognition"]), RECOGNITIONS.index(record["recognition"])
        require(said <= may, Mismatch, "a recognition above the record's")
        if statement["recognition"] != "authorised" or self.receipt["form"] == 2:
            return
        require(self.credential is not None, Unsupported, "no credential")
        assert self.credential
        programmes = {programme["achievement"] for programme in record["programmes"]}
        subjects = credentials.achievements(self.credential)
        covered = subjects and all(subject and set(subject) <= programmes for subject in subjects)
        require(bool(covered or not programmes), Mismatch, "an achievement not among the programmes")

    def _issuer(self, judged: list[Judged], authority: list[str], record: list[Json]) -> None:
        require(self.credential is not None, Unsupported, "no credential")
        assert self.credential
        named = credentials.issuer(self.credential)
        issuers = [submission["statement"]["issuer"] for submission in self.receipt["submissions"]]

        def names(entry: Json) -> bool:
            return entry is not None and named in {entry["record"]["id"], *entry["record"]["aliases"]}

        for issuer, of in zip(issuers, judged, strict=True):
            complete = [anchor for anchor, state in of if anchor.complete and state == PASS]
            naming = [anchor for anchor in complete if names(anchor.member(issuer))]
            if self._enough(naming):
                record.append(naming[0].member(issuer)["record"])
                self.remarks.append(f"issued by {named}, recognised as {record[0]['recognition']}")
                return
        raise (Mismatch if _holds(*authority) else Unsupported)(f"{named} is not known as one of the institutions")

    # Steps 10 and 11

    def _status(self, submission: Json, rests: list[str], anchored: list[str], checkpoints: list[str]) -> None:
        if "status" not in submission:
            self.check(10, "status", lambda: UNKNOWN)
            self.statuses.append(None)
            return
        status = submission["status"]
        index, change = status["commitment"], status.get("change")
        body, rests = partial(self._snapshot, submission), [*rests, checkpoints[index], anchored[index]]
        try:
            body()
        except Fault:
            change = None
        if change:
            judged = self._judge(change["statement"], change["commitment"], partial(self._successor, submission))
            authority = self.check(9, "authority of statuses", partial(self._sum_up, judged))
            rests += [checkpoints[change["commitment"]], authority]
        state = self.check(10, "status", body, rests)
        self.statuses.append(self._bits(submission) if _holds(state) else None)

    @staticmethod
    def _bits(submission: Json) -> int:
        change, index = submission["status"].get("change"), submission["index"] % 128
        return unbase64url(change["chunk"])[index // 4] >> (6 - 2 * (index % 4)) & 3 if change else 0

    def _successor(self, submission: Json, anchor: Anchor, statement: Json, _record: Json) -> None:
        issuer = submission["statement"]["issuer"]
        if statement["issuer"] != issuer:
            entry = anchor.member(issuer)
            require(entry is not None, Unsupported, "no record of the batch's issuer")
            _verify_member(entry, anchor.raw["registry"]["state"])
            require(entry["record"]["successor"] == statement["issuer"], Mismatch, "statuses by another institution")

    def _snapshot(self, submission: Json) -> str:
        statement, status = submission["statement"], submission["status"]
        change, snapshot = status.get("change"), self._manifest(status["commitment"])
        batch = base64url(statement_id(statement))
        newest = base64url(statement_id(change["statement"])) if change else None
        leaf, path = leaf_hash(jcs({"batch": batch, "status": newest})), unbase64url(status["path"])
        verify_inclusion(leaf, submission["entry"], snapshot["size"], path, unbase64url(snapshot["snapshot"]))
        if change:
            self._change(submission, change, snapshot, batch)
        complete = [anchor for anchor in self.anchors[status["commitment"]] if anchor.complete]
        return STALE if any(map(self._is_stale, complete)) else PASS

    def _change(self, submission: Json, change: Json, snapshot: Json, batch: str) -> None:
        statement, said = submission["statement"], change["statement"]
        require((said["log"], said["batch"]) == (statement["log"], batch), Mismatch, "statuses of another batch")
        manifest = self._manifest(change["commitment"])
        require(manifest["size"] <= snapshot["size"], Mismatch, "a manifest larger than the snapshot's")
        _verify_entry(said, change["entry"], change["path"], manifest)
        leaf, chunks = leaf_hash(unbase64url(change["chunk"])), -(-statement["size"] // 128)
        path, root = unbase64url(change["chunkPath"]), unbase64url(said["root"])
        verify_inclusion(leaf, submission["index"] // 128, chunks, path, root)

    def _is_stale(self, anchor: Anchor) -> bool:
        place = (anchor.raw["chain"], anchor.raw["contract"])
        parts = [part for part in self.consortium["chains"] if (part["chain"], part["contract"]) == place]
        return any(block["number"] > anchor.block.number for part in parts for block in part["blocks"] if anchor.block)

    def _own_proof(self, record: Json) -> str:
        require(self.credential is not None, Unsupported, "no credential")
        assert self.credential
        times = [anchor.time for anchors in self.anchors for anchor in anchors if anchor.complete]
        states = []
        for own in credentials.own_proofs(self.credential, record):
            relied = own.state != PASS or not times or not self._distrusted(own.algorithm, min(times))
            states.append(own.state if relied else UNKNOWN)
        return _worst(states)

    def _period(self) -> str:
        require(self.credential is not None, Unsupported, "no credential")
        assert self.credential
        try:
            self.period = credentials.period(self.credential, self.at)
        except Fault:
            return UNKNOWN
        return PASS


def verify(
    data: bytes, trust: bytes, *, at: int, credential: bytes | None = None, blocks: Sequence[Told] = ()
) -> Verdict:
    """The verdict on a receipt."""
    try:
        believed = formats.trust(trust)
    except Fault as fault:
        return Verdict("not known yet", [], [f"trust file: {fault}"])
    return Verification(believed, at, credential, blocks).run(data)
