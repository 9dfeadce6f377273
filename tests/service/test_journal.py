"""The journal: with each change or not at all, chained, and a hole in it shows."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from notary.core.canonical import canonical
from notary.core.digest import ZERO, sha256
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, OperatorError
from notary.ports.ledger import ITSELF, Actor, CredentialId, JournalRow
from notary.service.access.api_keys import create_api_key
from notary.service.access.journal import NAMED, Action, Checked, check_journal, read_journal, record, to_json
from notary.service.errors import Absent
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.receipts.learner import behind_link
from notary.service.receipts.links import renew_link
from notary.service.submission.seal import seal
from tests.service.lab import FailingLedger, Fault, Lab

ANNA = Actor("command line", "anna")


def entries(lab: Lab) -> list[tuple[Actor, str | None, str, tuple[str, ...], int]]:
    """Return who did what to what since the notary was founded, in order."""
    rows = read_journal(lab.notary, None, after=1, limit=1000)
    return [(row.actor, row.institution, row.action, row.objects, row.count) for row in rows]


def test_what_is_done_stands_in_the_journal_once_with_who_did_it(notary_lab: Lab) -> None:
    """From submission to erasure: who, for which institution, what, which and how many; the worker as the notary."""
    lab, college = notary_lab, notary_lab.institutions[0]
    lab.notary = replace(lab.notary, by=ANNA)
    batch = lab.logged(college, "Ada", "Bo")
    lab.notary = replace(lab.notary, by=ITSELF)
    lab.anchor()
    lab.notary = replace(lab.notary, by=ANNA)
    with lab.notary.ledger.read() as work:
        names = [row.id for row in work.credentials.of_batch(batch.id)]
    erase(lab.notary, plan_erasure(lab.notary, names))
    row, _ = create_api_key(lab.notary, college.did)
    assert entries(lab) == [
        (ANNA, college.did, "submit credentials", (), 2),
        (ANNA, college.did, "seal batch", (f"batch {batch.id}",), 2),
        (ANNA, college.did, "log statement", (f"batch {batch.id}",), 1),
        (ITSELF, None, "draw manifest", ("manifest 1",), 1),
        (ANNA, college.did, "erase credentials", tuple(names), 2),
        (ANNA, college.did, "make API key", (row.id,), 1),
    ]
    assert check_journal(lab.notary).size == 7


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
def test_a_change_and_its_entry_come_together_or_not_at_all(notary_lab: Lab, *, happens: bool) -> None:
    """A unit of work that fails leaves neither; one that was kept without anyone knowing leaves both, once."""
    lab, college = notary_lab, notary_lab.institutions[0]
    lab.submit(college, *lab.credentials(college, "Ada"))
    faulty = replace(lab.notary, ledger=FailingLedger(lab.notary.ledger, at=1, happens=happens))
    with pytest.raises(Fault):
        seal(faulty, lab.record(college))
    with lab.notary.ledger.read() as work:
        sealed = len(work.batches.all())
    assert sealed == int(happens)
    assert [action for _, _, action, _, _ in entries(lab)].count("seal batch") == sealed


def test_what_is_refused_or_was_done_before_leaves_no_entry(notary_lab: Lab) -> None:
    """Nothing to seal, the same statement again, an unknown credential: the journal stays as it was."""
    lab, college = notary_lab, notary_lab.institutions[0]
    lab.logged(college, "Ada")
    before = entries(lab)
    with pytest.raises(IssuerError, match="nothing to seal"):
        seal(lab.notary, lab.record(college))
    with pytest.raises(Absent):
        renew_link(lab.notary, CredentialId("aaaaaaaaaaaa"))
    assert entries(lab) == before


def test_an_entry_names_a_hundred_ids_and_says_of_how_many(notary_lab: Lab) -> None:
    """A change of thousands is one entry."""
    with notary_lab.notary.ledger.begin() as work:
        record(notary_lab.notary, work, Action.ERASE, None, [f"id {number}" for number in range(NAMED + 1)])
    ((_, _, _, objects, count),) = entries(notary_lab)
    assert (len(objects), count) == (NAMED, NAMED + 1)


def test_an_auditor_computes_the_hashes_from_what_is_published(notary_lab: Lab) -> None:
    """Each `hash` is SHA-256 of the JCS of the entry's other members; `previous` is the hash before."""
    _many(notary_lab)
    previous = None
    for row in read_journal(notary_lab.notary, None, after=0, limit=10):
        entry = to_json(row)
        told = entry.pop("hash")
        assert entry["previous"] == previous
        assert told == to_digest_text(sha256(canonical(entry)))
        previous = told


