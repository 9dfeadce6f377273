"""The notary against its consortium: a fork of its log, and who finds it out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

from api.wiring import LEDGER
from notary.core.canonical import canonical
from notary.core.trust import TrustFile
from notary.ports.ledger import AnchorState
from notary.service.log.cosigning import cosign
from notary.service.monitoring.findings import Report
from notary.service.receipts.making import receipt
from notary.store import open_ledger
from tests.year.cast import QUAY
from tests.year.verdicts import Form, Trust
from tests.year.world import World, wait_until_final


def fork(world: World) -> tuple[Form, Trust]:
    """Keep a second log beside the first, under the same key, and anchor both; return what the second one gives away.

    The receipt, and a trust file that lists even its block.
    """
    honest, quay = world.lab, world.schools[QUAY]
    world.day(300)
    report = world.look(honest)
    world.must("a monitor looks at an honest year", "0 findings, 0 open", _said(report))
    copy = honest.settings.data / "fork.sqlite3"
    with closing(sqlite3.connect(honest.settings.data / LEDGER)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    world.award(quay, "Lena Fox")
    world.anchor()
    ledger = open_ledger(f"sqlite:///{copy}")
    try:
        world.lab = replace(honest, notary=replace(honest.notary, ledger=ledger))
        world.award(quay, "Mallory")
        wait_until_final(world.lab, world.stage)
        asked = cosign(world.lab.notary)
        assert asked is not None
        refusals = sum("forked" in why for why in asked.without)
        world.must("the fork's checkpoint is shown to the witnesses", "3 of 3 refuse", f"{refusals} of 3 refuse")
        seen, report = world.seen, world.look(world.lab)
        world.must("a monitor is shown the fork", "fork, with 2 signed checkpoints", _said(report))
        made = receipt(world.lab.notary, world.credentials.pop("Mallory"))
        forged = Form("Mallory", world.calendar.today, bytes(made), how=", by the fork")
        trust = _with_block(world, world.trusts[-1])
    finally:
        ledger.close()
        world.lab = honest
    world.seen = seen
    report = world.look(honest)
    world.must("a monitor that is never shown the fork looks at the chain", "is not the one this mirror", _said(report))
    return forged, trust


def _said(report: Report) -> str:
    found = [f"{one.kind.value}, with {len(one.evidence)} signed checkpoints: {one.says}" for one in report.findings]
    return "; ".join([f"{len(found)} findings, {len(report.open)} open", *found])


def _with_block(world: World, trust: Trust) -> Trust:
    """Return a trust file that lists the newest block of the log at hand as well."""
    with world.lab.notary.ledger.read() as work:
        newest = [row for row in work.anchors.anchors() if row.state is AnchorState.FINAL][-1]
    assert newest.block is not None
    assert newest.block_hash is not None
    found = TrustFile.parse(trust.data)
    (consortium,) = found.consortia
    (contract,) = consortium.contracts
    listed = replace(contract, blocks={**contract.blocks, newest.block: newest.block_hash})
    known = replace(found, consortia=(replace(consortium, contracts=(listed,)),))
    return replace(trust, data=canonical(known.to_json()))
