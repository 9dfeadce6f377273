"""The port `Ledger`, the same for SQLite and PostgreSQL."""

import random
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from notary.core.digest import LeafIndex, TreeSize, leaf_hash
from notary.core.errors import IssuerError, OperatorError
from notary.core.leaf import Form
from notary.core.merkle import TreeBuilder, tree_root
from notary.ports.ledger import (
    AnchorState,
    BatchId,
    BatchState,
    CredentialId,
    CredentialRow,
    HeldRow,
    InstitutionRow,
    LeafRow,
    ManifestNumber,
    StateRow,
    UnitOfWork,
)
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import (
    COLLEGE,
    NOON,
    SCHOOL,
    Database,
    Other,
    anchor,
    append,
    attempt,
    batch,
    credential,
    digest,
    entry,
    manifest,
    seal,
    seconds_since,
    submit,
)

__all__ = ["database", "ledger", "postgres"]


# ---------------------------------------------------------------- credentials


def test_a_credential_comes_back_as_it_was(ledger: SqlLedger) -> None:
    """Every field, by id and by the learner's link; a time told in another zone is the same moment."""
    told = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    rows = [
        replace(credential(1, content=bytes(range(256))), accepted=told, evidence=digest("evidence")),
        replace(credential(2), form=Form.FILE, learner=None, title=None, line=None, source="größe — 面.pdf"),
        replace(credential(3), salt=None, digest=None, content=None),
    ]
    with ledger.begin() as work:
        submit(work, rows)
    with ledger.read() as work:
        for row in rows:
            found = work.credentials.get(row.id)
            assert found == row == work.credentials.by_link(row.link)
            assert found.accepted.utcoffset() == timedelta()
            assert found.form is row.form
        assert work.credentials.get(CredentialId("nobody")) is None
        assert work.credentials.by_link(digest("no link")) is None


def test_what_was_submitted_waits_in_its_order_until_it_has_a_place(ledger: SqlLedger) -> None:
    """Each institution's credentials by themselves; a batch takes all of them, and leaves the others'."""
    rows = [credential(at) for at in range(10)]
    others = [credential(at, institution=SCHOOL) for at in range(10, 13)]
    with ledger.begin() as work:
        submit(work, [*rows[:4], *others, *rows[4:]])
    with ledger.begin() as work:
        assert [row.id for row in work.credentials.unsealed(COLLEGE)] == [row.id for row in rows]
        assert work.credentials.waiting() == {COLLEGE: 10, SCHOOL: 3}
        leaves = seal(work, 1)
        assert leaves == [row.leaf for row in rows]
        submit(work, [credential(13)])
    with ledger.read() as work:
        assert [row.id for row in work.credentials.unsealed(COLLEGE)] == [credential(13).id]
        assert list(work.credentials.unsealed_leaves(SCHOOL)) == [row.leaf for row in others]
        assert work.credentials.waiting() == {COLLEGE: 1, SCHOOL: 3}
        placed = [replace(row, batch=BatchId(1), index=LeafIndex(at)) for at, row in enumerate(rows)]
        assert list(work.credentials.of_batch(BatchId(1))) == placed
        assert list(work.credentials.leaves(BatchId(1))) == leaves
        assert list(work.credentials.positions(BatchId(1))) == [
            LeafRow(row.id, row.form, row.salt, row.digest, row.evidence, row.source, row.line) for row in placed
        ]
        assert work.credentials.get(rows[2].id) == placed[2]


def test_a_credential_has_one_place(ledger: SqlLedger) -> None:
    """A second batch takes only what came since; where nothing did, it is refused."""
    with ledger.begin() as work:
        submit(work, [credential(at) for at in range(3)])
        seal(work, 1)
        submit(work, [credential(3)])
        assert seal(work, 2) == [credential(3).leaf]
        assert work.credentials.waiting() == {}
    with pytest.raises(OperatorError, match="nothing"), ledger.begin() as work:
        work.credentials.place(BatchId(3), COLLEGE)


