"""The drill of a total loss: everything the notary had is deleted, and it goes on all the same.

What stays is what would stay: the public chain, IPFS, the operator's copy of the
keys, the institutions' batch files, the learners' receipts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.cli.drill import Drill, run_drill
from api.cli.spoken import shown
from api.demo.institutions import PROFILES, Institution
from api.demo.story import PASSPHRASE, Outcome, Say, Wishes, anchor_all, run, submit_batch, write_receipts
from api.key_files import KeyFile
from api.recovering import Recovered, Remains, recover_notary
from api.settings import EMBEDDED, Settings
from api.wiring import open_notary
from notary.core.canonical import JSON, canonical
from notary.core.digest import TreeSize
from notary.core.encoding import format_time
from notary.core.errors import OperatorError
from notary.core.log import Checkpoint
from notary.core.merkle import consistency_path, tree_root, verify_consistency
from notary.core.trust import TrustFile
from notary.ports import Address
from notary.ports.ledger import BatchId
from notary.service.notary import Notary
from notary.service.receipts.trust import export_trust

_LEARNER, _NUMBER = "Nadia Haddad", 3


@dataclass(frozen=True, slots=True)
class Loss:
    """Receipts that verified before and after, those made again and the new ones, and the log's two sizes.

    `consistent`: the recovered notary's log begins with the last anchored one, proven.
    """

    receipts: int
    before: int
    after: int
    made_again: int
    new: int
    old_size: int
    new_size: int
    consistent: bool

    def to_json(self) -> dict[str, JSON]:
        """Return the one line that `--json` ends with."""
        return {
            "receipts": self.receipts,
            "verified_before": self.before,
            "verified_after": self.after,
            "made_again": self.made_again,
            "new_receipts": self.new,
            "log": {"before": self.old_size, "after": self.new_size, "consistent": self.consistent},
        }


def lose_everything(wishes: Wishes, say: Say) -> Loss:
    """Play the demo, lose everything, recover, and go on; an error ends it with what to do."""
    outcome = run(wishes, say)
    out = outcome.out
    before = run_drill(outcome.receipts, outcome.trust)
    say(f"Before the loss: {before.verified} of {len(before.tried)} receipts verify, everything switched off.")
    trust = TrustFile.parse(outcome.trust.read_bytes())
    keys = _lose(wishes, out, say)
    recovered = _recover(wishes, outcome, trust, keys, say)
    with open_notary(recovered.settings) as notary:
        again = _receipts(notary, range(1, recovered.recovery.batches + 1), out / "again", say)
        institution = _institutions(out)[0]
        path = _issue(institution, out, notary)
        new = submit_batch(notary, institution, [path], out, say)
        anchor_all(notary, _NUMBER, say)
        old = recovered.recovery.checkpoint
        size = _check_growth(notary, old)
        say(f"The log has grown from {old.size} to {size} entries; a consistency proof shows that it only grew.")
        newest = _receipts(notary, [new], out / "new", say)
        later = out / "trust-after.json"
        later.write_bytes(canonical(export_trust(notary, recovered.settings.name).to_json()))
    after, made_again, made = (run_drill(each, later) for each in (outcome.receipts, again, newest))
    say(f"After the loss: {after.verified} of {len(after.tried)} earlier receipts verify, {made_again.verified} made")
    say(f"  again by the recovered notary do, and {made.verified} new.")
    _check_all(before, after, made_again, made)
    return Loss(
        receipts=len(before.tried),
        before=before.verified,
        after=after.verified,
        made_again=made_again.verified,
        new=made.verified,
        old_size=old.size,
        new_size=size,
        consistent=True,
    )


def _lose(wishes: Wishes, out: Path, say: Say) -> Path:
    """Delete the data folder; what stands for the public chain, for IPFS and for the offline copy of the keys stays."""
    data, world, copy = out / "notary", out / "recovered", out / "offline-copy"
    shutil.copytree(data / "keys", copy)
    world.mkdir(mode=0o700)
    for address, folder in ((wishes.chain, "chain"), (wishes.ipfs, "blocks")):
        if address == EMBEDDED:
            shutil.move(data / folder, world / folder)
    shutil.rmtree(data)
    say("Everything is lost: ledger, data folder, batches, settings. Left are chain and IPFS, the operator's copy of")
    say(f"  the keys in {shown(copy)}, the institutions' batch files, the learners' receipts.")
    return copy


def _recover(wishes: Wishes, outcome: Outcome, trust: TrustFile, keys: Path, say: Say) -> Recovered:
    consortium = trust.consortia[0]
    settings = replace(Settings.load(outcome.out / "recovered", {}), name=consortium.name)
    done = recover_notary(
        settings,
        Remains(
            chains=((wishes.chain, Address(consortium.contracts[0].contract)),),
            ipfs=wishes.ipfs,
            log_key=keys / "log.pem",
            batch_files=outcome.out / "institutions",
            receipts=outcome.out / "receipts",
        ),
    )
    found = done.recovery
    left_open = [*found.missing, *found.unused, *found.gaps, *found.doubts, *done.not_named]
    if left_open or found.unfollowed or found.behind:
        raise OperatorError("the recovery left something open", actual=found)
    say(f"Recovered from the contract's events and the blocks alone: {found.states} registry state, {found.batches}")
    say(f"  batches of {found.credentials} credentials, {found.manifests} anchored manifests; batch files and receipts")
    say(f"  filled in {found.salted} salts and {found.retained} credentials. Nothing is missing.")
    return done


def _issue(institution: Institution, out: Path, notary: Notary) -> Path:
    folder = out / "institutions" / institution.profile.folder / f"credentials-{_NUMBER}"
    folder.mkdir()
    path = folder / "nadia-haddad-1.json"
    credential = institution.issue(_LEARNER, 100 * _NUMBER + 1, format_time(notary.clock.now()), {})
    path.write_text(json.dumps(credential, indent=2, ensure_ascii=False))
    return path


def _receipts(notary: Notary, batches: Sequence[int], folder: Path, say: Say) -> tuple[Path, ...]:
    """Write receipts of batches, whoever's they are."""
    with notary.ledger.read() as work:
        owners = {int(row.id): row.institution for row in work.batches.all()}
    institutions = {each.did: each for each in _institutions(folder.parent)}
    return tuple(write_receipts(notary, [(institutions[owners[each]], BatchId(each)) for each in batches], folder, say))


def _institutions(out: Path) -> list[Institution]:
    """Take each institution's own key from its own folder: the notary never had it."""
    folders = out / "institutions"
    return [
        Institution(profile, KeyFile.load(folders / profile.folder / "working-key.pem", PASSPHRASE))
        for profile in PROFILES
    ]


def _check_growth(notary: Notary, old: Checkpoint) -> TreeSize:
    """Prove that the log as it is now begins with the last one anchored before the loss; return its size."""
    with notary.ledger.read() as work:
        size = TreeSize(work.log.size())
        proof = consistency_path(old.size, size, work.log.node)
        verify_consistency(old.root, old.size, tree_root(size, work.log.node), size, proof)
    return size


def _check_all(before: Drill, after: Drill, made_again: Drill, new: Drill) -> None:
    for what, drill in (("before", before), ("after", after), ("made again", made_again), ("new", new)):
        if drill.verified != len(drill.tried) or (what != "new" and len(drill.tried) != len(before.tried)):
            first = next((f"{each.path.name}: {each.headline}" for each in drill.tried), None)
            raise OperatorError(
                f"receipts {what}", expected=f"all of {len(before.tried)} verified", actual=drill.verified, hint=first
            )
