"""`notary verify`: the answer first, then what carries it, then what is not known. Offline unless --rpc or --fresh."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.carried import MAX_FILE, Carried, carried, is_carrier, without_receipt
from api.cli.attached import endorsement_lines, read_endorsements
from api.cli.spoken import Exit, Said, command, shown
from api.words import Answer, answer, chain_names, to_json
from notary.core.authority import BlockHashes
from notary.core.canonical import JSON
from notary.core.errors import NotaryError, Unsupported, VerifierError
from notary.core.receipt import MAX_SIZE as MAX_RECEIPT
from notary.core.trust import MAX_SIZE as MAX_TRUST
from notary.core.trust import TrustFile
from notary.core.verdict import Result, State, Verdict
from notary.core.verify import blocks_to_ask, untrusting
from notary.core.verify import verify as verify_receipt

if TYPE_CHECKING:
    from api.cli.freshness import Freshened

TRUST_FILE = "trust.json"
RECEIPT_SUFFIX = ".receipt.json"
_MAX_CREDENTIAL = 256 << 20
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TONES = {
    Result.VERIFIED: ("✓", "green"),
    Result.EXPIRED: ("◷", "green"),
    Result.NOT_YET_VALID: ("◷", "green"),
    Result.SUSPENDED: ("!", "yellow"),
    Result.REVOKED: ("!", "yellow"),
    Result.REPLACED: ("!", "yellow"),
    Result.NOT_VERIFIED: ("✗", "red"),
    Result.NOT_KNOWN: ("?", "bright_black"),
}
_MARKS = {State.PASS: "✓", State.STALE: "~", State.UNKNOWN: "?", State.FAIL: "✗"}
_EXITS = {Result.NOT_VERIFIED: Exit.NOT, Result.NOT_KNOWN: Exit.OPEN} | dict.fromkeys(
    (Result.SUSPENDED, Result.REVOKED, Result.REPLACED), Exit.NOT
)


@command("verify", example="notary verify diploma.receipt.json --trust trust.json", data=False)
@click.argument("receipts", metavar="RECEIPT...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--trust",
    "trust_file",
    type=_FILE,
    help="What you trust. Else NOTARY_TRUST, trust.json beside the receipt, or the one in your data folder.",
)
@click.option(
    "--credential",
    type=_FILE,
    help="The credential, where the receipt leaves it out. Else the file beside it without .receipt.json.",
)
@click.option("--rpc", multiple=True, metavar="URL", help="Ask this node for block hashes; may be given several times.")
@click.option("--fresh", is_flag=True, help="Ask for the newest status: of --from, else of NOTARY_SOURCES.")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="URL|FOLDER",
    help="Where to ask: a notary's log (https://notary.example/log), an IPFS gateway's copy of it, a mirror's folder.",
)
@click.option("--explain", is_flag=True, help="Show every step of the proof.")
def verify(
    receipts: tuple[Path, ...],
    trust_file: Path | None,
    credential: Path | None,
    rpc: tuple[str, ...],
    sources: tuple[str, ...],
    *,
    fresh: bool,
    explain: bool,
) -> Said:
    """Say whether a receipt is true, offline, and why.

    Exit code 0: verified (also past its validity); 1: not verified, revoked,
    suspended or replaced; 3: not known yet. Of several receipts, 1 beats 3.
    """
    if credential and len(receipts) > 1:
        raise click.UsageError("--credential goes with one receipt")
    places = _places(sources, fresh=fresh)
    names = chain_names()
    lines: list[str] = []
    found: list[dict[str, JSON]] = []
    codes = set()
    for path in receipts:
        where = trust_file or _find_trust(path)
        question = _ask_of(path, where, credential)
        verdict, silent = _verify(question, rpc)
        newer = _freshen(question, verdict, rpc, places) if places else None
        verdict = newer.verdict if newer else verdict
        said = answer(verdict, names)
        codes.add(_EXITS.get(verdict.result, Exit.DONE))
        if len(receipts) > 1:
            lines += [*([""] if lines else []), click.style(shown(path), bold=True)]
        notice = question.inside.notice if isinstance(question.inside, Carried) else None
        lines += _say(said, where, chosen=trust_file is not None or "NOTARY_TRUST" in os.environ)
        lines += [
            f"  The status is the newest that {newer.source} has." for newer in (newer,) if newer and newer.source
        ]
        lines += [f"  {notice}"] if notice else []
        endorsements = read_endorsements(question.data, question.given)
        lines += endorsement_lines(endorsements)
        silent = (*silent, *(newer.in_vain if newer else ()))
        lines += [f"  Asked in vain: {reason}." for reason in silent]
        if explain:
            lines += ["", *_explain(said)]
        machine = to_json(verdict, names)
        freshness: dict[str, JSON] = {"notice": notice} if notice else {}
        freshness |= {"endorsements": list(endorsements)} if endorsements else {}
        if newer is not None:
            freshness["fresh"] = {"source": newer.source, "status_age_days": newer.days}
        found.append(
            {"receipt": shown(path), "trust": shown(where), **machine, **freshness, "asked_in_vain": list(silent)}
        )
    code = next((code for code in (Exit.NOT, Exit.OPEN) if code in codes), Exit.DONE)
    return Said(lines, found[0] if len(found) == 1 else {"receipts": list(found)}, code=code)


@dataclass(frozen=True, slots=True)
class _Question:
    """One receipt, what the verifier trusts (or why that cannot be read), and the credential beside it."""

    data: bytes
    trust: TrustFile | NotaryError
    given: bytes | None
    inside: Carried | NotaryError | None = None
    """What carried the receipt, or why nothing could be taken out of it; None where the file is the receipt."""


def _ask_of(path: Path, trust_file: Path, credential: Path | None) -> _Question:
    data = _read(path, MAX_RECEIPT)
    beside = credential or _find_credential(path)
    given = None if beside is None else _read(beside, _MAX_CREDENTIAL)
    inside: Carried | NotaryError | None = None
    if is_carrier(data):
        inside = _take_out(_read(path, MAX_FILE))
        if isinstance(inside, Carried):
            data, given = inside.receipt, given or inside.credential
    try:
        return _Question(data, TrustFile.parse(_read(trust_file, MAX_TRUST)), given, inside)
    except NotaryError as error:
        return _Question(data, error, given, inside)


def _take_out(data: bytes) -> Carried | NotaryError:
    try:
        return carried(data)
    except NotaryError as error:
        return error


def _verify(question: _Question, rpc: tuple[str, ...]) -> tuple[Verdict, tuple[str, ...]]:
    if isinstance(question.inside, NotaryError):
        return without_receipt(question.inside), ()
    if isinstance(question.trust, NotaryError):
        return untrusting(question.trust), ()
    hashes: BlockHashes = {}
    silent: tuple[str, ...] = ()
    if rpc:
        from api.cli.final_blocks import ask_nodes

        asked = ask_nodes(rpc, _blocks(question.data))
        hashes, silent = asked.hashes, asked.silent
    now = datetime.now(UTC)
    return verify_receipt(question.data, question.trust, at=now, credential=question.given, blocks=hashes), silent


def _places(sources: tuple[str, ...], *, fresh: bool) -> tuple[str, ...]:
    if not fresh:
        if sources:
            raise click.UsageError("--from goes with --fresh")
        return ()
    from api.cli.freshness import configured

    places = configured(sources, os.environ)
    if not places:
        raise click.UsageError("--fresh asks somebody: name them with --from PLACE, or in NOTARY_SOURCES")
    return places


def _freshen(question: _Question, verdict: Verdict, rpc: tuple[str, ...], places: tuple[str, ...]) -> Freshened:
    from api.cli.freshness import freshen

    def judge(data: bytes) -> Verdict:
        return _verify(replace(question, data=data), rpc)[0]

    return freshen(question.data, verdict, places, judge, datetime.now(UTC))


def _blocks(data: bytes) -> set[tuple[str, int]]:
    try:
        return blocks_to_ask(data)
    except NotaryError:
        return set()  # verification says what is wrong with it


def _read(path: Path, most: int) -> bytes:
    """Read so much that what is too large shows; the verdict says so."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise VerifierError(f"{shown(path)} cannot be read", actual=error.strerror, hint="Check its rights") from error


