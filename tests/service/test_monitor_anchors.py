"""A monitor against a chain: what a notary, and a thief with its wallet, anchored beside the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anchoring.evm_key import EvmKey
from notary.core.canonical import canonical
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest, TreeSize, leaf_hash, sha256
from notary.core.errors import OperatorError
from notary.core.log import Tile
from notary.core.manifest import Manifest, snapshot_entry
from notary.core.merkle import Tree, tree_root
from notary.ports import BlockReader, Chain, Missing
from notary.service.errors import Absent
from notary.service.log.public_log import read_entries, read_tile, signed_checkpoint
from notary.service.log.snapshot import take_snapshot
from notary.service.monitoring.anchored import Place
from notary.service.monitoring.findings import Kind, Report
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.seen import Seen
from notary.service.notary import Notary
from tests.service.lost_world import Lab, found_lab, grown_lab
from tests.service.test_recover import Node, status

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Served:
    """The notary's own log, as it serves it: the port `Mirror`."""

    def __init__(self, notary: Notary) -> None:
        self._notary = notary

    def read(self, path: str, *, max_size: int) -> bytes:
        data = self._read(path)
        assert len(data) <= max_size
        return data

    def _read(self, path: str) -> bytes:
        if path == "checkpoint":
            return signed_checkpoint(self._notary).encode()
        _, level, name = path.split("/", 2)
        try:
            if level == "entries":
                return read_entries(self._notary, Tile.parse("0", name))
            return read_tile(self._notary, Tile.parse(level, name))
        except Absent as error:
            raise Missing(f"no {path}") from error


class Without:
    """Blocks of which some are missing, or of which nobody knows (`down`)."""

    def __init__(self, blocks: BlockReader, *, gone: Cid | None = None, down: bool = False) -> None:
        self._blocks, self._gone, self._down = blocks, gone, down

    def get(self, cid: Cid) -> bytes:
        if self._down:
            raise OperatorError("the gateway does not answer")
        if cid == self._gone:
            raise Missing(f"no block {cid}")
        return self._blocks.get(cid)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Three anchors, six batches."""
    return grown_lab(tmp_path_factory.mktemp("grown"))


@pytest.fixture
def lab(grown: Lab, tmp_path: Path) -> Lab:
    return grown.copy(tmp_path / "lab")


@contextmanager
def looking(
    lab: Lab, *, chain: Chain | None = None, blocks: BlockReader | None = None, ledger: str = "ledger"
) -> Iterator[tuple[Seen, Watch]]:
    with lab.open(ledger) as notary, lab.chain() as own:
        place = Place(chain or own, lab.contract)
        watch = Watch(Served(notary), (notary.log_vkey,), None, (place,), blocks or lab.blocks, 3600)
        yield Seen(notary.origin, lab.institutions[0].did), watch


def look(lab: Lab, seen: Seen | None = None, *, now: datetime = NOW, **parts: object) -> tuple[Seen, Report]:
    """Look once; what was seen is read back from its bytes."""
    with looking(lab, **parts) as (fresh, watch):  # type: ignore[arg-type]
        return monitor(Seen.parse(bytes(seen)) if seen else fresh, watch, now)


def kinds(report: Report) -> list[Kind]:
    return [finding.kind for finding in report.findings]


def test_what_an_honest_notary_anchors_gives_no_finding(lab: Lab) -> None:
    """Look by look, with new anchors and statuses in between; nothing is asked twice of the block store."""
    seen, report = look(lab)
    assert not report.findings
    assert not report.open
    assert (report.size, len(seen.manifests)) == (6, 3)
    with lab.open() as notary:
        status(lab, notary, 1, leaf_hash(bytes(32)))
        lab.award(notary, 1, "Mona")
        lab.anchor(notary)
        status(lab, notary, 1, leaf_hash(b"\x80" + bytes(31)))
        lab.anchor(notary)
    seen, report = look(lab, seen)
    assert not report.findings
    assert (report.size, len(seen.manifests)) == (9, 5)
    _, report = look(lab, seen, blocks=Without(lab.blocks, down=True))
    assert not report.open


def test_a_stranger_may_anchor_what_they_like(lab: Lab) -> None:
    """It is no notary's by the registry state in force."""
    lab.steal(sha256(b"junk"), EvmKey.generate())
    _, report = look(lab)
    assert not report.findings
    assert not report.open


