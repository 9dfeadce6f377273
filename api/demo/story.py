"""The demo, step by step: each says in a line or two what happened and where the files are."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from api.cli.drill import OFFLINE, bare_environment
from api.cli.spoken import count
from api.cli.spoken import shown as name_path
from api.demo.exhibits import make_pdf, make_picture
from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import EMBEDDED, ChainSetting, Settings, beside_embedded
from api.wiring import open_notary
from notary.core.canonical import JSON, canonical
from notary.core.credential import read
from notary.core.encoding import format_time
from notary.core.errors import IssuerError, OperatorError
from notary.ports.ledger import BatchId
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.pins.queue import pin_due
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.reading import Refused, Source, read_source
from notary.service.submission.seal import seal
from notary.service.submission.signing import Shown, recompute, sign

ROUNDS = 2
PATIENCE = 180.0
"""Seconds to wait for a real chain to make a block final."""
PASSPHRASE = "a demo's keys guard nothing"  # noqa: S105

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the demo was asked for."""

    out: Path
    chain: str = EMBEDDED
    ipfs: str = EMBEDDED
    credentials: Path | None = None
    issuer_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo leaves behind."""

    out: Path
    trust: Path
    receipts: tuple[Path, ...]
    credentials: tuple[Path, ...]

    def to_json(self) -> dict[str, JSON]:
        """Return what `--json` ends with."""
        return {
            "out": str(self.out),
            "trust": str(self.trust),
            "receipts": [str(path) for path in self.receipts],
            "credentials": [str(path) for path in self.credentials],
        }


def run(wishes: Wishes, say: Say) -> Outcome:
    """Play the whole story; an error ends it with what to do."""
    out = wishes.out
    if out.exists() and any(out.iterdir()):
        raise OperatorError(f"{out} is not empty", hint="Choose another folder: --out DIR")
    out.mkdir(parents=True, exist_ok=True)
    institutions = _institutions(out)
    settings = _found(wishes, institutions, say)
    with open_notary(settings) as notary:
        written: list[Path] = []
        batches: list[tuple[Institution, BatchId]] = []
        for number in range(1, ROUNDS + 1):
            for institution in institutions:
                files = _issue(institution, number, out, notary)
                if number == 1 and institution is institutions[0] and wishes.credentials:
                    files += _own(wishes.credentials, out)
                written += files
                batches.append((institution, submit_batch(notary, institution, files, out, say)))
            anchor_all(notary, number, say)
        receipts = tuple(write_receipts(notary, batches, out, say))
        trust = out / "trust.json"
        trust.write_bytes(canonical(export_trust(notary, settings.name).to_json()))
        say(f"  The trust file, which a verifier keeps, is {name_path(trust)}.")
    say("Everything is switched off: chain, block store and ledger are closed.")
    _verify_offline(receipts[0], trust, out / "offline", say)
    return Outcome(out, trust, receipts, tuple(written))


# --------------------------------------------------------------------- founding


def _institutions(out: Path) -> list[Institution]:
    found = []
    for profile in PROFILES:
        folder = out / "institutions" / profile.folder
        folder.mkdir(parents=True)
        found.append(Institution(profile, KeyFile.create(folder / "working-key.pem", PASSPHRASE)))
    return found


def _found(wishes: Wishes, institutions: list[Institution], say: Say) -> Settings:
    settings = replace(
        Settings.load(wishes.out / "notary", {}),
        name="the Demo Consortium",
        origin=f"demo.example/log-{secrets.token_hex(4)}",
        ipfs=beside_embedded(wishes.ipfs),
        chains=(ChainSetting(wishes.chain),),
    )
    if wishes.chain != EMBEDDED:
        fund(wishes.chain, settings)
    since = "2026-01-01T00:00:00Z"
    aliases = [(wishes.issuer_id,) if wishes.issuer_id and not at else () for at in range(len(institutions))]
    records = [institution.record(since, also) for institution, also in zip(institutions, aliases, strict=True)]
    settings = found_notary(settings, records)
    say("Founded the Demo Consortium of three institutions, each with its own key:")
    for record in records:
        say(f"  {record.name} ({record.recognition})")
    say(f"  Its registry is contract {settings.chains[0].registry} on {_part(wishes.chain, 'the embedded chain')};")
    say(f"  blocks go to {_part(wishes.ipfs, 'the embedded store')}; everything lies in {name_path(wishes.out)}.")
    return settings


def fund(url: str, settings: Settings) -> None:
    """On a development chain, take coins from an account the node unlocks; elsewhere founding says what lacks."""
    from anchoring import dev_faucet
    from api.wiring import make_keys

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    dev_faucet.fund(url, make_keys(settings.data).wallet.address)


# -------------------------------------------------- issuing, submitting, signing


def _issue(institution: Institution, number: int, out: Path, notary: Notary) -> list[Path]:
    """Write this round's credentials, signed by the institution's own key."""
    profile = institution.profile
    folder = out / "institutions" / profile.folder / f"credentials-{number}"
    folder.mkdir()
    valid_from = format_time(notary.clock.now())
    shows = {"assessment.pdf": "The assessor's report", "work.png": "A picture of the work"}
    files = []
    for at, learner in enumerate(profile.learners[number - 1], 1):
        credential = institution.issue(learner, 100 * number + at, valid_from, shows)
        path = folder / f"{_slug(learner)}-{at}.json"
        path.write_text(json.dumps(credential, indent=2, ensure_ascii=False))
        files.append(path)
    return files


def _own(folder: Path, out: Path) -> list[Path]:
    """Copy the user's own credentials to the others."""
    kept = out / "institutions" / "your-own"
    kept.mkdir()
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not files:
        raise IssuerError(f"{folder} holds no credentials", hint="Give a folder with credential files")
    return [Path(shutil.copy(path, kept)) for path in files]


