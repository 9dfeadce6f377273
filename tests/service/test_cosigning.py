"""A notary and its witnesses: cosignatures join the checkpoint in receipts, and nobody that is down holds it up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.witnessing import WitnessFile
from notary.core.errors import OperatorError
from notary.core.note import Note, VerifierKey
from notary.core.trust import Quorum, TrustedLog
from notary.core.verdict import Result, Verdict
from notary.core.verify import verify
from notary.ports.ledger import BatchRow
from notary.ports.witness import Witness, WitnessAnswer
from notary.service.log.cosigning import Cosigned, cosign
from notary.service.log.witness import WitnessDesk
from notary.service.notary import Notary
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from tests.service.lab import Lab, opened
from tests.service.paper_log import new_key


@dataclass
class Flaky:
    """A witness behind a network: `fails` instead of being asked, or after it was (`happens`); it counts."""

    desk: WitnessDesk
    fails: bool = False
    happens: bool = False
    asked: list[bytes] = field(default_factory=list)
    answer: WitnessAnswer | None = None

    @property
    def key(self) -> VerifierKey:
        return self.desk.key

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        self.asked.append(request)
        if self.fails and not self.happens:
            raise OperatorError("the witness does not answer")
        found = self.answer or self.desk.add_checkpoint(request)
        if self.fails:
            raise OperatorError("the answer was lost")
        return found


Hire = Callable[[str], Flaky]


@pytest.fixture
def hire(notary_lab: Lab, tmp_path: Path) -> Hire:
    """Make a witness of the lab's log."""
    notary = notary_lab.notary
    log = TrustedLog(notary.origin, (notary.log_vkey,))

    def make(name: str) -> Flaky:
        memory = WitnessFile.create(tmp_path / f"{name}.json")
        return Flaky(WitnessDesk(f"{name}.example/w", new_key(), (log,), memory, notary.clock))

    return make


def with_witnesses(lab: Lab, *witnesses: Witness) -> Notary:
    lab.notary = replace(lab.notary, witnesses=witnesses)
    return lab.notary


def judged(lab: Lab, batch: BatchRow, keys: Sequence[VerifierKey], need: int) -> Verdict:
    """Verify the first receipt of a batch by a trust file with this witness policy."""
    trust = export_trust(lab.notary, "the lab", witnesses=Quorum(tuple(keys), need))
    _, made = next(batch_receipts(lab.notary, batch.id))
    return verify(bytes(made), trust, at=datetime.now(UTC))


def newest(notary: Notary) -> Note:
    with notary.ledger.read() as work:
        return Note.parse(work.anchors.manifests()[-1].checkpoint.encode())


def test_receipts_carry_the_cosigned_checkpoint_and_the_policy_decides(notary_lab: Lab, hire: Hire) -> None:
    """Two of three witnesses cosigned: a trust file that needs two is satisfied, one that needs three is not."""
    one, two, three = hire("one"), hire("two"), hire("three")
    three.fails = True
    with_witnesses(notary_lab, one, two, three)
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    keys = [each.key for each in (one, two, three)]
    assert judged(notary_lab, batch, keys, 2).result is Result.VERIFIED
    verdict = judged(notary_lab, batch, keys, 3)
    assert verdict.result is Result.NOT_KNOWN
    assert any("not witnessed" in check.says for check in verdict.checks)
    assert judged(notary_lab, batch, [], 0).result is Result.VERIFIED


