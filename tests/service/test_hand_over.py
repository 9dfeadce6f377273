"""Handing an institution's credentials over: what the file holds, who can open it, and that nothing changes here."""

from __future__ import annotations

import io
import json
import tracemalloc
from dataclasses import replace
from typing import Any, BinaryIO, cast

import pyrage
import pytest

from notary.core.canonical import load
from notary.core.credential import read
from notary.core.digest import Digest, sha256
from notary.core.encoding import from_base64url, to_base64url
from notary.core.errors import IssuerError, OperatorError
from notary.core.evidence import EvidenceManifest
from notary.core.leaf import Form, hash_leaf
from notary.core.status import Status
from notary.ports.ledger import ContactRow, CredentialId, EndorsementRow, MarkRow, Reason, ShareId, ShareRow
from notary.service.access.journal import read_journal
from notary.service.access.links import link_hash
from notary.service.evidence.encryption import decrypt
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.holdings.hand_over import TYPE, hand_over
from notary.service.log.entries import log_batch
from notary.service.receipts.learner import behind_link
from notary.service.submission.seal import seal
from tests.ports.ledger_lab import credential, digest, submit
from tests.service.lab import Lab


class Reader:
    """Whoever is handed the file: an age identity, and what it opens."""

    def __init__(self) -> None:
        self._identity = pyrage.x25519.Identity.generate()
        self.recipient = str(self._identity.to_public())

    def open(self, data: bytes) -> list[dict[str, Any]]:
        return [json.loads(line) for line in pyrage.decrypt(data, [self._identity]).splitlines()]


@pytest.fixture
def successor() -> Reader:
    """The institution that takes over."""
    return Reader()


def of_kind(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("kind") == kind]


def exported(lab: Lab, reader: Reader, who: int = 0) -> list[dict[str, Any]]:
    out = io.BytesIO()
    hand_over(lab.notary, lab.record(lab.institutions[who]), [reader.recipient], out)
    return reader.open(out.getvalue())


def test_the_file_gives_back_everything_of_the_institution_and_nothing_of_others(
    notary_lab: Lab, successor: Reader
) -> None:
    """Every leaf is computed again from it, evidence opens with its key, every link's hash is the token's."""
    lab, (college, school, _) = notary_lab, notary_lab.institutions
    record = lab.record(college)
    proof = attach(lab.notary, [Exhibit("sonata.pdf", "application/pdf", io.BytesIO(b"%PDF sonata"))], "Opus 31")
    own = lab.credentials(college, "Ada", "Bo")
    taken = [*lab.submit(college, *own, evidence=proof)]
    batch = seal(lab.notary, record)
    lab.submit(college, *lab.credentials(college, "Waiting"))
    lab.submit(school, *lab.credentials(school, "Somebody else"))
    lines = exported(lab, successor)
    head, end = lines[0], lines[-1]
    assert (head["type"], head["log"], head["institution"]) == (TYPE, lab.notary.origin, record.to_json())
    assert end == {"kind": "end", "batches": 1, "credentials": 3, "evidence": 1}
    found = of_kind(lines, "credential")
    assert [(row["learner"], row["batch"], row["index"]) for row in found] == [
        ("Ada", batch.id, 0),
        ("Bo", batch.id, 1),
        ("Waiting", None, None),
    ]
    assert [from_base64url(row["content"], "content") for row in found[:2]] == own
    for row, accepted in zip(found, taken, strict=False):
        parts = [from_base64url(row[name], name) for name in ("salt", "digest", "evidence")]
        leaf = hash_leaf(Form(row["form"]), parts[0], Digest(parts[1]), Digest(parts[2]))
        assert row["leaf"] == to_base64url(leaf)
        assert row["link"] == to_base64url(link_hash(accepted.token))  # type: ignore[union-attr]
    (evidence,) = of_kind(lines, "evidence")
    manifest = EvidenceManifest.parse(load(from_base64url(evidence["manifest"], "m"), "m", max_size=1 << 20).value)
    ((item,), (key,)) = (manifest.items, evidence["keys"])
    assert key["digest"] == to_base64url(item.digest) == to_base64url(sha256(b"%PDF sonata"))
    pinned = io.BytesIO(lab.notary.blocks.get(item.cid))
    with decrypt(pinned, key["key"], item.name) as plain:
        assert plain.read() == b"%PDF sonata"
    assert of_kind(lines, "batch")[0]["root"] == to_base64url(batch.root)
    assert "Somebody else" not in json.dumps(lines)


def test_only_those_it_is_for_can_open_it(notary_lab: Lab, successor: Reader) -> None:
    """Each recipient alone; nobody else; and not when a byte was changed or the end is missing."""
    lab, second = notary_lab, Reader()
    lab.submit(lab.institutions[0], *lab.credentials(lab.institutions[0], "Ada"))
    out = io.BytesIO()
    hand_over(lab.notary, lab.record(lab.institutions[0]), [successor.recipient, second.recipient], out)
    data = out.getvalue()
    assert successor.open(data) == second.open(data)
    assert b"Ada" not in data
    for broken in (data[:-1], data[:-1] + bytes([data[-1] ^ 1])):
        with pytest.raises(pyrage.DecryptError):
            successor.open(broken)
    with pytest.raises(pyrage.DecryptError):
        Reader().open(data)


