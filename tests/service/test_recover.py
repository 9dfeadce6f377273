from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from anchoring.car import export_car, import_car
from anchoring.embedded_blocks import FILE as BLOCKS
from anchoring.evm_key import EvmKey
from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.digest import Digest, TreeSize, leaf_hash, sha256
from notary.core.encoding import format_time
from notary.core.errors import OperatorError, Pending
from notary.core.log import Checkpoint
from notary.core.manifest import Manifest
from notary.core.merkle import consistency_path, tree_root, verify_consistency
from notary.core.receipt import Receipt
from notary.core.statement import BatchStatement, StatusStatement
from notary.core.unixfs import read_path, update_tree, walk
from notary.ports import Address, Block, Chain, Inclusion, Logged, Sighting
from notary.ports.ledger import BatchId
from notary.service.log.entries import append
from notary.service.notary import Notary
from notary.service.recovery.choice import examine
from notary.service.submission.signing import sign
from tests.clocks import Running
from tests.service.lost_world import Lab, all_receipts, grown_lab, new_key


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return grown_lab(tmp_path_factory.mktemp("grown"))


@pytest.fixture
def lab(grown: Lab, tmp_path: Path) -> Lab:
    """A world of the test's own, with the ledger still there to compare."""
    return grown.copy(tmp_path / "world")


class Node:
    """A node that has forgotten some of the chain; everything else is the chain's own answer."""

    def __init__(
        self,
        chain: Chain,
        *,
        shows: Callable[[Sighting], bool] = lambda _: True,
        since: int = 0,
        final: int | None = None,
    ) -> None:
        self._chain, self._shows, self._since, self._final = chain, shows, since, final

    @property
    def id(self) -> str:
        return self._chain.id

    def check_id(self) -> None:
        self._chain.check_id()

    @property
    def typical_wait(self) -> int:
        return self._chain.typical_wait

    def latest(self) -> int:
        return self._chain.latest()

    def finalized(self) -> int:
        return self._chain.finalized() if self._final is None else self._final

    def block(self, number: int) -> Block | None:
        if number < self._since:
            raise OperatorError(f"block {number} is pruned")
        return self._chain.block(number)

    def inclusion(self, tx_hash: bytes) -> Inclusion | None:
        return self._chain.inclusion(tx_hash)

    def sightings(
        self, contract: Address, *, since: int = 0, root: Digest | None = None, sender: Address | None = None
    ) -> Iterator[Sighting]:
        for seen in self._chain.sightings(contract, since=since, root=root, sender=sender):
            if seen.block_number >= self._since and self._shows(seen):
                yield seen

    def events(self, contract: Address, topic: bytes, *, since: int = 0, until: int | None = None) -> Iterator[Logged]:
        return self._chain.events(contract, topic, since=max(since, self._since), until=until)

    def call(self, to: Address, data: bytes) -> bytes:
        return self._chain.call(to, data)

    def code(self, at: Address, *, block: int | None = None) -> bytes:
        return self._chain.code(at, block=block)


def lose(lab: Lab, cid: Cid) -> None:
    """Delete one block from the store, as a disk would."""
    with closing(sqlite3.connect(lab.folder / BLOCKS)) as database, database:
        database.execute("DELETE FROM block WHERE cid = ?", (bytes(cid),))
        database.execute("UPDATE block SET whole = 0")


def link(lab: Lab, manifest: Manifest, path: str) -> Cid:
    """Return the CID of a file of a manifest's tree."""
    return dict(walk(manifest.tree, lab.blocks.get))[path].cid


def in_words(items: tuple[str, ...]) -> str:
    return "\n".join(items)


# ------------------------------------------------------------------ the whole way