def test_without_witnesses_the_verdict_says_not_witnessed_where_the_policy_asks(notary_lab: Lab, hire: Hire) -> None:
    """It is unknown, not false: the learner may get a receipt with cosignatures yet."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    witness = hire("one")
    verdict = judged(notary_lab, batch, [witness.key], 1)
    assert verdict.result is Result.NOT_KNOWN
    with_witnesses(notary_lab, witness)
    cosign(notary_lab.notary)
    assert judged(notary_lab, batch, [witness.key], 1).result is Result.VERIFIED


def test_a_witness_that_is_down_holds_nothing_up_and_is_asked_again(notary_lab: Lab, hire: Hire) -> None:
    """The anchor is final without it; its cosignature joins later."""
    up, down = hire("up"), hire("down")
    down.fails = True
    notary = with_witnesses(notary_lab, up, down)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    assert all(each.final for each in notary_lab.anchor())
    assert newest(notary).verify([up.key, down.key]) == (up.key,)
    found = cosign(notary)
    assert found is not None
    assert found.by == (up.key.name,)
    assert found.without == (f"{down.key.name}: the witness does not answer",)
    down.fails = False
    assert cosign(notary) == Cosigned(found.manifest, (up.key.name, down.key.name))
    assert set(newest(notary).verify([up.key, down.key])) == {up.key, down.key}
    asked = len(up.asked) + len(down.asked)
    cosign(notary)
    assert len(up.asked) + len(down.asked) == asked


def test_an_answer_that_was_lost_is_had_again(notary_lab: Lab, hire: Hire) -> None:
    """The witness remembers this checkpoint, and cosigns the same one again."""
    witness = hire("one")
    witness.fails = witness.happens = True
    notary = with_witnesses(notary_lab, witness)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    assert not newest(notary).verify([witness.key])
    witness.fails = False
    cosign(notary)
    assert newest(notary).verify([witness.key]) == (witness.key,)


def test_each_anchor_is_proven_from_the_size_the_witness_is_at(notary_lab: Lab, hire: Hire) -> None:
    """One question where it followed, two where it missed some."""
    witness = hire("one")
    notary = with_witnesses(notary_lab, witness)
    for number, (down, questions) in enumerate([(False, 1), (False, 1), (True, 1), (False, 2)]):
        witness.fails = down
        before = len(witness.asked)
        notary_lab.logged(notary_lab.institutions[number % 3], f"learner {number}", "another")
        advance(notary)
        assert len(witness.asked) - before == questions
        assert bool(newest(notary).verify([witness.key])) is not down


def test_a_ledger_put_back_from_an_old_backup_is_refused(notary_lab: Lab, hire: Hire, tmp_path: Path) -> None:
    """It would go on with a fork: the witness has seen another log, and says so."""
    witness = hire("one")
    with_witnesses(notary_lab, witness)
    copy = Path(shutil.copytree(notary_lab.settings.data.parent, tmp_path / "older"))
    for learner in ("Ana", "Ben"):
        notary_lab.logged(notary_lab.institutions[0], learner)
        notary_lab.anchor()
    with opened(copy) as older:
        notary = with_witnesses(older, witness)
        for learner in ("Cleo", "Dan", "Emma"):
            older.logged(older.institutions[1], learner)
        advance(notary)
        found = cosign(notary)
        assert found is not None
        assert "422" in found.without[0]
        assert not newest(notary).verify([witness.key])


def test_a_witness_that_has_seen_a_longer_log_says_so(notary_lab: Lab, hire: Hire, tmp_path: Path) -> None:
    witness = hire("one")
    with_witnesses(notary_lab, witness)
    copy = Path(shutil.copytree(notary_lab.settings.data.parent, tmp_path / "older"))
    for learner in ("Ana", "Ben"):
        notary_lab.logged(notary_lab.institutions[0], learner)
        notary_lab.anchor()
    with opened(copy) as older:
        notary = with_witnesses(older, witness)
        older.logged(older.institutions[1], "Cleo")
        advance(notary)
        found = cosign(notary)
    assert found is not None
    assert "it has seen a longer log: expected 1 entries, found 2 entries" in found.without[0]


@pytest.mark.parametrize(
    "answer",
    [
        WitnessAnswer(200, b""),
        WitnessAnswer(200, b"\xff\xfe\n"),
        WitnessAnswer(200, "— other.example/w AAAAAAAA\n".encode()),
        WitnessAnswer(409, b"\n"),
        WitnessAnswer(409, b"9" * 40),
        WitnessAnswer(409, b"0\n"),
        WitnessAnswer(500, b"<html>" * 1000),
    ],
)
def test_whatever_a_witness_answers_the_checkpoint_stays_sound(
    answer: WitnessAnswer, notary_lab: Lab, hire: Hire
) -> None:
    """What is no cosignature of its key is not taken."""
    witness = hire("one")
    witness.answer = answer
    notary = with_witnesses(notary_lab, witness)
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    assert len(newest(notary).signatures) == 1
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_a_cosignature_of_something_else_is_not_taken(notary_lab: Lab, hire: Hire) -> None:
    """A bad line of a known key would spoil the whole checkpoint for verifiers."""
    witness = hire("one")
    notary = with_witnesses(notary_lab, witness)
    line = witness.key.sign("something else\n", witness.desk.signer.sign, timestamp=1)
    witness.answer = WitnessAnswer(200, f"{line}\n".encode())
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    assert len(newest(notary).signatures) == 1


def test_a_cosigned_manifest_is_composed_again_all_the_same(notary_lab: Lab, hire: Hire) -> None:
    """The pinned tree holds the checkpoint that the log alone signed."""
    from notary.core.unixfs import read_path
    from notary.service.rounds.drawing import read_manifest

    witness = hire("one")
    notary = with_witnesses(notary_lab, witness)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    with notary.ledger.read() as work:
        row = work.anchors.manifests()[-1]
    data = read_path(read_manifest(row).tree, "checkpoint", notary.blocks.get, max_size=10_000)
    assert len(Note.parse(data).signatures) == 1
    assert len(Note.parse(row.checkpoint.encode()).signatures) == 2


def test_a_log_without_anchors_has_nothing_to_cosign(notary_lab: Lab, hire: Hire) -> None:
    assert cosign(with_witnesses(notary_lab, hire("one"))) is None
