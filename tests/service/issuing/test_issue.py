"""Issuing into a ledger: once each, whatever is stopped, repeated or lost in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notary.core.credential import read
from notary.core.errors import OperatorError
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.core.verdict import Result
from notary.ports.ledger import ContactRow, CredentialRow, Reason
from notary.service.access.links import link_hash
from notary.service.evidence.manifest import read_evidence
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.issuing import issue as issuing
from notary.service.issuing.finding import Finding
from notary.service.issuing.issue import Desk, Issued, Plan, hand_out, issue, plan, write_out
from notary.service.issuing.roll import Roll
from notary.service.issuing.template import Template
from notary.service.log.entries import log_batch
from notary.service.notary import Notary
from notary.service.status.marking import mark
from notary.service.status.reissue import plan_reissue
from notary.service.submission import accept as accept_module
from notary.service.submission.reading import Refused
from notary.service.submission.seal import seal
from tests.service.issuing.desk import desk, roll, template
from tests.service.lab import Failing, FailingLedger, Fault, Lab

HEAD = "Name,Mail,Evidence,Comment\n"
CLASS = HEAD + "Ana,ana@x.example,,\nBen,ben@x.example,,\nCy,cy@x.example,,\n"


@contextmanager
def at_work(
    lab: Lab, data: str = CLASS, given: Template | None = None, *, folder: Path | None = None, **options: Any
) -> Iterator[tuple[Notary, Any, Roll, Desk]]:
    """Everything that planning and issuing ask for, for the lab's second institution."""
    institution = lab.institutions[1]
    key = PublicKey.parse(institution.key.public_key_multibase, "key")
    signing = CredentialKey(key, institution.verification_method, institution.key.sign)
    given = given or template()
    with roll(data, given, folder=folder) as found:
        yield lab.notary, lab.record(institution), found, replace(desk(given, signing), **options)


def issued(*parts: Any) -> list[Issued]:
    """Issue, and have the links written down."""
    found = list(issue(*parts))
    given = [each for each in found if isinstance(each, Issued)]
    assert len(given) == len(found), found
    hand_out(parts[0], [each.credential for each in given])
    return given


def rows(lab: Lab) -> list[CredentialRow]:
    """The institution's credentials."""
    with lab.notary.ledger.read() as work:
        return list(work.credentials.of_institution(lab.institutions[1].did))


def test_a_table_becomes_credentials_with_contacts_and_links(notary_lab: Lab) -> None:
    """In the table's order, each with its row, and contacts in a table of their own."""
    with at_work(notary_lab) as parts:
        made = plan(*parts)
        assert (made.ready, made.known, made.left_out, made.first, made.last) == (3, 0, 0, "Ana", "Cy")
        assert rows(notary_lab) == []
        given = issued(*parts)
    kept = rows(notary_lab)
    assert [(row.source, row.line, row.learner, row.title) for row in kept] == [
        ("class.csv", at, name, "Harbour Pilot") for at, name in ((2, "Ana"), (3, "Ben"), (4, "Cy"))
    ]
    with notary_lab.notary.ledger.read() as work:
        for each, row in zip(given, kept, strict=True):
            assert work.credentials.by_link(link_hash(each.token)) == row
            assert work.contacts.get(row.id) == ContactRow(row.id, each.email or "", each.learner)


@pytest.mark.parametrize("form", ["json", "jwt"])
def test_what_was_issued_verifies(notary_lab: Lab, form: str) -> None:
    """Sealed, signed, anchored: verified, by its own proof too."""
    with at_work(notary_lab, form=form) as parts:
        issued(*parts)
    institution = notary_lab.institutions[1]
    batch = seal(notary_lab.notary, notary_lab.record(institution))
    own = [read(row.content or b"", "own") for row in rows(notary_lab)]
    log_batch(notary_lab.notary, notary_lab.signed(institution, batch, own))
    notary_lab.anchor()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED] * 3


def test_a_second_run_does_nothing_twice(notary_lab: Lab) -> None:
    """Nor does one with three more learners, in another order, under another name."""
    with at_work(notary_lab) as parts:
        issued(*parts)
        assert (plan(*parts).known, issued(*parts)) == (3, [])
    more = HEAD + "Di,di@x.example,,\nCy,CY@x.example,,\nAna,ana@x.example,,\n"
    with at_work(notary_lab, more) as parts:
        made = plan(*parts)
        assert (made.ready, made.known) == (1, 2)
        assert [each.learner for each in issued(*parts)] == ["Di"]
    assert len(rows(notary_lab)) == 4