def test_a_lost_ledger_is_rebuilt_to_the_byte(lab: Lab) -> None:
    """Log, batches, manifests, checkpoints, anchors and their proofs are what the lost ledger held."""
    found = lab.recover()
    assert (found.missing, found.unfollowed, found.gaps, found.doubts, found.behind) == ((), (), (), (), None)
    assert (found.batches, found.credentials, found.salted, found.retained) == (6, 12, 12, 12)
    with lab.ledger() as lost, lab.ledger("recovered") as new, lost.read() as old, new.read() as work:
        assert list(work.log.entries(0, 100)) == list(old.log.entries(0, 100))
        assert work.batches.all() == tuple(
            replace(row, sealed=again.sealed, logged=None)  # when, the public log does not tell
            for row, again in zip(old.batches.all(), work.batches.all(), strict=True)
        )
        assert work.anchors.manifests() == old.anchors.manifests()
        assert work.registry.states() == old.registry.states()
        for row, again in zip(old.anchors.anchors(), work.anchors.anchors(), strict=True):
            assert (again.root, again.state, again.block, again.block_hash) == (
                row.root, row.state, row.block, row.block_hash,
            )  # fmt: skip
            assert (again.tx_hash, again.proof, again.registry) == (row.tx_hash, row.proof, row.registry)


def test_every_receipt_can_be_made_again(lab: Lab) -> None:
    """Byte for byte the same, evidence keys included, by the recovered notary."""
    lab.recover()
    with lab.open("recovered") as notary:
        assert sorted(all_receipts(notary).values()) == sorted(lab.receipts.values())


def test_the_rebuilt_notary_goes_on_with_the_log(lab: Lab) -> None:
    """It anchors a new batch, and proves that its log begins with the one last anchored."""
    old = lab.recover().checkpoint
    with lab.open("recovered") as notary:
        lab.award(notary, 0, "Nadia")
        manifest = lab.anchor(notary)
        assert (manifest.since, manifest.size) == (old.size, old.size + 1)
        assert manifest.previous == lab.manifests()[-1].digest()
        with notary.ledger.read() as work:
            proof = consistency_path(old.size, manifest.size, work.log.node)
        verify_consistency(old.root, old.size, manifest.root, manifest.size, proof)
        assert len(all_receipts(notary)) == len(lab.receipts) + 1


def test_what_goes_on_can_be_lost_again(lab: Lab) -> None:
    """A second total loss is recovered from as the first."""
    lab.recover()
    with lab.open("recovered") as notary:
        lab.award(notary, 1, "Nadia")
        lab.anchor(notary)
    (lab.folder / "recovered.sqlite3").unlink()
    again = lab.recover()
    assert (again.manifests, again.credentials, again.missing) == (4, 13, ())


def test_chain_and_ipfs_alone_give_the_log_and_list_the_salts(lab: Lab) -> None:
    """Without batch files and receipts nothing can be shown again, and the notary can go on."""
    found = lab.recover(files=False, receipts=False)
    assert (found.batches, found.credentials, found.salted) == (6, 12, 0)
    assert "batch 1 of did:key:" in in_words(found.missing)
    assert "the salts of 3 credentials" in in_words(found.missing)
    with lab.open("recovered") as notary:
        assert not all_receipts(notary)
        lab.award(notary, 0, "Nadia")
        lab.anchor(notary)
        assert len(all_receipts(notary)) == 1


def test_batch_files_alone_give_the_salts(lab: Lab) -> None:
    """Receipts are made again; the credential is beside them."""
    found = lab.recover(receipts=False)
    assert (found.salted, found.retained, found.missing) == (12, 0, ())
    with lab.open("recovered") as notary:
        bare = [Receipt.parse(data) for data in all_receipts(notary).values()]
    assert len(bare) == 12
    assert all(receipt.content is None for receipt in bare)


def test_receipts_alone_give_what_is_in_them(lab: Lab) -> None:
    """One receipt fills in one credential; the others are counted as missing."""
    name, data = next(iter(lab.receipts.items()))
    lab.receipts.clear()
    lab.receipts[name] = data
    found = lab.recover(files=False)
    assert (found.salted, found.retained) == (1, 1)
    with lab.open("recovered") as notary:
        assert list(all_receipts(notary).values()) == [data]


def test_a_batch_that_was_never_anchored_is_named(lab: Lab) -> None:
    """Its file shows that its credentials have to be submitted again."""
    with lab.open() as notary:
        number = lab.award(notary, 0, "Nadia")
    found = lab.recover()
    (unused,) = found.unused
    assert unused.startswith(f"batch-{number}:")
    assert "never anchored" in unused