def _find_trust(receipt: Path) -> Path:
    """Find what the verifier trusts: a file they chose before one that came along."""
    chosen = os.environ.get("NOTARY_TRUST")
    if chosen:
        return Path(chosen)
    beside = receipt.parent / TRUST_FILE
    if beside.exists():
        return beside
    from api.settings import data_folder

    own = data_folder() / TRUST_FILE
    if own.exists():
        return own
    raise Unsupported(
        "not known yet: there is no trust file",
        expected=f"--trust FILE, NOTARY_TRUST, {shown(beside)} or {shown(own)}",
        hint="The consortium publishes its trust file; get it from there, not from whoever shows you the receipt",
    )


def _find_credential(receipt: Path) -> Path | None:
    if not receipt.name.endswith(RECEIPT_SUFFIX):
        return None
    beside = receipt.with_name(receipt.name.removesuffix(RECEIPT_SUFFIX))
    return beside if beside.is_file() else None


def _say(said: Answer, trust_file: Path, *, chosen: bool) -> list[str]:
    mark, colour = _TONES[said.result]
    lines = [click.style(f"{mark} {said.headline}", fg=colour, bold=True), *said.facts]
    for what, settle in said.unknown:
        lines.append(f"  Not checked: {what}." + (f" To check: {settle}." if settle else ""))
    if not chosen and said.result is not Result.NOT_KNOWN:
        lines.append(f"  By {shown(trust_file)}, which lay there: compare it with the one the consortium publishes.")
    return lines


def _explain(said: Answer) -> list[str]:
    lines = []
    for title, check in said.steps:
        lines.append(f"{_MARKS[check.state]} {check.step:>2}. {title} ({check.about}): {check.says}")
        for word, value in (("expected", check.expected), ("found", check.actual), ("to check", check.settle)):
            lines += [f"       {word}: {value}"] if value else []
    return lines