def test_a_row_that_says_something_else_now_is_a_finding(notary_lab: Lab) -> None:
    """It is not issued beside the first; the message says how to replace that one."""
    with at_work(notary_lab) as parts:
        issued(*parts)
    with at_work(notary_lab, CLASS.replace("Ben,", "Benjamin,")) as parts:
        made = plan(*parts)
        assert (made.ready, made.known, made.left_out) == (0, 2, 1)
        name = rows(notary_lab)[1].id
        assert str(made.findings[0]) == (
            f"Row 3 was issued before, with other words: credential {name}."
            f" To put a new one in its place: notary reissue {name} --with NEW"
        )
        assert issued(*parts) == []


def test_a_row_whose_credential_was_replaced_says_what_the_new_one_says(notary_lab: Lab) -> None:
    """Mended once, it is no finding any more."""
    with at_work(notary_lab) as parts:
        issued(*parts)
    institution = notary_lab.institutions[1]
    batch = seal(notary_lab.notary, notary_lab.record(institution))
    own = [read(row.content or b"", "own") for row in rows(notary_lab)]
    log_batch(notary_lab.notary, notary_lab.signed(institution, batch, own))
    with at_work(notary_lab, CLASS.replace("Ben,", "Benjamin,")) as parts:
        mended = next(data for learner, _, data in write_out(*parts[2:]) if learner.name == "Benjamin")
        (new,) = notary_lab.submit(institution, mended)
        assert not isinstance(new, Refused)
        old = rows(notary_lab)[1].id
        mark(parts[0], plan_reissue(parts[0], parts[1], old, new.id, Reason.CORRECTION))
        made = plan(*parts)
        assert (made.ready, made.known, made.left_out) == (0, 3, 0)


def test_another_series_is_another_award(notary_lab: Lab) -> None:
    """The same achievement in another term."""
    with at_work(notary_lab) as parts:
        issued(*parts)
    with at_work(notary_lab, given=replace(template(), series=bytes(32))) as parts:
        assert len(issued(*parts)) == 3
    assert len({json.loads(row.content or b"")["id"] for row in rows(notary_lab)}) == 6


