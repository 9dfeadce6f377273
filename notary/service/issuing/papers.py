"""Papers on an institution's desk: templates it keeps, and a table between preview and confirmation.

What is confirmed is what was shown: a paper never changes, and is read again from
the ledger. A table has names and addresses in it, so it goes after a day whatever
becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from notary.core.encoding import shorten
from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.ports.ledger import PaperId, PaperKind, PaperRow
from notary.service.errors import Absent
from notary.service.issuing.badge import BadgeMaker
from notary.service.issuing.cells import Order, Unread
from notary.service.issuing.columns import Column, Columns, match_columns
from notary.service.issuing.conformity import check_maker
from notary.service.issuing.finding import Unfit, visible
from notary.service.issuing.issuer import check_claim, member_issuer
from notary.service.issuing.learner import RowReader, find_evidence
from notary.service.issuing.roll import Roll
from notary.service.issuing.spreadsheet import open_table
from notary.service.issuing.table import Table
from notary.service.issuing.template import Template
from notary.service.notary import Notary

MAX_TABLE = 16 << 20
"""Bytes of a table that is handed in by a page; a larger one is issued from by `notary issue`."""
MAX_EVIDENCE = 64 << 20
"""Bytes of all evidence files that come along with one."""
MAX_DESK = 256 << 20
"""Bytes of all papers of an institution."""
MOST_TEMPLATES = 200
KEPT = timedelta(days=1)
"""How long a table waits for its confirmation."""
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
_ID_BYTES = 12
_MAX_NAME = 200
"""Bytes of a file's name."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A template on the desk. `template` is None where it is fit no more, by this release or for this member."""

    paper: PaperRow
    template: Template | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A table and the template it is read by, open.

    `fault`: why its columns cannot be told apart; where that is so, or some are missing, there is no roll yet.
    """

    paper: PaperRow
    template: Template
    table: Table
    columns: Columns
    fault: IssuerError | None
    roll: Roll | None
    criteria: Path | None
    evidence: tuple[str, ...]


def new_paper(
    notary: Notary,
    member: MemberRecord,
    kind: PaperKind,
    name: str,
    data: bytes,
    *,
    expires: datetime | None = None,
    about: PaperId | None = None,
    contact: str | None = None,
) -> PaperRow:
    """Make a paper under an id of its own."""
    drawn = notary.random(_ID_BYTES).translate(_LETTERS).decode()
    return PaperRow(PaperId(drawn), member.id, kind, file_name(name), data, notary.clock.now(), expires, about, contact)


def file_name(name: str) -> str:
    """Return a file's name as it is kept: without folders and what nobody sees, short enough for a disk."""
    short = visible(PurePath(name.replace("\\", "/")).name)
    while len(short.encode("utf-8", "replace")) > _MAX_NAME:
        short = short[1:]  # the end says what kind of file it is
    return short if short not in ("", ".", "..") else "unnamed"


