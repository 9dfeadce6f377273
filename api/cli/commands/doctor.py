"""`notary doctor`: a line for each part, chain, IPFS, wallet, keys, ledger and the rest, though another is down."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from api.cli.mail_health import look_at_mail
from api.cli.own_parts import look_at_clock, look_at_keys
from api.cli.spoken import Exit, Said, command
from api.cli.store_health import look_at_stores
from api.cli.upkeep import look_at_backup, look_at_ledger, look_at_worker
from api.settings import EMBEDDED, Settings
from api.wiring import open_chain, open_contracts, open_keys
from notary.core.canonical import JSON
from notary.core.digest import Digest
from notary.core.encoding import from_hex, to_hex
from notary.core.errors import NotaryError, OperatorError
from notary.ports import Address

_COIN = 10**18


@command("doctor", example="notary doctor")
@click.option(
    "--batch-files",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder where batch files are kept; they too are a copy of what the chain does not have.",
)
def doctor(settings: Settings, batch_files: tuple[Path, ...]) -> Said:
    """Look at every part, and say what to do about what is wrong. Exit code 1 where anything is."""
    if not settings.chains:
        raise OperatorError(f"there is no notary in {settings.data}", hint="Found one: notary init")
    lines: list[str] = []
    found: list[JSON] = []
    mailing, settings = settings, replace(settings, smtp="")  # a mail server that is set wrong has its own line
    for at, setting in enumerate(settings.chains):
        chain, wallet = _look_at_chain(settings, at)
        name = setting.node if setting.node == EMBEDDED else urlsplit(setting.node).netloc.rpartition("@")[2]
        for part, (good, says) in ((f"chain {name}", chain), (f"wallet on {name}", wallet)):
            lines.append(f"{'✓' if good else '✗'} {part}: {says}")
            found.append({"part": part, "good": good, "says": says})
    now = datetime.now(UTC)
    for place, (part, (good, says)) in enumerate(look_at_stores(settings, now), 1):
        lines.insert(place, f"{'✓' if good else '✗'} {part}: {says}")
        found.insert(place, {"part": part, "good": good, "says": says})
    for part, (good, says) in (
        ("keys", look_at_keys(settings)),
        ("clock", look_at_clock(settings, now)),
        ("ledger", look_at_ledger(settings)),
        ("backup", look_at_backup(settings, batch_files, now)),
        ("worker", look_at_worker(settings, now)),
        ("mail", look_at_mail(mailing, now)),
    ):
        lines.append(f"{'✓' if good else '✗'} {part}: {says}")
        found.append({"part": part, "good": good, "says": says})
    well = all(line.startswith("✓") for line in lines)
    return Said(
        lines, {"well": well, "parts": found}, "notary batches" if well else None, Exit.DONE if well else Exit.NOT
    )


def _look_at_chain(settings: Settings, at: int) -> tuple[tuple[bool, str], tuple[bool, str]]:
    """Say how the chain does, and what the wallet there can pay for."""
    setting = settings.chains[at]
    try:
        key = open_keys(settings.data).wallet
    except NotaryError:
        unseen = False, "not looked at while the keys cannot be opened"
        return unseen, unseen
    with ExitStack() as stack:
        try:
            chain, wallet = open_chain(stack, settings, setting, key)
            chain.check_id()
            latest, final = chain.latest(), chain.finalized()
            says = f"{chain.id}, block {latest}, final up to {final}"
            contracts = open_contracts()
            consortium = None
            if setting.registry:
                registry = Address(from_hex(setting.registry, "registry", 20))
                consortium = contracts.consortium(chain, registry)
                says += f"; registry {setting.registry} is the published contract"
        except NotaryError as error:
            return (False, str(error)), (False, "not known while the chain is not reached")
        try:
            balance = wallet.balance()
            account = f"{to_hex(wallet.address)} holds {balance / _COIN:.6g}"
            if consortium is None:
                return (True, says), (balance > 0, account)
            fee = wallet.quote(contracts.anchor(consortium.anchor, Digest(bytes(31) + b"\x01"))).fee
        except NotaryError as error:
            return (True, says), (False, str(error))
    enough = balance >= fee
    anchors = f", enough for about {balance // max(fee, 1):,} anchors" if enough else ": too little. Send it some coins"
    return (True, says), (enough, account + anchors)
