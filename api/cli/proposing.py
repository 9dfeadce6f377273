"""`notary consortium propose`: what is wished for becomes a file that k members can approve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from api.cli.applications import read_application, show_application
from api.cli.governance_files import (
    FILE,
    now_text,
    read_account,
    read_announcement,
    read_moment,
    write_new,
)
from api.cli.member_parts import read_document, read_programme
from api.cli.spoken import Said, command, count, shown
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_digest_text, to_hex
from notary.core.errors import IssuerError
from notary.core.registry import NotaryAccount
from notary.core.shape import read_chain, read_origin
from notary.core.statement import Recognition
from notary.ports import Contracts
from notary.service.governance.approvals import check_proposal
from notary.service.governance.differences import describe, summary
from notary.service.governance.edits import Edit, add_key, admit, edit, end_key, find, hold, leave, mark_compromised
from notary.service.governance.in_force import InForce, find_in_force
from notary.service.governance.proposal import Draft, Proposal, propose

DAYS = 14
"""Days in which k members have to approve and somebody to apply, unless said otherwise."""
DAY = 86_400
_RECOGNITION = click.Choice([recognition.value for recognition in Recognition])


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options of one `propose` ask for, as they were typed."""

    admit: tuple[Path, ...] = ()
    announcement: tuple[Path, ...] = ()
    member: str | None = None
    name: str | None = None
    recognition: str | None = None
    programme: tuple[str, ...] = ()
    every_programme: bool = False
    alias: tuple[str, ...] = ()
    drop_alias: tuple[str, ...] = ()
    did_document: Path | None = None
    end_key: tuple[str, ...] = ()
    custodial: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    leaves: str | None = None
    successor: str | None = None
    compromised: tuple[str, ...] = ()
    add_notary: tuple[str, ...] = ()
    remove_notary: tuple[str, ...] = ()
    add_voter: tuple[str, ...] = ()
    remove_voter: tuple[str, ...] = ()
    k: int | None = None
    days: int = DAYS
    out: Path | None = None


@command("propose", example="notary consortium propose --admit academy.application --add-voter 0x… --k 2")
@click.option("--admit", multiple=True, type=FILE, help="Take an institution in: its application.")
@click.option("--announcement", multiple=True, type=FILE, help="Add a key its member announced: notary key announce.")
@click.option("--member", metavar="DID|ALIAS|NAME", help="Whom the next ten options are about.")
@click.option("--name", help="Its name from now on.")
@click.option("--recognition", type=_RECOGNITION, help="The highest it may claim; also for what --admit takes in.")
@click.option(
    "--programme", multiple=True, metavar="ID[=REFERENCE]", help="Authorised for these alone, with reference."
)
@click.option("--every-programme", is_flag=True, help="Authorised for everything.")
@click.option("--alias", multiple=True, help="Another issuer id its credentials name.")
@click.option("--drop-alias", multiple=True, help="An issuer id that is no longer its.")
@click.option("--did-document", type=FILE, help="Its DID document, pinned from now on.")
@click.option("--end-key", multiple=True, metavar="KEY[@TIME]", help="A key signs nothing more from TIME, or now, on.")
@click.option("--custodial", multiple=True, metavar="KEY", help="A key is kept by a custodian.")
@click.option("--own", multiple=True, metavar="KEY", help="A key is kept by the institution itself.")
@click.option("--leaves", metavar="TIME", help="It leaves, or is expelled: statuses are all it signs from then on.")
@click.option("--successor", metavar="DID", help="Who may sign its statuses too.")
@click.option("--compromised", multiple=True, metavar="KEY@TIME", help="Nobody may rely on a key from TIME on.")
@click.option("--add-notary", multiple=True, metavar="[CHAIN:]0x…=ORIGIN", help="An account may anchor a log.")
@click.option("--remove-notary", multiple=True, metavar="[CHAIN:]0x…", help="An account may anchor no more.")
@click.option("--add-voter", multiple=True, metavar="0x…", help="An address votes: a key's, or an ERC-1271 wallet's.")
@click.option("--remove-voter", multiple=True, metavar="0x…", help="An address votes no more.")
@click.option("--k", type=int, help="Approvals that every later change needs.")
@click.option("--days", type=click.IntRange(1, 365), default=DAYS, show_default=True, help="Days to apply it in.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The proposal. Else state-N.proposal.")
@click.option("--yes", is_flag=True, help="The fingerprints were read out and are right.")
def propose_(settings: Settings, *, yes: bool, **options: object) -> Said:
    """Write a proposal: everything about members, keys, votes and notaries that is to change, in one file.

    Nothing changes yet: k members approve the file, and anyone applies it.
    """
    return write_proposal(settings, Wish(**options), yes=yes)  # type: ignore[arg-type]  # click's types are the fields'


def write_proposal(settings: Settings, wish: Wish, *, yes: bool) -> Said:
    """Make the proposal of a wish, and write it."""
    from api.wiring import open_contracts, open_notary

    with open_notary(settings) as notary:
        here = find_in_force(notary)
        now = int(notary.clock.now().timestamp())
    draft = _admitted(Draft.of(here.members), wish, yes=yes)
    draft = _keys(draft, here, wish, now)
    draft = _member(draft, wish)
    draft = _notaries(_votes(draft, wish), wish)
    proposal = propose(here, draft, deadline=now + wish.days * DAY)
    return write_checked(proposal, here, open_contracts(), now, wish.out)


