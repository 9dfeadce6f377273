"""`notary verify`: the answer first, then what carries it, then what is not known. Offline unless --rpc."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

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
@click.option("--explain", is_flag=True, help="Show every step of the proof.")
def verify(
    receipts: tuple[Path, ...], trust_file: Path | None, credential: Path | None, rpc: tuple[str, ...], *, explain: bool
) -> Said:
    """Say whether a receipt is true, offline, and why.

    Exit code 0: verified (also past its validity); 1: not verified, revoked,
    suspended or replaced; 3: not known yet. Of several receipts, 1 beats 3.
    """
    if credential and len(receipts) > 1:
        raise click.UsageError("--credential goes with one receipt")
    names = chain_names()
    lines: list[str] = []
    found: list[dict[str, JSON]] = []
    codes = set()
    for path in receipts:
        where = trust_file or _find_trust(path)
        verdict, silent = _verify(path, where, credential, rpc)
        said = answer(verdict, names)
        codes.add(_EXITS.get(verdict.result, Exit.DONE))
        if len(receipts) > 1:
            lines += [*([""] if lines else []), click.style(shown(path), bold=True)]
        lines += _say(said, where, chosen=trust_file is not None or "NOTARY_TRUST" in os.environ)
        lines += [f"  Asked in vain: {reason}." for reason in silent]
        if explain:
            lines += ["", *_explain(said)]
        machine = to_json(verdict, names)
        found.append({"receipt": shown(path), "trust": shown(where), **machine, "asked_in_vain": list(silent)})
    code = next((code for code in (Exit.NOT, Exit.OPEN) if code in codes), Exit.DONE)
    return Said(lines, found[0] if len(found) == 1 else {"receipts": list(found)}, code=code)


def _verify(
    path: Path, trust_file: Path, credential: Path | None, rpc: tuple[str, ...]
) -> tuple[Verdict, tuple[str, ...]]:
    data = _read(path, MAX_RECEIPT)
    beside = credential or _find_credential(path)
    given = None if beside is None else _read(beside, _MAX_CREDENTIAL)
    try:
        trust = TrustFile.parse(_read(trust_file, MAX_TRUST))
    except NotaryError as error:
        return untrusting(error), ()
    hashes: BlockHashes = {}
    silent: tuple[str, ...] = ()
    if rpc:
        from api.cli.final_blocks import ask_nodes

        asked = ask_nodes(rpc, _blocks(data))
        hashes, silent = asked.hashes, asked.silent
    return verify_receipt(data, trust, at=datetime.now(UTC), credential=given, blocks=hashes), silent


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
