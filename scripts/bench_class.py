"""A class from its table to letters that wait, each beside a plain baseline of the same run: a slow machine slows both.

planned      every row read, and what issuing would do
issued       read again, made and signed, in the ledger with award and contact; links noted as handed out
sealed       looked over, hashed into a tree
anchored     signed by the institution, logged, pinned, on the embedded chain, final: for the whole batch at once
queued       a letter to each learner planned and queued
certificate  a PDF/A-3a with the receipt inside, its second page the class's
baselines    of rows: json.dumps of one credential and an Ed25519 signature, and nothing kept;
             of certificates: WeasyPrint of one plain sentence

cpu is of all processes together, wall what passed on the clock.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from api.certificates.press import Press
from api.certificates.presses import COLLECTED
from api.certificates.wording import Paper
from api.examples import template_of
from notary.core.encoding import to_base64url
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.service.delivery.queue import enqueue, plan_delivery
from notary.service.issuing.badge import BadgeMaker, Issuer
from notary.service.issuing.columns import match_columns
from notary.service.issuing.issue import Desk, Issued, hand_out, issue, plan
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.roll import Roll
from notary.service.issuing.spreadsheet import open_table
from notary.service.issuing.template import Template
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.submission.batch_file import statement_to_sign
from notary.service.submission.seal import seal
from notary.service.submission.signing import sign

PROMISED_ROWS, PROMISED_PDFS = 3000, 20
HANDED = 1000
"""Links noted at once, as `notary issue` does."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of the clock, and of the processor in this process and those it started."""

    wall: float
    cpu: float


def taken(do: Callable[[], object]) -> Taken:
    """Measure one step; the processes it started have ended with it."""
    began, busy = time.perf_counter(), _busy()
    do()
    return Taken(time.perf_counter() - began, _busy() - busy)


def _busy() -> float:
    return sum(os.times()[:4])


def main() -> None:
    """Print a table, then one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--certificates", type=int, default=40)
    chosen = options.parse_args()
    steps, baseline = issue_class(chosen.rows)
    pdf, plain = print_class(chosen.certificates)
    rows = {name: steps[name] for name in ("planned", "issued", "sealed")}
    whole = sum(step.wall for step in rows.values())
    figures: dict[str, Any] = {
        "rows": chosen.rows,
        "cores": os.cpu_count(),
        "rows_to_sealed_per_second": round(chosen.rows / whole),
        "rows_to_sealed_cpu_ms_each": round(sum(step.cpu for step in rows.values()) / chosen.rows * 1e3, 3),
        "rows_baseline_per_second": round(chosen.rows / baseline.wall),
        "rows_ratio": round(whole / baseline.wall, 2),
        **{f"{name}_seconds": round(step.wall, 2) for name, step in steps.items()},
        **{f"{name}_cpu_seconds": round(step.cpu, 2) for name, step in steps.items()},
        "pdfs_per_cpu_second": round(1 / pdf, 1),
        "pdf_cpu_ms": round(pdf * 1e3, 1),
        "pdf_baseline_cpu_ms": round(plain * 1e3, 1),
        "pdf_ratio": round(pdf / plain, 2),
    }
    table = (
        ("rows to sealed, per second", "rows_to_sealed_per_second", f"≥ {PROMISED_ROWS:,}", figures["rows_ratio"]),
        ("  cpu of all processes, ms a row", "rows_to_sealed_cpu_ms_each", "", ""),
        ("anchored, the whole batch, s", "anchored_seconds", "", ""),
        ("letters queued, all of them, s", "queued_seconds", "", ""),
        ("certificates a second and core", "pdfs_per_cpu_second", f"≥ {PROMISED_PDFS}", figures["pdf_ratio"]),
    )
    print(f"{'':<36}{'measured':>10}{'promised':>12}{'to baseline':>13}")
    for what, name, promised, ratio in table:
        print(f"{what:<36}{figures[name]:>10,}{promised:>12}{ratio!s:>13}")
    print(json.dumps(figures))


# ------------------------------------------------------------------------- rows


def issue_class(rows: int) -> tuple[dict[str, Taken], Taken]:
    """Take a table the whole way in a founded notary; return each step, and the baseline."""
    from tests.service.lab import found, opened

    template = Template.parse(_template().encode(), "template.toml")
    steps: dict[str, Taken] = {}
    with tempfile.TemporaryDirectory() as name, open_table(io.BytesIO(_table(rows)), "class.csv") as table:
        roll = Roll(table, RowReader(template, match_columns(table.headings, template), None))
        found(Path(name))
        with opened(Path(name)) as lab:
            college = lab.institutions[0]
            member = members_in_force(lab.notary.ledger).require(college.did)
            key = PublicKey.parse(college.key.public_key_multibase, "key")
            signing = CredentialKey(key, college.verification_method, college.key.sign)
            maker = BadgeMaker(template, Issuer(member.id, member.name, template.issuer))
            desk = Desk(maker, signing, date(2026, 5, 3), "2026-05-03T00:00:00Z")

            def issue_all() -> None:
                issued = [each for each in issue(lab.notary, member, roll, desk) if isinstance(each, Issued)]
                if len(issued) != rows:
                    raise SystemExit(f"{len(issued)} of {rows} issued")
                for at in range(0, rows, HANDED):
                    hand_out(lab.notary, [each.credential for each in issued[at : at + HANDED]])

            steps["planned"] = taken(lambda: plan(lab.notary, member, roll, desk))
            steps["issued"] = taken(issue_all)
            steps["sealed"] = taken(lambda: seal(lab.notary, member))
            with lab.notary.ledger.read() as work:
                (batch,) = work.batches.all(member.id)

            def anchor() -> None:
                statement = statement_to_sign(lab.notary, batch)
                log_batch(lab.notary, sign(statement, college.key, college.verification_method))
                lab.anchor()

            steps["anchored"] = taken(anchor)
            steps["queued"] = taken(lambda: enqueue(lab.notary, plan_delivery(lab.notary, batch.id)))
            credential = maker.make(next(each for each in roll if isinstance(each, Learner)), desk.today)
    return steps, taken(lambda: [signing.sign(json.dumps(credential).encode()) for _ in range(rows)])


def _template() -> str:
    return template_of("data-literacy").replace('series = ""', f'series = "{to_base64url(bytes(32))}"')


def _table(rows: int) -> bytes:
    lines = [f"Learner {at},l{at}@x.example,2026-05-03,{'ABCD'[at % 4]},Secure" for at in range(rows)]
    return "\n".join(["Name,E-mail,Issued on,Grade,Presentation", *lines]).encode()


# ----------------------------------------------------------------- certificates


def print_class(many: int) -> tuple[float, float]:
    """Return the mean of processor seconds of a certificate of a class, and of the plain page."""
    from bench_certificates import learners
    from weasyprint import HTML

    gc.set_threshold(COLLECTED)  # as the processes of print_all do
    press = Press()
    for one in learners(5, "Warm"):
        press.print(one, Paper.A4)
    HTML(string="<p>warm").write_pdf()
    pdfs = taken(lambda: [press.print(one, Paper.A4) for one in learners(many, "Ana Pérez")])
    plain = taken(lambda: [HTML(string="<p>This certifies it.").write_pdf() for _ in range(many)])
    return pdfs.cpu / many, plain.cpu / many


if __name__ == "__main__":
    main()