def test_an_edited_batch_file_or_receipt_fills_in_nothing(lab: Lab) -> None:
    """What does not lead to the batch's leaves is named and left out."""
    lab.batch_files[1] = lab.batch_files[1].replace(b'"salt":"', b'"salt":"A', 1)
    positions = lab.batch_files[2].splitlines(keepends=True)
    lab.batch_files[2] = b"".join((positions[0], positions[1], positions[1]))
    name = next(iter(lab.receipts))
    edited = json.loads(lab.receipts[name])
    edited["credential"]["name"] = "Doctor"
    lab.receipts[name] = json.dumps(edited).encode()
    found = lab.recover()
    said = in_words(found.unused)
    assert found.salted == 11
    assert all(text in said for text in ("batch-1: ", "batch-2: ", f"{name}: it is not credential 1 of its batch"))


def test_the_ledger_must_be_empty(lab: Lab) -> None:
    lab.recover()
    with pytest.raises(OperatorError, match="the ledger is not empty"):
        lab.recover()


# ---------------------------------------------------------------------- the thief


def test_roots_that_lead_nowhere_are_reported_and_not_followed(lab: Lab) -> None:
    """Whether by the notary's own wallet or by a stranger's: the log that is followed stays the same."""
    own, strange = sha256(b"stolen wallet"), sha256(b"stranger")
    lab.steal(own)
    lab.steal(strange, EvmKey.generate())
    found = lab.recover()
    assert {(each.root, each.by_notary) for each in found.unfollowed} == {(own, True), (strange, False)}
    assert found.manifests == 3
    assert not found.gaps


def test_a_manifest_without_the_log_key_is_not_followed(lab: Lab) -> None:
    """The thief's notary, with a log key of its own, grows our log by a batch: whole, anchored, and not ours."""
    with lab.open(log_key=new_key()) as thief:
        lab.award(thief, 0, "Mallory")
        stolen = lab.anchor(thief)
    found = lab.recover()
    (other,) = found.unfollowed
    assert other.root == stolen.anchor_root()
    assert "log key did not sign" in other.why
    assert found.manifests == 3


def test_a_false_snapshot_over_our_own_checkpoint_is_not_followed(lab: Lab) -> None:
    """With the wallet alone a revocation could be made to vanish: every snapshot is computed again."""
    newest = lab.manifests()[-1]
    lab.steal_manifest(replace(newest, snapshot=sha256(b"nothing is revoked")))
    (other,) = lab.recover().unfollowed
    assert "snapshot" in other.why


@pytest.mark.parametrize(
    "change",
    [
        {"since": 0, "previous": None},
        {"since": 2},
        {"time": "2030-01-01T00:00:00Z"},
    ],
    ids=["without its predecessors", "not where its predecessor ends", "drawn again"],
)
def test_our_own_log_under_another_manifest_is_not_followed(lab: Lab, change: dict[str, object]) -> None:
    """The chain of manifests that was anchored first stays."""
    newest = lab.manifests()[-1]
    root = lab.steal_manifest(replace(newest, **change))  # type: ignore[arg-type]
    found = lab.recover()
    assert [each.root for each in found.unfollowed] == [root]
    assert found.manifests == 3
    with lab.open("recovered") as notary, notary.ledger.read() as work:
        assert work.anchors.manifests()[-1].digest == newest.digest()


def test_an_empty_manifest_after_ours_is_not_followed(lab: Lab) -> None:
    """It would judge nothing, and could be drawn any number of times."""
    newest = lab.manifests()[-1]
    lab.steal_manifest(replace(newest, since=newest.size, previous=newest.digest()))
    (other,) = lab.recover().unfollowed
    assert "judges no entry" in other.why


def test_a_manifest_anchored_before_ours_cannot_cut_the_log(tmp_path: Path) -> None:
    """The thief draws our second manifest again and is first with it; the longer log is followed all the same."""
    lab = grown_lab(tmp_path / "young", rounds=1)
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        with notary.ledger.read() as work:
            size = TreeSize(work.log.size())
    with lab.copy(tmp_path / "drawn").open() as drawn:
        ours = lab.anchor(drawn)  # as it will be, read from the store before it is anchored
        archive = BytesIO(b"".join(export_car(drawn.blocks, [ours.tree])))
    import_car(lab.blocks, archive)
    stolen = lab.steal_manifest(replace(ours, time="2030-01-01T00:00:00Z"))
    with lab.open() as notary:
        lab.anchor(notary)
        lab.award(notary, 1, "Ben")
        lab.anchor(notary)
    found = lab.recover(receipts=False)
    assert (found.manifests, found.checkpoint.size) == (3, size + 1)
    assert [each.root for each in found.unfollowed] == [stolen]


