"""A monitor against a log on paper: what it must find, what it must not, and what it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from notary.core.canonical import canonical
from notary.core.digest import SIZE, sha256
from notary.core.errors import OperatorError
from notary.core.log import encode_entries
from notary.core.statement import SignedStatement
from notary.service.monitoring.findings import MOST, Findings, Kind, Report
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.own import Own, read_own
from notary.service.monitoring.seen import ChainSeen, ManifestSeen, Seen, Waiting
from notary.service.submission.batch_file import BATCH_FILE
from tests.service.paper_log import ORIGIN, Files, PaperLog, Signatory, new_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def look(
    log: PaperLog, who: Signatory, seen: Seen | None = None, *, files: Files | None = None, own: Own | None = None
) -> tuple[Seen, Report]:
    """Look once, and keep what was seen as bytes in between."""
    before = Seen.parse(bytes(seen)) if seen else Seen(log.origin, who.did)
    return monitor(before, Watch(files or log.files(), (log.vkey,), own), NOW)


def kinds(report: Report) -> list[Kind]:
    return [finding.kind for finding in report.findings]


def having(*signed: SignedStatement) -> Own:
    own, neither = read_own((f"{each.id.hex()}.json", each.entry()) for each in signed)
    assert not neither
    return own


@pytest.fixture
def me() -> Signatory:
    return Signatory()


@pytest.fixture
def other() -> Signatory:
    return Signatory()


def test_a_log_that_is_as_it_must_be_gives_no_finding(me: Signatory, other: Signatory) -> None:
    """Batches and statuses of two institutions, all of ours among our own."""
    batch = me.batch()
    status = me.status(batch)
    log = PaperLog().log(batch, other.batch(), status)
    _, report = look(log, me, own=having(batch, status))
    assert (report.size, report.new, report.own) == (3, 3, 2)
    assert not report.findings
    assert not report.open


@pytest.mark.parametrize("sizes", [(1, 2), (255, 257), (256, 512), (300, 301), (3, 700)])
def test_it_goes_on_where_it_stopped_and_reads_no_bundle_twice(
    sizes: tuple[int, int], me: Signatory, other: Signatory
) -> None:
    """Only bundles with new entries are asked for, and the whole log is followed all the same."""
    log = PaperLog().log(*(each.batch(str(at)) for at in range(350) for each in (me, other)))
    first, second = sizes
    seen, _ = look(log, me, files=log.files(first))
    files = log.files(second)
    seen, report = look(log, me, seen, files=files)
    assert (report.size, report.new) == (second, second - first)
    assert not report.findings
    assert len(files.read_paths) == 1 + (second - 1) // 256 - first // 256 + 1
    assert seen.digests(seen.leaves) == [log.tree().node(0, at) for at in range(second)]


def test_what_the_institution_did_not_submit_is_found_until_it_is_accounted_for(me: Signatory) -> None:
    """It stays in every report; once the statement is among one's own it is gone."""
    mine, stolen = me.batch("mine"), me.batch("stolen")
    log = PaperLog().log(mine, stolen)
    seen, report = look(log, me, own=having(mine))
    assert kinds(report) == [Kind.FOREIGN]
    assert "log entry 1, a batch of 3, statement 2" in report.findings[0].says
    seen, report = look(log, me, seen, own=having(mine))
    assert kinds(report) == [Kind.FOREIGN]
    _, report = look(log, me, seen, own=having(mine, stolen))
    assert not report.findings


def test_a_status_in_the_institutions_name_is_found(me: Signatory) -> None:
    """A revocation it never made."""
    batch = me.batch()
    log = PaperLog().log(batch, me.status(batch))
    _, report = look(log, me, own=having(batch))
    assert kinds(report) == [Kind.FOREIGN]
    assert "a change of statuses" in report.findings[0].says


def test_a_batch_file_accounts_for_its_batch_and_nothing_else(me: Signatory) -> None:
    """Its statement may be an older draft: root and size count."""
    first, second = me.batch("first"), me.batch("second")
    drafted = replace(first.statement, time="2020-01-01T00:00:00Z")
    line = canonical({"type": BATCH_FILE, "batch": 1, "statement": drafted.to_json()})
    own, neither = read_own([("batch-1.ndjson", line), ("notes.json", b"{}")])
    assert neither == ("notes.json",)
    _, report = look(PaperLog().log(first, second), me, own=own)
    assert ["statement 2" in finding.says for finding in report.findings] == [True]


def test_two_statements_of_one_number_are_a_fork(me: Signatory) -> None:
    """The notary logged another second statement beside the first."""
    first, second = me.batch("1"), me.batch("2")
    me.seq, me.last = 1, first.id
    again = me.batch("2, another")
    log = PaperLog().log(first, second, again)
    _, report = look(log, me)
    assert kinds(report) == [Kind.FORK]
    assert "two statements stand where one can" in report.findings[0].says