def test_an_anchor_whose_preimage_cannot_be_had_is_found_until_it_can(lab: Lab) -> None:
    """The thief anchors junk; of our own anchor the block is lost and comes back."""
    lab.steal(sha256(b"junk"))
    gone = Cid.of(lab.manifests()[-1].anchor_preimage())
    seen, report = look(lab, blocks=Without(lab.blocks, gone=gone))
    assert kinds(report) == [Kind.PREIMAGE, Kind.PREIMAGE]
    seen, report = look(lab, seen)
    assert kinds(report) == [Kind.PREIMAGE]
    assert len(seen.manifests) == 3


def test_a_preimage_that_is_no_manifest_is_found(lab: Lab) -> None:
    short = b"\x01" + bytes(10)
    lab.blocks.put([StoredBlock.of(short)], pins=[Cid.of(short)])
    lab.steal(sha256(short))
    _, report = look(lab)
    assert kinds(report) == [Kind.PREIMAGE]
    assert "is no manifest" in report.findings[0].says


def test_blocks_that_nobody_can_ask_for_leave_it_open(lab: Lab) -> None:
    """An outage is no finding; once it is over everything is judged."""
    seen, report = look(lab, blocks=Without(lab.blocks, down=True))
    assert not report.findings
    assert len(report.open) == 3
    seen, report = look(lab, seen)
    assert not report.findings
    assert not report.open
    assert len(seen.manifests) == 3


def test_a_chain_that_cannot_be_read_leaves_it_open(lab: Lab) -> None:
    class Down:
        id = "eip155:1"

        def finalized(self) -> int:
            raise OperatorError("the node does not answer")

    _, report = look(lab, chain=Down())
    assert not report.findings
    assert report.open == ("a chain could not be read: the node does not answer",)


def test_a_snapshot_that_leaves_out_a_status_is_found_and_named(lab: Lab) -> None:
    """The notary anchors its own log, and says of batch 1 that nothing was revoked in it."""
    with lab.open() as notary:
        status(lab, notary, 1, leaf_hash(b"\x80" + bytes(31)))
        lab.award(notary, 1, "Mona")
        status(lab, notary, 2, leaf_hash(b"\x40" + bytes(31)))
        with notary.ledger.read() as work:
            size = TreeSize(work.log.size())
            honest = take_snapshot(work, size)
            assert len(honest.newest) == 2
            rows = list(work.log.entries(0, size))
            root = notary_root(notary)
    left_out = next(row for row in rows if not row.is_batch)
    newest = {batch: name for batch, name in honest.newest.items() if batch != left_out.about}
    leaves = [leaf_hash(snapshot_entry(row.about, newest.get(row.about)) if row.is_batch else b"") for row in rows]
    last = lab.manifests()[-1]
    lab.steal_manifest(
        replace(last, since=last.size, size=size, root=root, snapshot=Tree(leaves).root, previous=last.digest())
    )
    _, report = look(lab)
    assert kinds(report) == [Kind.SNAPSHOT]
    assert f"leaves out the status statement of log entry {left_out.index}" in report.findings[0].says


def notary_root(notary: Notary) -> Digest:
    with notary.ledger.read() as work:
        return tree_root(TreeSize(work.log.size()), work.log.node)


def test_a_snapshot_of_nothing_is_found(lab: Lab) -> None:
    """Which status it changes cannot be told, and that it is wrong can."""
    last = lab.manifests()[-1]
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        size, root = TreeSize(last.size + 1), notary_root(notary)
    lab.steal_manifest(
        replace(last, since=last.size, size=size, root=root, snapshot=sha256(b"nothing"), previous=last.digest())
    )
    _, report = look(lab)
    assert kinds(report) == [Kind.SNAPSHOT]
    assert "cannot be told" in report.findings[0].says


def test_a_forked_log_that_is_anchored_is_found(tmp_path: Path) -> None:
    """The notary shows one log to the monitor and anchors another, as long."""
    lab = grown_lab(tmp_path / "forked", rounds=1)
    (lab.folder / "fork.sqlite3").write_bytes((lab.folder / "ledger.sqlite3").read_bytes())
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
    with lab.open("fork") as forker:
        lab.award(forker, 0, "Mallory")
        lab.anchor(forker)
    _, report = look(lab)
    assert kinds(report) == [Kind.FORK]
    assert "is not the one this mirror shows" in report.findings[0].says


@pytest.mark.parametrize(
    "change, kind",
    [
        ({"time": "2030-01-01T00:00:00Z"}, Kind.FORK),
        ({"since": 0, "previous": None}, Kind.FORK),
        ({"previous": sha256(b"nobody has it")}, Kind.GAP),
    ],
    ids=["drawn again", "without its predecessors", "after one that is not there"],
)
def test_a_manifest_beside_the_chain_of_manifests_is_found(change: dict[str, object], kind: Kind, lab: Lab) -> None:
    """Each follows the one before, and only one does."""
    lab.steal_manifest(replace(lab.manifests()[-1], **change))  # type: ignore[arg-type]
    _, report = look(lab)
    assert kinds(report) == [kind]