def write_checked(proposal: Proposal, here: InForce, contracts: Contracts, now: int, out: Path | None) -> Said:
    """Check a proposal as its approvers will, write it, and show what it changes."""
    check_proposal(proposal, here, contracts, now=now)
    target = write_new(out or Path(f"state-{proposal.members.state.number}.proposal"), bytes(proposal))
    need = max(seat.threshold for seat in proposal.among(here))
    return Said(
        [
            *summary(proposal),
            *(f"  {line}" for line in describe(proposal, here)),
            f"Wrote {shown(target)}. Send it to the members: {count(need, 'approval is', 'approvals are')} needed.",
        ],
        {**proposal_data(proposal, here), "file": str(target), "needed": need},
        f"notary consortium approve {shown(target)}",
    )


def proposal_data(proposal: Proposal, here: InForce) -> dict[str, JSON]:
    """Return a proposal as `--json` says it."""
    state = proposal.members.state
    changes: list[JSON] = [*describe(proposal, here)]
    return {
        "proposal": to_digest_text(proposal.digest),
        "state": state.number,
        "digest": to_digest_text(state.digest()),
        "changes": changes,
        "deadline": proposal.deadline,
    }


def _admitted(draft: Draft, wish: Wish, *, yes: bool) -> Draft:
    """Take applications in, once somebody says that their fingerprints were read out."""
    for path in wish.admit:
        application = read_application(path)
        record = application.admitted
        if wish.recognition and not wish.member:
            record = replace(record, recognition=Recognition(wish.recognition))
        click.echo("\n".join(show_application(application)), err=True)
        if not yes:
            click.confirm("Was this fingerprint read out to you by the institution itself?", abort=True, err=True)
        draft = admit(draft, record)
    return draft


def _keys(draft: Draft, here: InForce, wish: Wish, now: int) -> Draft:
    for path in wish.announcement:
        announced = read_announcement(path)
        record = find(draft.records, announced.member)
        announced.check(record, here.members.state, now=now)
        draft = edit(draft, record.id, add_key(announced.key))
    for text in wish.compromised:
        key, at, since = text.rpartition("@")
        if not at:
            raise click.UsageError("--compromised takes KEY@TIME: since when nobody may rely on it")
        draft = mark_compromised(draft, key, read_moment(since, "--compromised"))
    return draft


def _member(draft: Draft, wish: Wish) -> Draft:
    edits = [*_edits(wish)]
    if wish.member is None:
        if edits and not (wish.admit and wish.recognition and len(edits) == 1):
            raise click.UsageError("Say whom this is about: --member DID")
        return draft
    return edit(draft, wish.member, *edits)


def _edits(wish: Wish) -> Iterator[Edit]:
    if name := wish.name:
        yield lambda record: replace(record, name=name)
    if recognition := wish.recognition:
        yield lambda record: replace(record, recognition=Recognition(recognition))
    if wish.programme and wish.every_programme:
        raise click.UsageError("--programme and --every-programme exclude each other")
    if wish.programme or wish.every_programme:
        programmes = tuple(read_programme(text) for text in wish.programme)
        yield lambda record: replace(record, programmes=programmes)
    if wish.alias or wish.drop_alias:
        yield lambda record: replace(
            record,
            aliases=tuple(
                alias for alias in dict.fromkeys((*record.aliases, *wish.alias)) if alias not in wish.drop_alias
            ),
        )
    if wish.did_document:
        document = read_document(wish.did_document)
        yield lambda record: replace(record, did_document=document)
    for text in wish.end_key:
        key, at, until = text.rpartition("@")
        yield end_key(key if at else text, read_moment(until, "--end-key") if at else now_text())
    yield from (hold(key, custodial=True) for key in wish.custodial)
    yield from (hold(key, custodial=False) for key in wish.own)
    if wish.leaves:
        yield leave(read_moment(wish.leaves, "--leaves"))
    if wish.successor:
        yield lambda record: replace(record, successor=wish.successor)


def _votes(draft: Draft, wish: Wish) -> Draft:
    return replace(
        draft,
        added=tuple(read_account(text, "--add-voter") for text in wish.add_voter),
        removed=tuple(read_account(text, "--remove-voter") for text in wish.remove_voter),
        threshold=wish.k,
    )


def _notaries(draft: Draft, wish: Wish) -> Draft:
    """Change who serves; an account without a chain is meant on every chain where the state has notaries."""
    chains = tuple(dict.fromkeys(notary.chain for notary in draft.notaries))
    notaries = list(draft.notaries)
    for text in wish.remove_notary:
        gone = {(chain, address) for chain, address in _accounts(text, chains, "--remove-notary")}
        left = [one for one in notaries if (one.chain, one.address) not in gone]
        if len(left) == len(notaries):
            known = ", ".join(f"{one.chain}:{to_hex(one.address)}" for one in notaries)
            raise IssuerError(f"{text} is no notary", expected=known)
        notaries = left
    for text in wish.add_notary:
        account, equals, origin = text.partition("=")
        if not equals:
            raise click.UsageError("--add-notary takes 0x…=ORIGIN: an account, and the log it may anchor")
        for chain, address in _accounts(account, chains, "--add-notary"):
            notaries.append(NotaryAccount(chain, address, read_origin(origin, "--add-notary")))
    return replace(draft, notaries=tuple(notaries))


def _accounts(text: str, chains: tuple[str, ...], option: str) -> Iterator[tuple[str, bytes]]:
    """Read an account, with its chain before it as CAIP-10 writes it, or without."""
    chain, colon, address = text.rpartition(":")
    for named in (read_chain(chain, option),) if colon else chains:
        yield named, read_account(address, option)