def test_a_statement_that_follows_another_one_is_a_fork(me: Signatory) -> None:
    """Number 2 names a number 1 that is not the one logged."""
    hidden = me.batch("hidden")
    second = me.batch("second")
    shown = replace_chain(me).batch("shown")
    _, report = look(PaperLog().log(shown, second), me)
    assert hidden.id == second.statement.previous
    assert kinds(report) == [Kind.FORK]


def replace_chain(who: Signatory) -> Signatory:
    """The same institution at the beginning of its chain."""
    return Signatory(key=who.key)


def test_a_number_that_is_left_out_is_a_gap(me: Signatory, other: Signatory) -> None:
    """Also in another institution's chain: the log breaks its rules."""
    for who in (me, other):
        first, _, third = who.batch("1"), who.batch("2"), who.batch("3")
        _, report = look(PaperLog().log(first, third), me)
        assert kinds(report) == [Kind.GAP]
        assert who.did in report.findings[0].says


def test_a_statement_of_another_consortiums_log_is_found(me: Signatory) -> None:
    """Offered here, it would count twice."""
    elsewhere = Signatory(key=me.key, log="elsewhere.example/log")
    _, report = look(PaperLog().log(elsewhere.batch()), me)
    assert kinds(report) == [Kind.STRANGE]
    assert "for another log, 'elsewhere.example/log'" in report.findings[0].says


@pytest.mark.parametrize(
    "entry",
    [b"", b"{}", b"no JSON", b"[" * 60_000, b'{"proof":{},"type":"credential-notary/batch/v2"}', b"\xff\xfe"],
)
def test_an_entry_that_is_no_statement_is_found_and_the_log_goes_on(entry: bytes, me: Signatory) -> None:
    """What follows it is followed."""
    log = PaperLog().log(me.batch())
    log.entries.append(entry)
    log.log(me.batch())
    _, report = look(log, me)
    assert (report.size, report.own) == (3, 2)
    assert kinds(report) == [Kind.STRANGE]


def test_a_statement_with_other_spelling_is_found(me: Signatory) -> None:
    """Its bytes are not RFC 8785: two readers could differ."""
    log = PaperLog()
    log.entries.append(me.batch().entry() + b" ")
    _, report = look(log, me)
    assert "another spelling" in report.findings[0].says


def test_a_status_of_no_batch_is_found(me: Signatory) -> None:
    """It comes before its batch, or the batch is nowhere."""
    batch = me.batch()
    _, report = look(PaperLog().log(replace_chain(me).status(batch)), me)
    assert kinds(report) == [Kind.STRANGE]


# ------------------------------------------------------------ growth, forks, rewriting


def test_a_rewritten_history_is_found_with_both_checkpoints_as_evidence(me: Signatory, other: Signatory) -> None:
    """An entry that was seen is another one now: what was seen stays, and both checkpoints prove it to others."""
    log = PaperLog().log(me.batch("1"), other.batch("1"))
    seen, _ = look(log, me)
    before = bytes(seen.leaves)
    rewritten = PaperLog(key=log.key).log(me.batch("2"), me.batch("3"), other.batch("4"))
    seen, report = look(rewritten, me, seen)
    assert kinds(report) == [Kind.REWRITTEN]
    assert report.findings[0].evidence == (log.checkpoint().decode(), rewritten.checkpoint().decode())
    assert bytes(seen.leaves) == before


def test_a_rewritten_log_that_grows_on_is_one_finding(me: Signatory) -> None:
    """However often it is looked at."""
    log = PaperLog().log(me.batch("1"))
    seen, _ = look(log, me)
    rewritten = PaperLog(key=log.key, entries=[b"{}"])
    for _ in range(3):
        rewritten.entries.append(b"{}")
        seen, report = look(rewritten, me, seen)
        assert kinds(report) == [Kind.REWRITTEN]


def test_two_roots_of_one_size_are_a_fork(me: Signatory) -> None:
    """Both signed by the log: proof against the notary, for everybody."""
    log = PaperLog().log(me.batch("1"))
    seen, _ = look(log, me)
    forked = PaperLog(key=log.key).log(replace_chain(me).batch("another"))
    _, report = look(forked, me, seen)
    assert kinds(report) == [Kind.FORK]
    assert len(report.findings[0].evidence) == 2


def test_a_shorter_log_with_another_root_is_a_fork(me: Signatory) -> None:
    log = PaperLog().log(me.batch("1"), me.batch("2"))
    seen, _ = look(log, me)
    _, report = look(PaperLog(key=log.key, entries=[b"{}"]), me, seen)
    assert kinds(report) == [Kind.FORK]