def test_a_place_needs_its_batch(ledger: SqlLedger) -> None:
    """The batch's row may come later in the unit of work, but it has to come."""
    row = credential(1)
    with ledger.begin() as work:
        submit(work, [row])
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.credentials.place(BatchId(1), COLLEGE)
    with ledger.begin() as work:
        work.credentials.place(BatchId(1), COLLEGE)
        work.batches.save(batch(1, 1))


def test_a_digest_shows_where_it_was_submitted_before(ledger: SqlLedger) -> None:
    """By its institution only; every position of it is found, in the order of submission."""
    rows = [credential(1), credential(2), credential(3, of=1), credential(4, institution=SCHOOL, of=1)]
    with ledger.begin() as work:
        submit(work, rows)
        asked = [digest(("digest", at)) for at in range(2500)]
        assert work.credentials.known(COLLEGE, asked) == {rows[0].digest, rows[1].digest}
        assert work.credentials.known(SCHOOL, asked) == {rows[0].digest}
        assert work.credentials.known(COLLEGE, []) == set()
        assert rows[0].digest is not None
        assert [row.id for row in work.credentials.by_digest(rows[0].digest)] == [
            rows[0].id,
            rows[2].id,
            rows[3].id,
        ]


def test_a_link_and_so_an_id_is_given_once(ledger: SqlLedger) -> None:
    """A second credential of the same link is refused, and the message shows no value."""
    with ledger.begin() as work:
        submit(work, [credential(1)])
    with pytest.raises(OperatorError) as refused, ledger.begin() as work:
        submit(work, [credential(3), replace(credential(2), link=credential(1).link)])
    assert credential(1).id not in str(refused.value)
    with ledger.read() as work:
        assert work.credentials.waiting() == {COLLEGE: 1}


def test_values_of_another_size_are_refused(ledger: SqlLedger) -> None:
    """The database itself holds a salt to 32 bytes."""
    with pytest.raises(OperatorError), ledger.begin() as work:
        submit(work, [replace(credential(1), salt=b"short")])


def test_a_batch_names_the_evidence_of_its_credentials(ledger: SqlLedger) -> None:
    """Each manifest once; credentials without evidence name none."""
    rows = [replace(credential(at), evidence=digest(at % 2) if at < 4 else None) for at in range(5)]
    with ledger.begin() as work:
        submit(work, rows)
        seal(work, 1)
        assert work.credentials.evidence(BatchId(1)) == {digest(0), digest(1)}