def test_our_root_anchored_again_is_said_once_and_changes_nothing(lab: Lab) -> None:
    """By the wallet, and by a stranger, who may repeat what they like."""
    newest = lab.manifests()[-1].anchor_root()
    lab.steal(newest)
    lab.steal(newest, EvmKey.generate())
    found = lab.recover()
    (again,) = found.unfollowed
    assert (again.root, again.why) == (newest, "anchored before, and here again")
    assert found.anchors == 3


def test_a_forked_log_is_reported_and_the_one_anchored_first_is_followed(tmp_path: Path) -> None:
    """Even where the log key signed both, and the fork is longer."""
    lab = grown_lab(tmp_path / "forked", rounds=1)
    (lab.folder / "fork.sqlite3").write_bytes((lab.folder / "ledger.sqlite3").read_bytes())
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        ours = lab.anchor(notary)
    with lab.open("fork") as forker:
        lab.award(forker, 0, "Mallory")
        lab.award(forker, 1, "Mallory")
        fork = lab.anchor(forker)
    found = lab.recover()
    assert found.checkpoint.root == ours.root
    (other,) = found.unfollowed
    assert other.root == fork.anchor_root()
    assert "forked log" in other.why


def test_another_log_key_follows_nothing(lab: Lab) -> None:
    """And says why of the newest anchor."""
    with pytest.raises(OperatorError, match="log key did not sign"):
        lab.recover(log_key=new_key())


def test_a_contract_without_anchors_says_so(lab: Lab) -> None:
    with lab.chain() as chain, pytest.raises(OperatorError, match="no final anchor is found"):
        lab.recover(chain=Node(chain, shows=lambda _: False))


# ------------------------------------------------------------- what nodes have lost


def test_a_pruned_node_is_made_up_for_by_pinned_proofs(lab: Lab) -> None:
    """Only the newest event is left on the node: the earlier anchors' proofs stand in the newest tree."""
    with lab.chain() as chain:
        newest = max(seen.block_number for seen in chain.sightings(lab.contract))
        found = lab.recover(chain=Node(chain, since=newest))
    assert (found.manifests, found.anchors) == (3, 3)
    assert not found.gaps  # the heads of pinned events chain up to the newest
    assert "known from its pinned proof only" in in_words(found.missing)
    with lab.open("recovered") as notary:
        assert sorted(all_receipts(notary).values()) == sorted(lab.receipts.values())


def test_an_event_that_a_node_keeps_back_leaves_a_gap(lab: Lab) -> None:
    """The head chain shows that something is missing, and before which block."""
    hidden = sha256(b"anchored by the thief")
    lab.steal(hidden)
    with lab.open() as notary:
        lab.award(notary, 0, "Ana")
        lab.anchor(notary)
    with lab.chain() as chain:
        newest = chain.latest()
        found = lab.recover(chain=Node(chain, shows=lambda seen: seen.root != hidden))
    (gap,) = found.gaps
    assert f"before block {newest} of" in gap


def test_a_longer_log_that_is_not_final_is_waited_for(lab: Lab) -> None:
    """To go on without it would fork the log."""
    with lab.chain() as chain:
        node = Node(chain, final=chain.latest() - 1)
        with pytest.raises(Pending, match="not final yet"):
            lab.recover(chain=node)


def test_junk_that_is_not_final_is_not_waited_for(lab: Lab) -> None:
    """Else whoever has coins could hold recovery up for ever."""
    lab.steal(sha256(b"junk"))
    with lab.chain() as chain:
        found = lab.recover(chain=Node(chain, final=chain.latest() - 1))
    assert found.manifests == 3


# -------------------------------------------------------------- what IPFS has lost