def check_names(files: Sequence[tuple[str, bytes]]) -> None:
    """Raise IssuerError where two files have one name: a table could not tell them apart."""
    names = [file_name(name) for name, _ in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise IssuerError("two files have one name", actual=", ".join(twice[:5]), hint="Rename one of them")


def lay_down(notary: Notary, member: MemberRecord, papers: Sequence[PaperRow]) -> None:
    """Put papers on a desk, all or none; what has expired is taken off. IssuerError where there is no room."""
    with notary.ledger.begin() as work:
        work.papers.sweep(notary.clock.now())
        if work.papers.size(member.id) + sum(len(paper.data) for paper in papers) > MAX_DESK:
            raise IssuerError("your desk is full", hint="Confirm or discard the tables that wait; they go after a day")
        for paper in papers:
            work.papers.add(paper)


def keep_template(notary: Notary, member: MemberRecord, name: str, data: bytes) -> PaperRow:
    """Keep a template; Unfit has everything that is wrong with it. The same one again is the one that is there."""
    check_template(Template.parse(data, name), member)
    with notary.ledger.read() as work:
        known = work.papers.all(member.id, PaperKind.TEMPLATE)
    for paper in known:
        if paper.data == data:
            return paper
    if len(known) >= MOST_TEMPLATES:
        raise IssuerError(f"{MOST_TEMPLATES} templates are kept", hint="Take one away that you do not need any more")
    paper = new_paper(notary, member, PaperKind.TEMPLATE, name, data)
    lay_down(notary, member, [paper])
    return paper


def check_template(template: Template, member: MemberRecord) -> BadgeMaker:
    """Return what makes a template's credentials for a member; Unfit or IssuerError where it may not, or cannot."""
    maker = BadgeMaker(template, member_issuer(template, member))
    check_claim(template, member)
    if wrong := check_maker(maker):
        raise Unfit("the template", wrong)
    return maker


def templates_of(notary: Notary, member: MemberRecord) -> tuple[Kept, ...]:
    """Return the templates that a member keeps, the newest first."""
    with notary.ledger.read() as work:
        papers = work.papers.all(member.id, PaperKind.TEMPLATE)
    return tuple(Kept(paper, _read(paper)) for paper in reversed(papers))


def lay_table(
    notary: Notary,
    member: MemberRecord,
    template: PaperId,
    name: str,
    data: bytes,
    evidence: Sequence[tuple[str, bytes]] = (),
) -> PaperRow:
    """Lay a table down, to be looked over with a template; IssuerError where it is none at all."""
    if len(data) > MAX_TABLE:
        raise IssuerError(f"{name} is too large for a page", expected=f"at most {MAX_TABLE >> 20} MiB")
    if sum(len(file) for _, file in evidence) > MAX_EVIDENCE:
        raise IssuerError("the evidence is too large for a page", expected=f"at most {MAX_EVIDENCE >> 20} MiB")
    check_names(evidence)
    find_paper(notary, member, template, PaperKind.TEMPLATE)
    expires = notary.clock.now() + KEPT
    table = new_paper(notary, member, PaperKind.TABLE, name, data, expires=expires, about=template)
    with open_table(BytesIO(data), table.name):
        pass
    files = [
        new_paper(notary, member, PaperKind.EVIDENCE, file, content, expires=expires, about=table.id)
        for file, content in evidence
    ]
    lay_down(notary, member, [table, *files])
    return table


@contextmanager
def open_draft(
    notary: Notary,
    member: MemberRecord,
    name: PaperId,
    fields: Sequence[str] = (),
    order: Order | None = None,
) -> Iterator[Draft]:
    """Open a table that waits; Absent where there is none.

    `fields`: what each column is, in their order, as --map says it; an empty one is matched by its heading.
    """
    paper = find_paper(notary, member, name, PaperKind.TABLE)
    assert paper.about is not None
    template = Template.parse(*_named(find_paper(notary, member, paper.about, PaperKind.TEMPLATE)))
    with notary.ledger.read() as work:
        files = work.papers.about(member.id, paper.id)
    with TemporaryDirectory() as made, open_table(BytesIO(paper.data), paper.name) as table:
        folder = Path(made)
        for file in files:
            (folder / file.name).write_bytes(file.data)
        columns, fault = _matched(table, template, fields)
        ready = fault is None and not columns.missing
        yield Draft(
            paper=paper,
            template=template,
            table=table,
            columns=columns,
            fault=fault,
            roll=Roll(table, RowReader(template, columns, folder, order)) if ready else None,
            criteria=_criteria(template, folder),
            evidence=tuple(file.name for file in files),
        )


def find_paper(notary: Notary, member: MemberRecord, name: PaperId, kind: PaperKind) -> PaperRow:
    """Return one of a member's papers; Absent where it is none, has expired, or is another's."""
    with notary.ledger.read() as work:
        paper = work.papers.get(member.id, name)
    if paper is None or paper.kind is not kind or (paper.expires and paper.expires <= notary.clock.now()):
        raise Absent(f"there is no {kind} {shorten(name)} on your desk", hint="It may have been taken away, or be over")
    return paper


def take_away(notary: Notary, member: MemberRecord, name: PaperId) -> None:
    """Take a paper and what belongs to it off a desk; one that is not there is no error."""
    with notary.ledger.begin() as work:
        work.papers.forget(member.id, name)


def sweep_papers(notary: Notary) -> None:
    """Take what has expired off every desk, and forget sessions that are over. Safe to repeat."""
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        work.papers.sweep(now)
        work.sessions.sweep(now)


def _matched(table: Table, template: Template, fields: Sequence[str]) -> tuple[Columns, IssuerError | None]:
    chosen = {heading: field for heading, field in zip(table.headings, fields, strict=False) if field}
    try:
        return match_columns(table.headings, template, chosen), None
    except IssuerError as error:
        return Columns(tuple(Column(at, each, None) for at, each in enumerate(table.headings)), ()), error


def _named(paper: PaperRow) -> tuple[bytes, str]:
    return paper.data, paper.name


def _read(paper: PaperRow) -> Template | None:
    try:
        return Template.parse(*_named(paper))
    except Unfit:
        return None


def _criteria(template: Template, folder: Path) -> Path | None:
    name = template.achievement.criteria.copy
    if name is None:
        return None
    try:
        return find_evidence(folder, name)
    except Unread as error:
        raise IssuerError(
            f"the copy of the criteria page: {error}", hint="Hand it in among the evidence files, beside the table"
        ) from error