def test_a_batch_is_streamed_in_little_memory(ledger: SqlLedger) -> None:
    """Reading 25 MB of credentials takes less than 2 MB at any moment."""
    rows = [credential(at, content=b"x" * 2500) for at in range(10_000)]
    with ledger.begin() as work:
        submit(work, rows)
        seal(work, 1)
    rows.clear()
    with ledger.read() as work:
        next(work.credentials.of_batch(BatchId(1)))
        tracemalloc.start()
        try:
            size = sum(len(row.content or b"") for row in work.credentials.of_batch(BatchId(1)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert size == 25_000_000
    assert peak < 2_000_000


def test_a_time_without_a_zone_is_not_kept(ledger: SqlLedger) -> None:
    """Nobody could say later when it was."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 -- the mistake under test
    with pytest.raises(ValueError, match="zone"), ledger.begin() as work:
        submit(work, [replace(credential(1), accepted=naive)])


# ------------------------------------------------------------------- evidence


def test_the_same_evidence_again_changes_nothing(ledger: SqlLedger) -> None:
    """A manifest and its keys are kept once; the first key of an item stays."""
    with ledger.begin() as work:
        work.evidence.add(digest(1), b"manifest", {digest("a"): "KEY-A", digest("b"): "KEY-B"})
    with ledger.begin() as work:
        work.evidence.add(digest(1), b"manifest", {digest("a"): "OTHER", digest("b"): "KEY-B"})
        work.evidence.add(digest(2), b"without items", {})
    with ledger.read() as work:
        assert work.evidence.get(digest(1)) == (b"manifest", {digest("a"): "KEY-A", digest("b"): "KEY-B"})
        assert work.evidence.get(digest(2)) == (b"without items", {})
        assert work.evidence.get(digest(3)) is None


# -------------------------------------------------------------------- batches


def test_batches_are_numbered_from_one(ledger: SqlLedger) -> None:
    """The next number follows the last one kept, not one that was only asked for."""
    with ledger.begin() as work:
        assert work.batches.next_id() == work.batches.next_id() == 1
        work.batches.save(batch(1, 5))
        assert work.batches.next_id() == 2


def test_a_batch_saved_again_replaces_its_row(ledger: SqlLedger) -> None:
    """Sealed, held back with a reason, then logged and found by its entry."""
    sealed = batch(1, 5)
    logged = replace(
        sealed,
        state=BatchState.LOGGED,
        statement=b"{}",
        statement_id=digest("statement"),
        entry=LeafIndex(0),
        held=None,
    )
    with ledger.begin() as work:
        work.batches.save(replace(sealed, held="the key is unknown"))
        work.batches.save(batch(2, 1, institution=SCHOOL))
        assert work.batches.get(BatchId(1)) == replace(sealed, held="the key is unknown")
    with ledger.begin() as work:
        append(work, entry(0))
        work.batches.save(logged)
    with ledger.read() as work:
        assert work.batches.get(BatchId(1)) == work.batches.by_entry(LeafIndex(0)) == logged
        assert work.batches.by_entry(LeafIndex(1)) is None
        assert work.batches.get(BatchId(9)) is None
        assert [row.id for row in work.batches.all()] == [1, 2]
        assert [row.id for row in work.batches.all(SCHOOL)] == [2]


def test_a_logged_batch_has_an_entry_of_the_log(ledger: SqlLedger) -> None:
    """A batch cannot point to an entry that is not there, nor two batches to one."""
    logged = replace(batch(1, 5), state=BatchState.LOGGED, entry=LeafIndex(0))
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.batches.save(logged)
    with ledger.begin() as work:
        append(work, entry(0))
        work.batches.save(logged)
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.batches.save(replace(logged, id=BatchId(2)))


# ------------------------------------------------------------------------ log


def test_the_log_grows_and_gives_its_root(ledger: SqlLedger) -> None:
    """The nodes kept give the root that a tree over all entries has, at every size."""
    rows = [entry(at, issuer=SCHOOL if at % 3 else COLLEGE) for at in range(70)]
    builder = TreeBuilder()
    for row in rows:
        with ledger.begin() as work:
            append(work, row)
            builder.append(leaf_hash(row.data))
            assert work.log.size() == row.index + 1
            assert tree_root(TreeSize(row.index + 1), work.log.node) == builder.root()
    with ledger.read() as work:
        assert work.log.entry(LeafIndex(12)) == work.log.by_id(rows[12].id) == rows[12]
        assert work.log.last_of(COLLEGE) == rows[69]
        assert list(work.log.entries(0, 70)) == rows
        assert list(work.log.entries(3, 68)) == rows[3:68]
        assert list(work.log.entries(70, 80)) == []
        assert work.log.entry(LeafIndex(70)) is work.log.by_id(digest(0)) is work.log.last_of("did:web:no.one") is None
        with pytest.raises(OperatorError, match="node 70 of level 0"):
            work.log.node(0, 70)


def test_an_empty_log_has_no_entry(ledger: SqlLedger) -> None:
    """Its size is 0."""
    with ledger.read() as work:
        assert work.log.size() == 0
        assert list(work.log.entries(0, 10)) == []


def test_a_refused_entry_leaves_the_unit_of_work_whole(ledger: SqlLedger) -> None:
    """An index taken or beyond the next, an id or a number given again: refused, and the rest is kept."""
    with ledger.begin() as work:
        append(work, entry(0))
    with ledger.begin() as work:
        work.batches.save(batch(1, 1))
        for wrong, why in (
            (entry(0, seq=5), "index 1"),
            (entry(2), "index 1"),
            (entry(1, id=entry(0).id), "already"),
            (entry(1, seq=1), "number 1"),
        ):
            with pytest.raises(IssuerError, match=why):
                work.log.append(wrong, [(0, wrong.index, leaf_hash(wrong.data))])
        append(work, entry(1, issuer=SCHOOL, seq=1))
    with ledger.read() as work:
        assert list(work.log.entries(0, 9)) == [entry(0), entry(1, issuer=SCHOOL, seq=1)]
        assert work.batches.get(BatchId(1)) is not None


@pytest.mark.parametrize("table", ["log_entry", "log_node"])
@pytest.mark.parametrize("change", ["UPDATE {} SET position = 9", "DELETE FROM {}"])
def test_the_database_itself_keeps_the_log_append_only(ledger: SqlLedger, table: str, change: str) -> None:
    """Whoever writes SQL by hand is refused too."""
    with ledger.begin() as work:
        append(work, entry(0))
    with pytest.raises(OperatorError, match="append-only"), ledger.connection(write=True) as connection:
        connection.execute(text(change.format(table)))
    with ledger.read() as work:
        assert work.log.size() == 1


# -------------------------------------------------------------------- anchors


def test_an_anchor_goes_forward_and_back(ledger: SqlLedger) -> None:
    """Submitted, confirmed, thrown out by a reorg, confirmed again, final: each time one row for manifest and chain."""
    submitted = anchor(1)
    confirmed = replace(
        submitted,
        state=AnchorState.CONFIRMED,
        block=7,
        block_hash=digest("block"),
        block_time=1_790_000_000,
        transaction=0,
        log=2,
        registry=digest("registry"),
    )
    final = replace(confirmed, state=AnchorState.FINAL, proof=b"{}", archive="bafk", notes=("one", "two"))
    with ledger.begin() as work:
        work.anchors.save_manifest(manifest(1))
    for row in (submitted, confirmed, submitted, confirmed, final):
        with ledger.begin() as work:
            work.anchors.save(row)
        with ledger.read() as work:
            assert work.anchors.anchors() == work.anchors.anchors(ManifestNumber(1)) == (row,)


def test_manifests_and_anchors_are_listed_in_order(ledger: SqlLedger) -> None:
    """By number, then by chain; a manifest saved again is the same one."""
    with ledger.begin() as work:
        for number in (2, 1):
            work.anchors.save_manifest(manifest(number))
            for chain in ("eip155:100", "eip155:1"):
                work.anchors.save(anchor(number, chain))
        work.anchors.save_manifest(replace(manifest(1), pinned=True))
    with ledger.read() as work:
        assert work.anchors.manifests() == (replace(manifest(1), pinned=True), manifest(2))
        assert work.anchors.anchors() == tuple(anchor(n, f"eip155:{c}") for n in (1, 2) for c in (1, 100))
        assert [row.manifest for row in work.anchors.anchors(ManifestNumber(2))] == [2, 2]


def test_an_anchor_needs_its_manifest(ledger: SqlLedger) -> None:
    """Nothing is anchored that was not drawn, and one digest is drawn once."""
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.anchors.save(anchor(1))
    with ledger.begin() as work:
        work.anchors.save_manifest(manifest(1))
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.anchors.save_manifest(replace(manifest(1), number=ManifestNumber(2)))


# ------------------------------------------------------- the nonce ledger, and what is held


def test_a_transaction_is_stored_once(ledger: SqlLedger) -> None:
    """The same transaction again is refused, and so is another that offers the same at its nonce."""
    with ledger.begin() as work:
        work.attempts.add(attempt(3))
    for again in (attempt(3), replace(attempt(3), tx_hash=digest("another"))):
        with pytest.raises(OperatorError), ledger.begin() as work:
            work.attempts.add(again)


def test_attempts_stand_by_nonce_and_fee(ledger: SqlLedger) -> None:
    """Whatever the order they were stored in: of those that share a nonce the dearest is the newest."""
    first, dearer, later = attempt(3), attempt(3, fee=2**41), attempt(4, of=1)
    with ledger.begin() as work:
        work.anchors.save_manifest(manifest(1))
        for row in (later, dearer, first, replace(attempt(9), chain="eip155:5"), replace(attempt(8), sender=bytes(20))):
            work.attempts.add(row)
    with ledger.read() as work:
        assert work.attempts.since(first.chain, first.sender, 0) == (first, dearer, later)
        assert work.attempts.since(first.chain, first.sender, 4) == (later,)
        assert work.attempts.of(ManifestNumber(1), first.chain) == (later,)


def test_the_next_nonce_follows_the_highest_that_was_signed(ledger: SqlLedger) -> None:
    """By chain and sender; 0 where nothing was signed. What failed but happened is counted once."""
    row = attempt(3)
    unsure = FailsAfterwards(ledger)
    with pytest.raises(OperatorError, match="the connection broke"), unsure.begin() as work:
        work.attempts.add(row)
    with ledger.read() as work:
        assert work.attempts.next_nonce(row.chain, row.sender) == 4
        assert work.attempts.next_nonce("eip155:5", row.sender) == 0
        assert work.attempts.next_nonce(row.chain, bytes(20)) == 0


def test_a_chain_is_held_since_it_first_was(ledger: SqlLedger) -> None:
    """Another reason does not begin it anew; released, it is gone."""
    held = HeldRow("eip155:1", "the node does not answer", NOON)
    with ledger.begin() as work:
        work.held.release("eip155:1")
        work.held.hold(HeldRow("eip155:5", "low funds", NOON))
        work.held.hold(held)
        work.held.hold(HeldRow("eip155:1", "the cap is reached", NOON + timedelta(hours=1)))
    with ledger.begin() as work:
        assert work.held.all() == (replace(held, reason="the cap is reached"), HeldRow("eip155:5", "low funds", NOON))
        work.held.release("eip155:1")
    with ledger.read() as work:
        assert [row.chain for row in work.held.all()] == ["eip155:5"]


# ------------------------------------------------------------------- registry


def test_one_state_is_in_force(ledger: SqlLedger) -> None:
    """A state in force takes that from the one before; records keep the state's order."""
    first = StateRow(digest(1), 1, b"{}", (b"b", b"a", b"c"), in_force=True)
    second = StateRow(digest(2), 2, b"{}", (b"a",), in_force=False)
    with ledger.begin() as work:
        work.registry.save(second)
        work.registry.save(first)
        assert work.registry.states() == (first, second)
        assert work.registry.states(records=False) == (replace(first, records=()), replace(second, records=()))
    with ledger.begin() as work:
        work.registry.save(replace(second, in_force=True, records=()))
    with ledger.read() as work:
        assert work.registry.states() == (
            replace(first, in_force=False),
            replace(second, in_force=True, records=()),
        )


def test_an_institution_keeps_its_choices(ledger: SqlLedger) -> None:
    """What was saved last holds, for each alone."""
    row = InstitutionRow(COLLEGE, retain=False, lookup=True)
    with ledger.begin() as work:
        work.institutions.save(replace(row, lookup=False))
        work.institutions.save(row)
        work.institutions.save(InstitutionRow(SCHOOL))
        assert work.institutions.get(COLLEGE) == row
        assert work.institutions.get(SCHOOL) == InstitutionRow(SCHOOL)
        assert work.institutions.get("did:web:no.one") is None


# --------------------------------------------------------------- unit of work


def test_a_unit_of_work_that_raises_is_undone(ledger: SqlLedger) -> None:
    """Nothing of it is left, whatever was raised, and the next one works."""

    def interrupted(work: UnitOfWork, error: type[BaseException]) -> None:
        submit(work, [credential(1)])
        append(work, entry(0))
        raise error

    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), ledger.begin() as work:
            interrupted(work, error)
    with ledger.begin() as work:
        assert (work.credentials.waiting(), work.log.size()) == ({}, 0)
        submit(work, [credential(1)])
    with ledger.read() as work:
        assert work.credentials.waiting() == {COLLEGE: 1}


def test_a_unit_of_work_that_only_reads_cannot_write(ledger: SqlLedger) -> None:
    """It is refused, and a writing unit afterwards is not."""
    with pytest.raises(OperatorError), ledger.read() as work:
        work.institutions.save(InstitutionRow(COLLEGE))
    with ledger.begin() as work:
        work.institutions.save(InstitutionRow(COLLEGE))


def test_a_reader_sees_one_moment(ledger: SqlLedger) -> None:
    """What others write meanwhile shows in the next unit of work, and neither waits for the other."""
    with ledger.read() as before:
        assert before.log.size() == 0
        with ledger.begin() as work:
            append(work, entry(0))
            assert before.log.size() == 0
        assert before.log.size() == 0
    with ledger.read() as after:
        assert after.log.size() == 1


def test_writers_wait_for_one_another(ledger: SqlLedger) -> None:
    """Threads that count up do not lose a step."""

    def count() -> None:
        for _ in range(10):
            with ledger.begin() as work:
                work.batches.save(batch(work.batches.next_id(), 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.read() as work:
        assert [row.id for row in work.batches.all()] == list(range(1, 41))


def test_a_writer_that_waits_too_long_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute, here a second: the ledger is busy, nothing was kept."""
    monkeypatch.setattr("notary.store.engine.WRITER_SECONDS", 1)
    with (
        database.ledger() as ledger,
        ledger.begin() as work,
        pytest.raises(OperatorError, match="busy"),
        ledger.begin(),
    ):
        pass
    assert work is not None


def test_of_two_processes_one_gets_the_index_and_the_other_loses_nothing_else(
    database: Database, ledger: SqlLedger
) -> None:
    """Both read the log's size, then both append there: one entry stands, the loser's other rows are kept."""
    others = [
        Other(
            database,
            f"""
with ledger.read() as work:
    size = work.log.size()
wait()
with ledger.begin() as work:
    work.batches.save(batch({number}, 1, institution={did!r}))
    try:
        append(work, entry(size, issuer={did!r}))
        say("appended")
    except Exception as error:
        say(type(error).__name__)
""",
        )
        for number, did in ((1, COLLEGE), (2, SCHOOL))
    ]
    assert [other.line() for other in others] == ["waits", "waits"]
    for other in others:
        other.go()
    assert sorted(line for other in others for line in other.end()) == ["IssuerError", "appended"]
    with ledger.read() as work:
        assert work.log.size() == 1
        assert [row.institution for row in work.batches.all()] == [COLLEGE, SCHOOL]


def test_processes_that_append_at_once_make_one_log(database: Database, ledger: SqlLedger) -> None:
    """Four writers, ten entries each: forty entries without a gap, and a tree that fits them."""
    others = [
        Other(
            database,
            f"""
for seq in range(1, 11):
    with ledger.begin() as work:
        append(work, entry(work.log.size(), issuer="did:web:w{number}.example", seq=seq))
""",
        )
        for number in range(4)
    ]
    for other in others:
        other.end()
    builder = TreeBuilder()
    with ledger.read() as work:
        for row in work.log.entries(0, 100):
            builder.append(leaf_hash(row.data))
        assert work.log.size() == builder.size == 40
        assert tree_root(TreeSize(40), work.log.node) == builder.root()


# -------------------------------------------------------------------- crashes


def test_a_process_killed_in_a_unit_of_work_leaves_nothing_of_it(database: Database, ledger: SqlLedger) -> None:
    """The next writer waits seconds at most, and finds the ledger as it was before."""
    with ledger.begin() as work:
        append(work, entry(0))
    other = Other(
        database,
        """
with ledger.begin() as work:
    submit(work, [credential(at) for at in range(2000)])
    append(work, entry(1))
    wait()
""",
    )
    assert other.line() == "waits"
    other.kill()
    began = time.monotonic()
    with ledger.begin() as work:
        assert (work.credentials.waiting(), work.log.size()) == ({}, 1)
        append(work, entry(1))
    assert seconds_since(began) < 10


def test_nothing_that_was_acknowledged_is_lost_by_a_kill(database: Database, ledger: SqlLedger) -> None:
    """Killed at any moment, whole units of work are there: every one that was said to be done, at most one more."""
    for _ in range(4):
        other = Other(
            database,
            """
while True:
    with ledger.begin() as work:
        size = work.log.size()
        append(work, entry(size))
        submit(work, [credential((size, at)) for at in range(10)])
    say(size + 1)
""",
        )
        first = int(other.line())
        time.sleep(random.uniform(0, 0.2))
        acknowledged = [first, *map(int, other.kill())][-1]
        with ledger.read() as work:
            assert work.log.size() in {acknowledged, acknowledged + 1}
            assert work.credentials.waiting() == {COLLEGE: 10 * work.log.size()}
            assert tree_root(TreeSize(work.log.size()), work.log.node)


class FailsAfterwards:
    """A ledger whose first unit of work is kept, but whoever asked for it is told that it failed."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger, self._failed = ledger, False

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Open a unit of work."""
        with self._ledger.begin() as work:
            yield work
        if not self._failed:
            self._failed = True
            raise OperatorError("the connection broke while the unit of work was ending")


def test_what_failed_but_happened_is_not_done_twice(ledger: SqlLedger) -> None:
    """Saving again changes nothing; adding, placing and logging again are refused. Either way it stands once."""
    row, sealed = credential(1), batch(1, 1)

    def add(work: UnitOfWork) -> None:
        submit(work, [row])

    def place(work: UnitOfWork) -> None:
        work.batches.save(sealed)
        work.credentials.place(sealed.id, COLLEGE)

    def log(work: UnitOfWork) -> None:
        work.log.append(entry(0), [(0, 0, leaf_hash(entry(0).data))])

    def save(work: UnitOfWork) -> None:
        work.evidence.add(digest(1), b"manifest", {digest("a"): "KEY"})
        work.batches.save(sealed)
        work.anchors.save_manifest(manifest(1))
        work.anchors.save(anchor(1))
        work.registry.save(StateRow(digest(1), 1, b"{}", (b"a", b"b"), in_force=True))
        work.institutions.save(InstitutionRow(COLLEGE))

    for write, refused in ((add, OperatorError), (place, OperatorError), (log, IssuerError), (save, None)):
        unsure = FailsAfterwards(ledger)
        with pytest.raises(OperatorError, match="the connection broke"), unsure.begin() as work:
            write(work)
        if refused is None:
            with unsure.begin() as work:
                write(work)
        else:
            with pytest.raises(refused), unsure.begin() as work:
                write(work)
    with ledger.read() as work:
        placed: list[CredentialRow] = list(work.credentials.of_batch(sealed.id))
        assert placed == [replace(row, batch=sealed.id, index=LeafIndex(0))]
        assert work.log.size() == len(work.batches.all()) == len(work.anchors.anchors()) == 1
        assert [len(state.records) for state in work.registry.states()] == [2]


def test_a_commit_that_the_database_refuses_keeps_nothing(ledger: SqlLedger) -> None:
    """The promise that a batch's entry exists is checked at the end; the ledger goes on working afterwards."""

    def promise(work: UnitOfWork) -> None:
        submit(work, [credential(1)])
        work.batches.save(replace(batch(1, 1), state=BatchState.LOGGED, entry=LeafIndex(5)))

    with pytest.raises(OperatorError), ledger.begin() as work:
        promise(work)
    with ledger.begin() as work:
        assert work.credentials.waiting() == {}
        submit(work, [credential(1)])