def test_lost_tiles_are_computed_again(lab: Lab) -> None:
    """They follow from the entries; the tree is whole again, to the byte."""
    newest = lab.manifests()[-1]
    gone = link(lab, newest, "tile/0/000.p/6")
    lose(lab, gone)
    found = lab.recover()
    assert not found.missing
    assert lab.blocks.get(gone)


def test_lost_manifests_and_states_in_the_store_are_put_back(lab: Lab) -> None:
    """All but the newest are in the newest tree too, as the same blocks."""
    first = lab.manifests()[0]
    preimage = Cid.of(first.anchor_preimage())
    lose(lab, preimage)
    found = lab.recover()
    assert (found.manifests, found.anchors, found.unfollowed, found.missing) == (3, 3, (), ())
    assert lab.blocks.get(preimage) == first.anchor_preimage()


def test_lost_leaves_come_back_from_the_batch_file(lab: Lab) -> None:
    """The institution's file has every leaf's parts."""
    gone = link(lab, lab.manifests()[-1], "batch/000/leaves")
    lose(lab, gone)
    found = lab.recover()
    assert (found.salted, found.missing) == (12, ())
    assert lab.blocks.get(gone)


def test_leaves_lost_for_good_are_listed_and_the_notary_goes_on(lab: Lab) -> None:
    """The next tree leaves out what nobody has any more, and is whole."""
    lose(lab, link(lab, lab.manifests()[-1], "batch/000/leaves"))
    found = lab.recover(files=False)
    assert "its leaves; no receipt can be made again" in in_words(found.missing)
    assert "the pinned tree: batch/000/leaves" in in_words(found.missing)
    assert found.salted == 9
    with lab.open("recovered") as notary:
        lab.award(notary, 0, "Nadia")
        manifest = lab.anchor(notary)
        paths = [path for path, _ in walk(manifest.tree, lab.blocks.get)]
    assert "batch/000/leaves" not in paths
    assert {"batch/000/evidence", "batch/001/leaves", "batch/006/leaves"} <= set(paths)


def test_lost_evidence_is_listed(lab: Lab) -> None:
    """Public ciphertexts are pinned again where they are, named where they are not."""
    data = read_path(lab.manifests()[-1].tree, "batch/000/evidence", lab.blocks.get, max_size=1 << 20)
    lose(lab, Cid.parse(data.decode().splitlines()[0]))
    found = lab.recover()
    assert "evidence of batch 1 of" in in_words(found.missing)
    assert len(found.missing) == 1


def test_entries_lost_for_good_leave_the_log_behind_and_say_so(lab: Lab) -> None:
    """The newest manifest that is whole is followed; that the log key signed a longer one is said first."""
    lose(lab, link(lab, lab.manifests()[-1], "tile/entries/000.p/6"))
    found = lab.recover(receipts=False)
    assert (found.manifests, found.checkpoint.size) == (2, 4)
    assert found.behind == "the log key has signed a log of 6 entries, and 4 of them could be had"
    assert [each.by_notary for each in found.unfollowed] == [True]


def test_a_receipt_tells_of_a_longer_log(lab: Lab) -> None:
    """Where not even the manifest can be had, a learner's receipt shows how far the log went."""
    lose(lab, Cid.of(lab.manifests()[-1].anchor_preimage()))
    assert lab.copy(lab.folder.parent / "other", ledger=False).recover(receipts=False).behind is None
    assert lab.recover().behind == "the log key has signed a log of 6 entries, and 4 of them could be had"


def test_a_lost_checkpoint_of_an_earlier_tree_is_signed_again(lab: Lab) -> None:
    """Ed25519 signs alike each time: the receipts come out the same."""
    lose(lab, link(lab, lab.manifests()[0], "checkpoint"))
    found = lab.recover()
    assert not found.missing
    with lab.open("recovered") as notary:
        assert sorted(all_receipts(notary).values()) == sorted(lab.receipts.values())


def test_without_the_registry_state_in_force_nothing_is_written(lab: Lab) -> None:
    """Who may speak rests on it; once its block is found, recovery is run again."""
    with lab.ledger() as ledger, ledger.read() as work:
        row = work.registry.states()[0]
    lose(lab, Cid(Codec.RAW, row.digest))
    with pytest.raises(OperatorError, match="registry state in force cannot be had"):
        lab.recover()
    lab.blocks.put([StoredBlock.of(row.data)], pins=())
    assert not lab.recover().missing