def _many(lab: Lab) -> list[JournalRow]:
    for number in range(1, 6):
        with lab.notary.ledger.begin() as work:
            record(lab.notary, work, Action.SEAL, "did:web:x", [f"batch {number}"])
    return list(read_journal(lab.notary, None, after=0, limit=100))


def _behind_its_back(lab: Lab, *words: str) -> None:
    """Change the ledger as somebody with the database in hand can: the triggers taken away first."""
    with lab.notary.ledger.connection(write=True) as connection:  # type: ignore[attr-defined]  # SQLite's, in tests
        for word in ("DROP TRIGGER journal_no_update", "DROP TRIGGER journal_no_delete", *words):
            connection.execute(text(word))


@pytest.mark.parametrize(
    "words, says",
    [
        (["DELETE FROM journal WHERE number = 3"], "entry 3 is missing or was replaced"),
        (["DELETE FROM journal WHERE number = 1"], "entry 1 is missing or was replaced"),
        (
            ["DELETE FROM journal WHERE number = 3", "UPDATE journal SET number = number - 1 WHERE number > 3"],
            "entry 3 is missing or was replaced",
        ),
        (["UPDATE journal SET name = 'somebody else' WHERE number = 2"], "entry 2 was changed"),
        (["UPDATE journal SET outcome = 'refused (403)' WHERE number = 5"], "entry 5 was changed"),
    ],
    ids=["one removed", "the first removed", "the gap closed", "another actor", "another outcome"],
)
def test_an_entry_that_was_removed_or_changed_is_named(notary_lab: Lab, words: list[str], says: str) -> None:
    """Whoever went round the triggers is found out by the chain of hashes."""
    _many(notary_lab)
    assert check_journal(notary_lab.notary).size == 6
    _behind_its_back(notary_lab, *words)
    with pytest.raises(OperatorError, match=says):
        check_journal(notary_lab.notary)


def test_a_hash_that_was_kept_shows_an_end_cut_off(notary_lab: Lab) -> None:
    """Without it the rest is a whole journal; with it, what is gone is gone visibly."""
    rows = _many(notary_lab)
    assert check_journal(notary_lab.notary, rows[-1].hash).head == rows[-1].hash
    assert check_journal(notary_lab.notary, rows[1].hash).size == 6
    _behind_its_back(notary_lab, "DELETE FROM journal WHERE number > 3")
    assert check_journal(notary_lab.notary).size == 3
    with pytest.raises(OperatorError, match="not there any more"):
        check_journal(notary_lab.notary, rows[-1].hash)
    with pytest.raises(OperatorError, match="not there any more"):
        check_journal(notary_lab.notary, ZERO)


def test_a_journal_begins_with_the_founding(notary_lab: Lab) -> None:
    """By the account that typed it; one without an entry is whole too."""
    (first,) = read_journal(notary_lab.notary, None, after=0, limit=10)
    assert (first.number, first.actor.role, first.action, first.previous) == (1, "command line", "found notary", None)
    _behind_its_back(notary_lab, "DELETE FROM journal")
    assert check_journal(notary_lab.notary) == Checked(0, None)


def test_a_renewed_link_opens_and_the_one_before_does_not(notary_lab: Lab) -> None:
    """The learner's new link leads to the same credential, at once; the ledger keeps its hash alone."""
    lab, college = notary_lab, notary_lab.institutions[0]
    (taken,) = lab.submit(college, *lab.credentials(college, "Ada"))
    token = renew_link(lab.notary, taken.id)  # type: ignore[union-attr]
    assert behind_link(lab.notary, "the lab", token).row.id == taken.id  # type: ignore[union-attr]
    with pytest.raises(Absent):
        behind_link(lab.notary, "the lab", taken.token)  # type: ignore[union-attr]
    assert entries(lab)[-1][2:4] == ("renew link", (taken.id,))  # type: ignore[union-attr]