def test_a_manifest_that_begins_elsewhere_is_found(lab: Lab) -> None:
    """Entries between would be judged by nobody."""
    last = lab.manifests()[-1]
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        lab.award(notary, 0, "Ben")
        with notary.ledger.read() as work:
            snapshot = take_snapshot(work, TreeSize(last.size + 2)).tree.root
        root = notary_root(notary)
    size = TreeSize(last.size + 2)
    lab.steal_manifest(
        replace(last, since=last.size + 1, size=size, root=root, snapshot=snapshot, previous=last.digest())
    )
    _, report = look(lab)
    assert kinds(report) == [Kind.GAP]
    assert f"begins at entry {last.size + 1}, and the one before ends at {last.size}" in report.findings[0].says


def test_another_log_under_the_same_account_is_found(lab: Lab) -> None:
    """The registry names the account for one log."""
    lab.steal_manifest(replace(lab.manifests()[0], origin="another.example/log"))
    _, report = look(lab)
    assert kinds(report) == [Kind.STRANGE]


def test_an_event_that_a_node_keeps_back_is_a_gap(lab: Lab) -> None:
    """The heads of a sender's anchors are chained."""
    hidden = sha256(b"anchored by the thief")
    lab.steal(hidden)
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        lab.anchor(notary)
    with lab.chain() as chain:
        _, report = look(lab, chain=Node(chain, shows=lambda seen: seen.root != hidden))
    assert kinds(report) == [Kind.GAP]
    assert "is missing before block" in report.findings[0].says


def test_an_anchor_that_is_not_final_is_not_judged_yet(lab: Lab) -> None:
    """It may vanish."""
    lab.steal(sha256(b"junk"))
    with lab.chain() as chain:
        node = Node(chain, final=chain.latest() - 1)
        seen, report = look(lab, chain=node)
        assert not report.findings
        _, report = look(lab, seen, chain=Node(chain))
    assert kinds(report) == [Kind.PREIMAGE]


def test_entries_without_an_anchor_for_longer_than_allowed_are_found(lab: Lab) -> None:
    """From when the monitor first saw them: nobody else's clock is believed."""
    seen, _ = look(lab)
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
    seen, report = look(lab, seen)
    assert not report.findings
    seen, report = look(lab, seen, now=NOW + timedelta(minutes=59))
    assert not report.findings
    seen, report = look(lab, seen, now=NOW + timedelta(minutes=61))
    assert kinds(report) == [Kind.LATE]
    assert "entries 6 to 6, in the log since" in report.findings[0].says
    with lab.open() as notary:
        lab.anchor(notary)
    _, report = look(lab, seen, now=NOW + timedelta(minutes=62))
    assert not report.findings


def test_a_mirror_that_keeps_back_what_is_anchored_is_found_in_time(lab: Lab) -> None:
    """A mirror may be behind for a while; longer than allowed, it hides something."""
    (lab.folder / "old.sqlite3").write_bytes((lab.folder / "ledger.sqlite3").read_bytes())
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        lab.anchor(notary)
    seen, report = look(lab, ledger="old")
    assert not report.findings
    assert "7 entries are anchored" in report.open[0]
    seen, report = look(lab, seen, now=NOW + DAY, ledger="old")
    assert kinds(report) == [Kind.WITHHELD]
    _, report = look(lab, seen, now=NOW + DAY)
    assert not report.findings


def test_a_log_without_anchors_is_late_in_time(tmp_path: Path) -> None:
    lab = found_lab(tmp_path / "young")
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
    seen, report = look(lab)
    assert not report.findings
    _, report = look(lab, seen, now=NOW + DAY)
    assert kinds(report) == [Kind.LATE]


def test_a_manifest_in_other_bytes_is_no_manifest(lab: Lab) -> None:
    """Not its RFC 8785 bytes: two readers could differ."""

    class Spaced(Manifest):
        def block(self) -> bytes:
            return canonical(self.to_json()) + b" "

    last = lab.manifests()[-1]
    spaced = Spaced(**{name: getattr(last, name) for name in Manifest.__dataclass_fields__})
    blocks = [spaced.block(), spaced.anchor_preimage()]
    lab.blocks.put([StoredBlock.of(each) for each in blocks], pins=[Cid.of(each) for each in blocks])
    lab.steal(spaced.anchor_root())
    _, report = look(lab)
    assert kinds(report) == [Kind.PREIMAGE]
    assert "another spelling" in report.findings[0].says