def test_a_mirror_that_is_behind_is_no_finding(me: Signatory) -> None:
    """An older checkpoint of the same log: nothing wrong, and nothing new can be told."""
    log = PaperLog().log(me.batch("1"), me.batch("2"))
    seen, _ = look(log, me)
    seen, report = look(log, me, seen, files=log.files(1))
    assert not report.findings
    assert "behind" in report.open[0]
    assert seen.size == 2


def test_wrong_entries_of_a_mirror_are_not_the_logs_fault(me: Signatory) -> None:
    """The tiles prove that the log grew as it must: the mirror's entries are wrong, and nothing is taken from them."""
    log = PaperLog().log(*(me.batch(str(at)) for at in range(300)))
    seen, _ = look(log, me, files=log.files(10))
    files = log.files()
    files.files["tile/entries/000"] = encode_entries([b"{}", *log.entries[1:200], b"{}", *log.entries[201:256]])
    seen, report = look(log, me, seen, files=files)
    assert not report.findings
    assert "ask another mirror" in report.open[0]
    assert seen.size == 10


def test_wrong_entries_at_the_first_look_are_not_taken(me: Signatory) -> None:
    log = PaperLog().log(me.batch())
    files = log.files()
    files.files["tile/entries/000.p/1"] = encode_entries([b"{}"])
    seen, report = look(log, me, files=files)
    assert not report.findings
    assert "not what the log's checkpoint commits" in report.open[0]
    assert seen.size == 0


@pytest.mark.parametrize(
    "break_it",
    [
        lambda files: files.pop("checkpoint"),
        lambda files: files.pop("tile/entries/000.p/1"),
        lambda files: files.update({"checkpoint": b"no note"}),
        lambda files: files.update({"tile/entries/000.p/1": b"\x00\x09short"}),
    ],
    ids=["no checkpoint", "no entries", "no note", "a bundle cut short"],
)
def test_a_mirror_that_cannot_be_read_leaves_it_open(break_it: object, me: Signatory) -> None:
    """It is nobody's fault until somebody else can be asked."""
    log = PaperLog().log(me.batch())
    files = log.files()
    break_it(files.files)  # type: ignore[operator]
    seen, report = look(log, me, files=files)
    assert not report.findings
    assert len(report.open) == 1
    assert seen.size == 0


def test_a_checkpoint_that_the_log_did_not_sign_is_not_followed(me: Signatory) -> None:
    """Nor one of another origin, signed by the same key."""
    log = PaperLog().log(me.batch())
    stranger = PaperLog(key=new_key(), entries=log.entries)
    another = PaperLog(origin="another.example/log", key=log.key, entries=log.entries)
    for wrong in (stranger, another):
        seen, report = look(log, me, files=wrong.files())
        assert "checkpoint is not the log's" in report.open[0]
        assert seen.size == 0


def test_a_log_that_claims_to_be_endless_is_not_read(me: Signatory) -> None:
    """A signed size costs its signer nothing."""
    log = PaperLog().log(me.batch())
    files = log.files()
    files.files["checkpoint"] = log.sign(f"{ORIGIN}\n{2**62}\n{'A' * 43}=\n")
    _, report = look(log, me, files=files)
    assert "4000000 are followed at most" in report.open[0]
    assert files.read_paths == ["checkpoint"]


# ------------------------------------------------------------------------ the state


def test_the_state_comes_back_as_it_was_written(me: Signatory, other: Signatory) -> None:
    """With chains, manifests, what waits, and findings."""
    batch = me.batch()
    seen, _ = look(PaperLog().log(batch, me.status(batch), other.batch(), other.batch(seq=7)), me)
    digest = sha256(b"x")
    seen.chains["eip155:1", bytes(20)] = ChainSeen((1, 2, 3), 4, {b"a": b"b"}, [Waiting(digest, digest, b"c", 5, 6)])
    seen.manifests = {digest: ManifestSeen(1, None), sha256(b"y"): ManifestSeen(2, digest)}
    seen.told = "ab"
    assert Seen.parse(bytes(seen)) == seen


def test_a_state_cut_short_is_refused(me: Signatory) -> None:
    """To begin anew would forget the log's past: the operator decides."""
    seen, _ = look(PaperLog().log(me.batch()), me)
    data = bytes(seen)
    for wrong in (b"", data[:-1], data[: -3 * SIZE + 1], b"{}\n", data[10:]):
        with pytest.raises(OperatorError, match="state cannot be read"):
            Seen.parse(wrong)


def test_findings_are_kept_once_and_up_to_a_number() -> None:
    """A hostile log makes any number of them."""
    findings = Findings()
    for at in range(MOST + 5):
        findings.add(Kind.STRANGE, f"entry {at}")
        findings.add(Kind.STRANGE, f"entry {at}" if at < MOST else "entry 0")
    assert (len(findings.items), findings.more) == (MOST, 5)