# ------------------------------------------------------------------ the log's contents


def status(lab: Lab, notary: Notary, batch: int, root: Digest) -> None:
    """Log a status statement on a batch, by its issuer."""
    with notary.ledger.read() as work:
        row = work.batches.get(BatchId(batch))
        assert row is not None
        assert row.statement_id is not None
        last = work.log.last_of(row.institution)
    assert last is not None
    statement = StatusStatement(
        log=notary.origin,
        issuer=row.institution,
        seq=last.seq + 1,
        previous=last.id,
        batch=row.statement_id,
        root=root,
        time=format_time(Running().now()),
    )
    institution = next(each for each in lab.institutions if each.did == row.institution)
    with notary.ledger.begin() as work:
        append(work, sign(statement, institution.key, institution.verification_method), about=row.statement_id)


def test_statuses_are_rebuilt_and_their_chunks_checked(lab: Lab) -> None:
    """The statement is in the log and in every snapshot; chunks that are not in the tree are listed."""
    with lab.open() as notary:
        status(lab, notary, 1, leaf_hash(bytes(32)))
        status(lab, notary, 2, leaf_hash(b"\x80" + bytes(31)))
        lab.anchor(notary)
    found = lab.recover()
    assert (found.statuses, found.doubts, found.manifests) == (2, (), 4)
    assert [line.partition(":")[0] for line in found.missing] == ["status/006", "status/007"]
    with lab.ledger() as lost, lab.ledger("recovered") as new, lost.read() as old, new.read() as work:
        assert list(work.log.entries(0, 100)) == list(old.log.entries(0, 100))


def test_a_statement_that_does_not_verify_is_said(lab: Lab) -> None:
    """It stays in the log, where everybody has seen it, and proves nothing."""
    with lab.open() as notary:
        number = lab.award(notary, 0, "Ana")
        with notary.ledger.read() as work:
            row = work.batches.get(number)
            assert row is not None
            last = work.log.last_of(row.institution)
        assert last is not None
        statement = BatchStatement(
            log=notary.origin, issuer=row.institution, seq=last.seq + 1, previous=last.id, size=TreeSize(1),
            root=sha256(b"slipped in"), recognition=row.recognition, legacy=None, joint_with=(),
            time=format_time(Running().now()),
        )  # fmt: skip
        forged = sign(statement, new_key(), lab.institutions[0].verification_method)
        with notary.ledger.begin() as work:
            append(work, forged, about=forged.id)
        lab.anchor(notary)
    found = lab.recover()
    (doubt,) = found.doubts
    assert doubt.startswith("log entry 7 of did:key:")


def test_a_checkpoint_beside_the_manifest_is_not_taken(lab: Lab) -> None:
    """The tree's checkpoint must be the manifest's: origin, size and root."""
    first, *_, newest = lab.manifests()
    tree, blocks = update_tree(
        newest.tree,
        {"checkpoint": read_path(first.tree, "checkpoint", lab.blocks.get, max_size=10_000)},
        lab.blocks.get,
    )
    lab.blocks.put(blocks, pins=[tree.cid])
    root = lab.steal_manifest(replace(newest, tree=tree.cid))
    with lab.open() as notary:
        candidate = examine(root, notary.blocks, notary.log_vkey.public_key)
    assert candidate.signed is None
    assert candidate.why is not None
    assert "checkpoint is not the manifest's" in candidate.why


def test_a_preimage_of_another_shape_is_no_anchor(lab: Lab) -> None:
    """A thief pins 65 bytes of their own, or fewer: each is reported in its words."""
    short = b"\x01" + bytes(10)
    lab.blocks.put([StoredBlock.of(short)], pins=[Cid.of(short)])
    lab.steal(sha256(short))
    (other,) = lab.recover().unfollowed
    assert "65 bytes" in other.why


def test_the_recovered_checkpoint_is_the_one_last_anchored(lab: Lab) -> None:
    newest = lab.manifests()[-1]
    assert lab.recover().checkpoint == Checkpoint(newest.origin, newest.size, newest.root)
    with lab.open("recovered") as notary, notary.ledger.read() as work:
        assert tree_root(newest.size, work.log.node) == newest.root