def submit_batch(notary: Notary, institution: Institution, files: list[Path], out: Path, say: Say) -> BatchId:
    """Submit, seal, and let the institution sign what it has recomputed from its own files."""
    record = members_in_force(notary.ledger).require(institution.did)
    evidence = attach(notary, list(_exhibits(institution)), narrative=institution.profile.course.criteria)
    sources = (Source(path.read_bytes(), path.name) for path in files)
    readings = (read_source(source, record) for source in sources)
    results = list(accept(notary, record, readings, evidence=evidence))
    for refused in (result for result in results if isinstance(result, Refused)):
        say(f"  Left out: {refused.why}")
    taken = {result.source for result in results if isinstance(result, Accepted)}
    own = [read(path.read_bytes(), path.name) for path in files if path.name in taken]
    batch = seal(notary, record)
    batch_file = out / "institutions" / institution.profile.folder / f"batch-{batch.id}.ndjson"
    with batch_file.open("wb") as file:
        file.writelines(write_batch_file(notary, batch.id))
    with batch_file.open("rb") as lines:
        shown = recompute(BatchFile.parse(lines), own)
    signed = sign(shown.statement, institution.key, institution.verification_method)
    log_batch(notary, signed)
    say(f"{institution.profile.name} submitted {count(batch.size, 'credential')} and signed batch {batch.id},")
    say(f"  having recomputed it from its own files: {_span(shown)}. Batch file: {name_path(batch_file)}")
    return batch.id


def _exhibits(institution: Institution) -> Iterator[Exhibit]:
    course = institution.profile.course
    report = make_pdf(f"Assessment: {course.name}", [course.criteria, f"Result: {course.result}"])
    yield Exhibit("assessment.pdf", "application/pdf", BytesIO(report))
    yield Exhibit("work.png", "image/png", BytesIO(make_picture(240, 160)))


# ---------------------------------------------------------- anchoring, receipts


def anchor_all(notary: Notary, number: int, say: Say) -> None:
    """Anchor what all three have logged in one transaction, and wait until it is final."""
    deadline = time.monotonic() + PATIENCE
    touched = advance(notary)
    while not all(anchored.final for anchored in touched):
        if time.monotonic() > deadline:
            reasons = "; ".join(row.reason for anchored in touched for row in anchored.held)
            raise OperatorError(
                f"the anchor is not final after {PATIENCE:.0f} s",
                actual=reasons or None,
                hint="A development chain must make blocks by itself, like anvil --block-time 1 --slots-in-an-epoch 1",
            )
        time.sleep(0.1)
        touched = advance(notary)
    pin_due(notary)
    for anchored in touched:
        for anchor in anchored.anchors:
            say(f"Anchor {number}: one transaction for all three institutions, final in block {anchor.block} of")
            say(f"  {anchor.chain}. Root {anchor.root.hex()[:8]}…, tree pinned as one directory.")


def write_receipts(
    notary: Notary, batches: Sequence[tuple[Institution, BatchId]], out: Path, say: Say
) -> Iterator[Path]:
    """Write the receipts of batches into `receipts/`, a folder for each institution."""
    written = 0
    for institution, batch in batches:
        folder = out / "receipts" / institution.profile.folder
        folder.mkdir(parents=True, exist_ok=True)
        for row, made in batch_receipts(notary, batch):
            path = folder / f"{Path(row.source).stem}-{row.id[:4]}.receipt.json"
            path.write_bytes(bytes(made))
            written += 1
            yield path
    say(f"Wrote {written} receipts, each complete in itself, to {name_path(out / 'receipts')}.")


# ------------------------------------------------------------- everything is off


def _verify_offline(receipt: Path, trust: Path, folder: Path, say: Say) -> None:
    """Verify a copy in an empty folder, in a fresh process that may not touch the network; then alter it."""
    folder.mkdir()
    copy = Path(shutil.copy(receipt, folder))
    shutil.copy(trust, folder / "trust.json")
    say(f"One receipt and the trust file alone in {name_path(folder)}; a fresh process, the network forbidden:")
    _show(copy, folder, say, expected=0)
    data = json.loads(copy.read_bytes())
    learner = data["credential"]["credentialSubject"]["identifier"][0]
    learner["identityHash"] = learner["identityHash"].replace("a", "o", 1)
    altered = folder / "altered.receipt.json"
    altered.write_text(json.dumps(data, ensure_ascii=False))
    say(f"The same receipt with one character of the learner's name altered, {altered.name}:")
    _show(altered, folder, say, expected=1)


def _show(receipt: Path, folder: Path, say: Say, *, expected: int) -> None:
    command = [sys.executable, "-c", OFFLINE, "verify", receipt.name, "--trust", "trust.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=bare_environment())  # noqa: S603
    for line in done.stdout.splitlines():
        say(f"  | {line}")
    if done.returncode != expected:
        raise OperatorError(
            f"verifying {receipt.name} ended otherwise", expected=f"exit code {expected}", actual=done.returncode,
            hint=done.stderr.strip()[-500:] or None,
        )  # fmt: skip


def _span(shown: Shown) -> str:
    """Return the first and the last learner, or the only one."""
    return f"{shown.first}" if shown.first == shown.last else f"{shown.first} to {shown.last}"


def _part(address: str, embedded: str) -> str:
    return embedded if address == EMBEDDED else address


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
