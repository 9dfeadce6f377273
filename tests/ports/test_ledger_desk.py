"""Sessions, papers and names in both databases: each institution's own, and gone when their time is over."""

from dataclasses import replace
from datetime import timedelta

from notary.ports.ledger import (
    ApiKeyRow,
    BatchId,
    KeyId,
    NameRow,
    PaperId,
    PaperKind,
    PaperRow,
    Role,
    SessionRow,
)
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, NOON, SCHOOL, credential, digest, seal, submit

__all__ = ["database", "ledger", "postgres"]

HOUR = timedelta(hours=1)


def paper(name: str, kind: PaperKind = PaperKind.TABLE, institution: str = COLLEGE, **more: object) -> PaperRow:
    """Return a paper with five bytes."""
    return replace(PaperRow(PaperId(name), institution, kind, f"{name}.csv", b"a,b,c", NOON), **more)  # type: ignore[arg-type]


def test_a_session_is_found_by_its_hash_until_it_ends(ledger: SqlLedger) -> None:
    """Ended or swept it is gone; another stays."""
    key = ApiKeyRow(KeyId("key"), digest("key"), Role.ISSUER, COLLEGE, NOON, NOON + HOUR)
    short, long = (SessionRow(digest(one), key.id, NOON, NOON + hours * HOUR) for one, hours in (("a", 1), ("b", 2)))
    with ledger.begin() as work:
        work.keys.add(key)
        work.sessions.add(short)
        work.sessions.add(long)
        work.sessions.sweep(NOON)
        work.sessions.end(digest("nobody"))
    with ledger.read() as work:
        assert work.sessions.get(digest("a")) == short
        assert work.sessions.get(digest("c")) is None
    with ledger.begin() as work:
        work.sessions.sweep(NOON + HOUR)
    with ledger.read() as work:
        assert work.sessions.get(digest("a")) is None
        assert work.sessions.get(digest("b")) == long
    with ledger.begin() as work:
        work.sessions.end(digest("b"))
    with ledger.read() as work:
        assert work.sessions.get(digest("b")) is None


def test_a_paper_is_its_institutions_alone(ledger: SqlLedger) -> None:
    """By id, by kind, by what it belongs to, and in bytes: another institution's are not there."""
    template = paper("t", PaperKind.TEMPLATE)
    table = paper("u", about=template.id, expires=NOON + HOUR, contact="ana@x.example")
    other = paper("o", PaperKind.TEMPLATE, SCHOOL)
    with ledger.begin() as work:
        for each in (template, other, table):
            work.papers.add(each)
        work.papers.forget(SCHOOL, table.id)
    with ledger.read() as work:
        assert work.papers.get(COLLEGE, table.id) == table
        assert work.papers.get(SCHOOL, table.id) is work.papers.get(COLLEGE, PaperId("nobody")) is None
        assert work.papers.all(COLLEGE, PaperKind.TEMPLATE) == (template,)
        assert work.papers.about(COLLEGE, template.id) == (table,)
        assert work.papers.about(SCHOOL, template.id) == ()
        assert (work.papers.size(COLLEGE), work.papers.size(SCHOOL), work.papers.size("nobody")) == (10, 5, 0)


def test_what_belongs_to_a_paper_goes_with_it(ledger: SqlLedger) -> None:
    """A template with its tables and their evidence; a table that has expired with its evidence; no other."""
    template, kept = paper("t", PaperKind.TEMPLATE), paper("k", PaperKind.TEMPLATE)
    tables = [paper(f"u{at}", about=of.id, expires=NOON + HOUR) for at, of in enumerate((template, kept))]
    files = [paper(f"e{at}", PaperKind.EVIDENCE, about=of.id) for at, of in enumerate(tables)]
    with ledger.begin() as work:
        for each in (template, kept, *tables, *files):
            work.papers.add(each)
        work.papers.forget(COLLEGE, template.id)
    with ledger.read() as work:
        assert work.papers.all(COLLEGE, PaperKind.TABLE) == (tables[1],)
        assert work.papers.all(COLLEGE, PaperKind.EVIDENCE) == (files[1],)
    with ledger.begin() as work:
        work.papers.sweep(NOON + HOUR - timedelta(seconds=1))
        assert work.papers.get(COLLEGE, tables[1].id) == tables[1]
        work.papers.sweep(NOON + HOUR)
    with ledger.read() as work:
        assert work.papers.size(COLLEGE) == 5
        assert work.papers.all(COLLEGE, PaperKind.TEMPLATE) == (kept,)


def test_names_are_an_institutions_own_and_leave_the_erased_out(ledger: SqlLedger) -> None:
    """In the order of submission, with batch where there is one."""
    rows = [credential(at) for at in range(3)]
    with ledger.begin() as work:
        submit(work, rows[:2])
        seal(work, 1)
        submit(work, [rows[2], credential("theirs", institution=SCHOOL)])
        work.credentials.erase(rows[0].id)
    with ledger.read() as work:
        assert list(work.credentials.names(COLLEGE)) == [
            NameRow(rows[1].id, "Ada", "Mathematics", "class.ndjson", 7, BatchId(1)),
            NameRow(rows[2].id, "Ada", "Mathematics", "class.ndjson", 7, None),
        ]