@pytest.mark.parametrize("happens", [False, True])
@pytest.mark.parametrize("unit", [1, 2, 3])
def test_a_stopped_run_goes_on(notary_lab: Lab, unit: int, happens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed, or done and not known to be: the next run issues the rest, and every learner has a link that opens."""
    monkeypatch.setattr(accept_module, "CHUNK", 1)
    links: dict[str, str] = {}
    with at_work(notary_lab) as (notary, *rest):
        broken = replace(notary, ledger=FailingLedger(notary.ledger, at=unit, happens=happens))
        with suppress(Fault):
            for each in issue(broken, *rest):
                assert isinstance(each, Issued)
                hand_out(notary, [each.credential])
                links[each.learner] = each.token
        assert len(rows(notary_lab)) == unit - 1 + happens
        for each in issued(notary, *rest):
            assert each.learner not in links
            links[each.learner] = each.token
    assert sorted(links) == ["Ana", "Ben", "Cy"]
    assert len(rows(notary_lab)) == 3
    with notary_lab.notary.ledger.read() as work:
        assert all(work.credentials.by_link(link_hash(token)) for token in links.values())


def test_a_link_that_was_never_written_down_is_made_anew(notary_lab: Lab) -> None:
    """The one that was lost opens nothing any more; once handed out, it stays."""
    with at_work(notary_lab) as parts:
        lost = [each for each in issue(*parts) if isinstance(each, Issued)]
        made = plan(*parts)
        assert (made.ready, made.known, made.unhanded) == (0, 3, 3)
        again = issued(*parts)
        assert issued(*parts) == []
    assert [each.credential for each in again] == [each.credential for each in lost]
    with notary_lab.notary.ledger.read() as work:
        assert not any(work.credentials.by_link(link_hash(each.token)) for each in lost)
        assert all(work.credentials.by_link(link_hash(each.token)) for each in again)


def test_two_runs_at_once_issue_once(notary_lab: Lab) -> None:
    """Whoever comes second is refused whole, and finds everything done when it runs again."""
    with at_work(notary_lab) as parts:
        second = issuing._Working(*parts[:3], replace(parts[3], created="2026-05-03T00:00:01Z"))
        readings = list(second.readings())
        issued(*parts)
        with pytest.raises(OperatorError, match="refused a unit of work"):
            list(accept_module.accept(parts[0], parts[1], readings, along=second.along))
        assert issued(*parts) == []
    assert len(rows(notary_lab)) == 3


def test_evidence_goes_with_its_row_and_the_criteria_page_with_all(notary_lab: Lab, tmp_path: Path) -> None:
    """Who has no evidence shares one manifest; the narrative stands in the row's own."""
    (tmp_path / "essay.pdf").write_bytes(b"essay")
    (tmp_path / "criteria.html").write_bytes(b"criteria")
    data = CLASS.replace("ben@x.example,,", "ben@x.example,essay.pdf,Well argued")
    with at_work(notary_lab, data, folder=tmp_path, criteria=tmp_path / "criteria.html") as parts:
        assert plan(*parts).files == 1
        issued(*parts)
    ana, ben, cy = rows(notary_lab)
    assert ana.evidence == cy.evidence != ben.evidence
    with notary_lab.notary.ledger.read() as work:
        found = read_evidence(work, ben.evidence) if ben.evidence else None
    assert found is not None
    assert [item.name for item in found[0].items] == ["essay.pdf", "criteria.html"]
    assert all(item.encrypted for item in found[0].items)
    assert found[0].narrative == "Well argued"


def test_evidence_that_is_gone_by_then_leaves_out_its_row(notary_lab: Lab, tmp_path: Path) -> None:
    """Between reading and issuing somebody moved the file: the others go on."""
    (tmp_path / "essay.pdf").write_bytes(b"essay")
    data = CLASS.replace("ben@x.example,,", "ben@x.example,essay.pdf,")
    with at_work(notary_lab, data, folder=tmp_path) as parts:
        working = issuing._Working(*parts)
        readings = working.readings()
        first = next(readings)
        roll, desk = parts[2:]
        made = next(each for each in issuing._made(roll, desk) if each.learner.name == "Ben")
        (tmp_path / "essay.pdf").unlink()
        refused = working._reading(made, desk.key.finish(made.unsigned))
    assert not isinstance(first, Refused)
    assert isinstance(refused, Refused)
    assert "Row 3, *evidence*" in refused.why


@pytest.mark.parametrize("happens", [False, True])
def test_a_store_that_fails_stops_the_run_and_loses_nothing(notary_lab: Lab, tmp_path: Path, happens: bool) -> None:
    """Pinned or not, nobody is issued without their evidence; the next run issues all."""
    (tmp_path / "essay.pdf").write_bytes(b"essay")
    data = CLASS.replace("ben@x.example,,", "ben@x.example,essay.pdf,")
    with at_work(notary_lab, data, folder=tmp_path) as (notary, *rest):
        broken: Notary = replace(notary, blocks=Failing(notary.blocks, "put", happens=happens))
        with pytest.raises(OperatorError, match="on purpose"):
            list(issue(broken, *rest))
        assert rows(notary_lab) == []
        assert len(issued(notary, *rest)) == 3


def test_what_is_erased_leaves_no_contact_and_no_trace_of_who_it_was(notary_lab: Lab) -> None:
    """Contact and award go with the credential."""
    with at_work(notary_lab) as parts:
        issued(*parts)
        name = rows(notary_lab)[0].id
        erase(notary_lab.notary, plan_erasure(notary_lab.notary, [name]))
        with notary_lab.notary.ledger.read() as work:
            assert work.contacts.get(name) is None
            assert work.contacts.by_email("ana@x.example") == ()
        assert (plan(*parts).ready, plan(*parts).known) == (1, 2)


def test_findings_are_counted_beyond_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of another kind says so a thousand times, not a million."""
    monkeypatch.setattr(issuing, "KEPT", 2)
    made = Plan()
    for _ in range(3):
        made.note([Finding("x"), Finding("y")])
    assert (made.left_out, len(made.findings), made.more) == (3, 2, 4)
