"""How fast a table becomes signed credentials: rows read, signed, and taken into an embedded ledger, a second.

scripts/bench_issue.py [ROWS]
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api.examples import template_of
from api.key_files import KeyFile
from notary.core.encoding import to_base64url
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.service.issuing.badge import BadgeMaker, Issuer
from notary.service.issuing.columns import match_columns
from notary.service.issuing.issue import Desk, Form, issue, plan, write_out
from notary.service.issuing.learner import RowReader
from notary.service.issuing.roll import Roll
from notary.service.issuing.table import open_table
from notary.service.issuing.template import Template
from notary.service.members.registry import members_in_force


def main(rows: int) -> None:
    """Measure each step by itself, in seconds of processor and of the clock, and print one line of JSON."""
    from tests.service.lab import found, opened

    text = template_of("data-literacy").replace('series = ""', f'series = "{to_base64url(bytes(32))}"')
    template = Template.parse(text.encode(), "template.toml")
    lines = [f"Learner {at},l{at}@x.example,2026-05-03,{'ABCD'[at % 4]},Secure" for at in range(rows)]
    data = "\n".join(["Name,E-mail,Issued on,Grade,Presentation", *lines]).encode()
    figures: dict[str, float] = {"rows": rows}
    with tempfile.TemporaryDirectory() as folder, open_table(io.BytesIO(data), "bench.csv") as table:
        roll = Roll(table, RowReader(template, match_columns(table.headings, template), None))
        figures |= _rate("read", rows, lambda: sum(1 for _ in roll))
        found(Path(folder))
        with opened(Path(folder)) as lab:
            member = members_in_force(lab.notary.ledger).records[0]
            key = next(each.key for each in lab.institutions if each.did == member.id)
            desk = _desk(template, member.id, key, "json")
            figures |= _rate("signed", rows, lambda: sum(1 for _ in write_out(roll, desk)))
            token = _desk(template, member.id, key, "jwt")
            figures |= _rate("signed_jwt", rows, lambda: sum(1 for _ in write_out(roll, token)))
            figures |= _rate("planned", rows, lambda: plan(lab.notary, member, roll, desk).ready)
            figures |= _rate("issued", rows, lambda: sum(1 for _ in issue(lab.notary, member, roll, desk)))
            figures |= _rate("issued_before", rows, lambda: plan(lab.notary, member, roll, desk).known)
    print(json.dumps(figures))


def _desk(template: Template, issuer: str, key: KeyFile, form: Form) -> Desk:
    signing = CredentialKey(PublicKey.parse(key.public_key_multibase, "key"), f"{issuer}#key", key.sign)
    maker = BadgeMaker(template, Issuer(issuer, "Fenwick College", template.issuer))
    return Desk(maker, signing, date(2026, 5, 3), "2026-05-03T00:00:00Z", form)


def _rate(name: str, rows: int, run: Callable[[], int]) -> dict[str, float]:
    began, busy = time.perf_counter(), time.process_time()
    done = run()
    assert done == rows, (name, done)
    clock, processor = time.perf_counter() - began, time.process_time() - busy
    return {f"{name}_per_second": round(rows / clock), f"{name}_per_cpu_second": round(rows / processor)}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
