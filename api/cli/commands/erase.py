"""`notary erase`: what is personal about a credential goes, the tree stays."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from api.cli.spoken import Said, command, count
from api.records import note_erasure
from api.settings import Settings
from notary.core.canonical import JSON
from notary.ports.ledger import CredentialId
from notary.service.holdings.erase import Erasure

_STAYS = (
    "  Stays: its leaf in the tree, a salted hash that tells nobody anything without the salt.",
    "  Cannot be taken back: receipts already given out (the learner's own still verifies), batch files,",
    "  the institution's own copy, earlier backups, what somebody else has copied from IPFS (ciphertexts, whose keys",
    "  go now; evidence that was made public, as it is), and what an IPFS node keeps until its own `ipfs repo gc`.",
)


@command("erase", example='notary erase x7k2mqp4w6ta --reason "asked for by the learner"')
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept in the data folder with the credential's id and the time.")
@click.option("--yes", is_flag=True, help="Erase what is shown without asking.")
def erase(settings: Settings, ids: tuple[str, ...], reason: str, *, yes: bool) -> Said:
    """Erase credentials: content, salt, digest, names, evidence and its keys. It cannot be undone."""
    from api.wiring import open_notary
    from notary.service.holdings.erase import erase as erase_planned
    from notary.service.holdings.erase import plan_erasure

    with open_notary(settings, chains=False) as notary:
        plan = plan_erasure(notary, [CredentialId(name) for name in ids])
        if not plan.credentials:
            return Said(
                [f"{count(len(plan.gone), 'credential')}: erased before; nothing is left to erase."], _data(plan)
            )
        facts = _facts(plan)
        if not yes:
            click.echo("\n".join(facts), err=True)
            click.confirm("Erase this? It cannot be undone.", abort=True, err=True)
            facts = []
        # Before it is done: a crash leaves a note too many, which costs nothing.
        note_erasure(settings.data, plan.credentials, reason, datetime.now(UTC))
        behind = erase_planned(notary, plan)
    done = f"Erased {count(len(plan.credentials), 'credential')}, {count(len(plan.pins), 'evidence file')} unpinned."
    later = [f"  Not reached: {store}. It is unpinned there later, by notary serve." for store in behind]
    return Said([*facts, done, *later], {**_data(plan), "not_reached": list(behind)}, "notary backup FILE")


def _facts(plan: Erasure) -> list[str]:
    manifests, pins = count(len(plan.manifests), "evidence manifest"), count(len(plan.pins), "evidence file")
    lines = [
        f"Erases {count(len(plan.credentials), 'credential')} of {', '.join(plan.institutions)}:",
        f"  salt, digest, learner, title and source of each, and the content of {plan.retained} kept here;",
        f"  {manifests} with all keys; unpins {pins}.",
    ]
    if plan.shared:
        lines.append(f"  {count(plan.shared, 'evidence manifest')}: kept, since other credentials have it too.")
    if plan.waiting:
        lines.append(f"  {count(plan.waiting, 'credential')} of them waited for a batch, and will be in none.")
    lines += [
        f"  Batch {number} is not signed: it can be, by a batch file made before this." for number in plan.unsigned
    ]
    if plan.gone:
        lines.append(f"  {count(len(plan.gone), 'credential')}: erased before.")
    return [*lines, *_STAYS]


def _data(plan: Erasure) -> dict[str, JSON]:
    return {
        "erased": list(plan.credentials),
        "erased_before": list(plan.gone),
        "waiting": plan.waiting,
        "evidence_manifests": len(plan.manifests),
        "evidence_shared": plan.shared,
        "unpinned": [str(cid) for cid in plan.pins],
        "unsigned_batches": list(plan.unsigned),
    }
