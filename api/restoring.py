"""A backup put in a data folder: checked first, compared with the chains, and what was erased since taken out again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from api.records import noted_erasures
from api.settings import EMBEDDED, Settings
from api.wiring import LEDGER, open_notary
from notary.core.errors import OperatorError, Pending
from notary.ports.ledger import CredentialId
from notary.service.access.journal import Action, record
from notary.service.errors import Absent
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.notary import Notary
from notary.service.recovery.soundness import Counted, check_ledger, count_credentials, unknown_anchors

_JOURNALS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there now. `erased`: how many were erased again; `unerased`: those whose evidence is just being pinned.

    `kept`: where the ledger before lies; `uncompared`: why the chains could not be asked.
    """

    holdings: Counted
    erased: int
    unerased: tuple[CredentialId, ...]
    kept: Path | None
    uncompared: str | None


def ledger_file(settings: Settings) -> Path:
    """Return the embedded ledger's file; OperatorError where the ledger is PostgreSQL's."""
    if settings.database != EMBEDDED:
        raise OperatorError(
            "the ledger is in PostgreSQL, which has its own tools",
            hint="pg_dump --format=custom --file FILE, then: notary backup FILE --made; pg_restore to bring it back",
        )
    return settings.data / LEDGER


def restore(settings: Settings, backup: Path, now: datetime, *, replacing: bool) -> Restored:
    """Put a backup in the ledger's place.

    OperatorError, and nothing changed, where it is unsound, of another notary,
    older than the newest anchor on chain, where the ledger here has credentials
    and is not to be replaced, or where something works with it.
    """
    from notary.store.backup import check_file, copy_ledger, make_durable, take_alone

    target = ledger_file(settings)
    if not settings.founded:
        raise OperatorError(
            f"{settings.data} holds no settings of a notary",
            hint="Put your copies of notary.toml and keys/ there first",
        )
    if target.exists():
        _check_replaceable(settings, target, replacing=replacing)
        take_alone(target)
    arriving = target.with_name("restoring.sqlite3")
    _clear(arriving)
    try:
        copy_ledger(backup, arriving)
        check_file(arriving)
        holdings, erased, unerased, uncompared = _examine(settings, arriving)
        take_alone(arriving)
        kept = None
        if target.exists():
            take_alone(target)
            kept = target.with_name(f"ledger.before-{now:%Y%m%dT%H%M%SZ}.sqlite3")
            kept.hardlink_to(target)
        arriving.replace(target)  # at one stroke: a crash leaves the one ledger or the other
        make_durable(target.parent)
    finally:
        _clear(arriving)
    return Restored(holdings, erased, unerased, kept, uncompared)


def _check_replaceable(settings: Settings, target: Path, *, replacing: bool) -> None:
    if replacing:
        return
    from api.wiring import open_ledger

    with ExitStack() as stack:
        there = count_credentials(open_ledger(stack, settings))
    if there:
        raise OperatorError(
            f"the ledger {target} has {there} credentials",
            hint="To put the backup in its place all the same: --replace",
        )


def _examine(settings: Settings, arriving: Path) -> tuple[Counted, int, tuple[CredentialId, ...], str | None]:
    """Open what was copied, as this release's ledger; return what it holds, what was erased again, chains not asked."""
    there = replace(settings, database=f"sqlite:///{arriving}")
    uncompared = None
    with open_notary(there, chains=False) as notary:
        holdings = check_ledger(notary.ledger, settings.origin)
        with notary.ledger.begin() as work:
            record(notary, work, Action.RESTORE, None)
        erased, unerased = _erase_again(notary, noted_erasures(settings.data))
    try:
        with open_notary(there) as notary:
            unknown = list(unknown_anchors(notary))
    except OperatorError as error:
        unknown, uncompared = [], str(error)
    if unknown:
        raise OperatorError(
            "this backup is older than what is anchored",
            expected="every anchor of this notary's account",
            actual=f"{len(unknown)} more, the first {unknown[0]}",
            hint="Use a newer backup, or rebuild from chain and IPFS with it beside: notary recover",
        )
    return holdings, erased, unerased, uncompared


def _erase_again(notary: Notary, noted: Iterable[CredentialId]) -> tuple[int, tuple[CredentialId, ...]]:
    erased, unerased = 0, []
    for name in dict.fromkeys(noted):
        try:
            plan = plan_erasure(notary, [name])
        except Absent:
            continue  # accepted after the backup
        except Pending:
            unerased.append(name)
            continue
        erase(notary, plan)
        erased += len(plan.credentials)
    return erased, tuple(unerased)


def _clear(path: Path) -> None:
    for name in (path.name, *(path.name + journal for journal in _JOURNALS)):
        path.with_name(name).unlink(missing_ok=True)