def test_learners_links_keep_working_afterwards(notary_lab: Lab, successor: Reader) -> None:
    """Handing over changes nothing here: the link still leads to the final credential, with its receipt."""
    lab, college = notary_lab, notary_lab.institutions[0]
    data = lab.credentials(college, "Ada")
    (taken,) = lab.submit(college, *data)
    batch = seal(lab.notary, lab.record(college))
    log_batch(lab.notary, lab.signed(college, batch, [read(one, "own") for one in data]))
    lab.anchor()
    exported(lab, successor)
    award = behind_link(lab.notary, "the lab", taken.token)  # type: ignore[union-attr]
    assert award.receipt is not None
    assert award.verdict is not None
    assert award.verdict.verified
    rows = read_journal(lab.notary, None, after=0, limit=100)
    assert [(row.action, row.institution) for row in rows][-1] == ("export for hand-over", college.did)


def test_what_was_erased_is_not_in_it(notary_lab: Lab, successor: Reader) -> None:
    """Its place and leaf are, since the tree stays; credential, salt, digest and name are not."""
    lab, college = notary_lab, notary_lab.institutions[0]
    (taken,) = lab.submit(college, *lab.credentials(college, "Ada"))
    seal(lab.notary, lab.record(college))
    name = CredentialId(taken.id)  # type: ignore[union-attr]
    erase(lab.notary, plan_erasure(lab.notary, [name]))
    (row,) = of_kind(exported(lab, successor), "credential")
    assert [row[name] for name in ("salt", "digest", "evidence", "content", "learner", "title")] == [None] * 6
    assert (row["index"], len(row["leaf"])) == (0, 43)


def test_what_is_known_beside_a_credential_comes_with_it(notary_lab: Lab, successor: Reader) -> None:
    """Where its learner is reached, why its status changed with the private note, who endorsed it, what is shared."""
    lab, college = notary_lab, notary_lab.institutions[0]
    (taken, _) = lab.submit(college, *lab.credentials(college, "Ada", "Bo"))
    name, now = CredentialId(taken.id), lab.notary.clock.now()  # type: ignore[union-attr]
    mark = MarkRow(name, Status.REVOKED, Reason.MISCONDUCT, "the essay was bought", college.did, now)
    with lab.notary.ledger.begin() as work:
        work.contacts.add([ContactRow(name, "ada@example.org", "Ada")])
        work.statuses.mark([mark])
        work.endorsements.add(EndorsementRow(name, sha256(b"{}"), b"{}", now))
        work.shares.add(ShareRow(ShareId("abcdefghijkl"), digest(1), name, now, None, (digest(2),), named=True))
    lines = exported(lab, successor)
    beside = {line["kind"]: line for line in lines if line.get("credential") == name}
    assert [line["kind"] for line in lines[1:]].index("contact") == 1  # after its own credential, before the next
    assert (beside["contact"]["email"], beside["contact"]["name"]) == ("ada@example.org", "Ada")
    said = ("status", "reason", "note", "replacement", "statement")
    assert [beside["mark"][each] for each in said] == [2, "misconduct", "the essay was bought", None, None]
    assert from_base64url(beside["endorsement"]["data"], "data") == b"{}"
    assert (beside["share"]["link"], beside["share"]["named"]) == (to_base64url(digest(1)), True)
    assert beside["share"]["items"] == [to_base64url(digest(2))]


@pytest.mark.parametrize("recipients", [[], ["age1nobody"], ["AGE-SECRET-KEY-1QQ"], [""]])
def test_a_recipient_that_is_none_is_refused_before_anything_is_written(notary_lab: Lab, recipients: list[str]) -> None:
    """Neither file nor journal has anything of it, and a secret given by mistake is not repeated."""
    out = io.BytesIO()
    with pytest.raises(IssuerError, match="age") as refused:
        hand_over(notary_lab.notary, notary_lab.record(notary_lab.institutions[0]), recipients, out)
    assert out.getvalue() == b""
    assert "SECRET" not in str(refused.value)
    assert read_journal(notary_lab.notary, None, after=1, limit=10) == ()


class Full(io.BytesIO):
    """A disk on which there is room for so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._room:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_named_and_the_ledgers_own_errors_stay_its_own(notary_lab: Lab, successor: Reader) -> None:
    """Wherever the disk is full, at the last byte too; and it is not said where the ledger failed."""
    lab, college = notary_lab, notary_lab.institutions[0]
    lab.submit(college, *lab.credentials(college, *(f"Ada {number}" for number in range(60))))
    whole = io.BytesIO()
    hand_over(lab.notary, lab.record(college), [successor.recipient], whole)
    size = len(whole.getvalue())
    assert size > 150_000
    for room in (0, 1000, 70_000, size - 1000):  # an age header is a little longer or shorter each time
        with pytest.raises(OperatorError, match="the export cannot be written: found No space left on device"):
            hand_over(lab.notary, lab.record(college), [successor.recipient], cast("BinaryIO", Full(room)))

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(lab.notary.ledger, name)

        def read(self) -> Any:
            raise OperatorError("the ledger is away")

    with pytest.raises(OperatorError, match="the ledger is away"):
        hand_over(
            replace(lab.notary, ledger=cast("Any", Broken())), lab.record(college), [successor.recipient], io.BytesIO()
        )


class Counted(io.RawIOBase):
    """A file that keeps nothing but its size."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def test_memory_stays_bounded_whatever_is_exported(notary_lab: Lab, successor: Reader) -> None:
    """Sixty megabytes of credentials take a page of them at once, not all."""
    lab, college = notary_lab, notary_lab.institutions[0]
    for seed in range(300):
        row = credential(seed, institution=college.did, content=digest(seed) * 6400)
        with lab.notary.ledger.begin() as work:
            submit(work, [row])
    out = Counted()
    tracemalloc.start()
    try:
        done = hand_over(lab.notary, lab.record(college), [successor.recipient], cast("BinaryIO", out))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (done.credentials, out.size > 75_000_000) == (300, True)
    assert peak < 30_000_000
