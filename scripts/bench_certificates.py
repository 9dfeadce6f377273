"""How many certificates a core prints: PDF/A-3a with the receipt attached, after the press is warm.

A press keeps what certificates share. So three kinds: a class whose second pages say the same; one where each
learner's evidence differs, so that each second page is laid out anew; and names in scripts whose fonts are large.

cpu     seconds of this process a certificate: what a core of its own would need
wall    seconds that passed; more than cpu where others use the machine
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace

from api.certificates.press import Press
from api.certificates.presses import COLLECTED
from api.certificates.wording import Certificate, Paper
from tests.api.certificates.made import CERTIFICATE, certificate

PROMISED = 20.0
RECEIPT = json.dumps({"type": "credential-notary/receipt/v1", "rest": "9f" * 3200}).encode()


def learners(many: int, name: str, *, own_evidence: bool = False) -> Iterable[Certificate]:
    """A class."""
    for at in range(many):
        evidence = ((f"report-{at}.pdf", "12.3 kB"),) if own_evidence else CERTIFICATE.evidence
        changes = {"id": f"id{at}", "link": f"https://notary.example/r/{at:022}", "evidence": evidence}
        yield replace(certificate(f"{name} {at}", changes=changes), receipt=RECEIPT)


def measure(press: Press, given: Iterable[Certificate]) -> tuple[float, float, int]:
    """Print; return the median of CPU and of wall time, and of sizes."""
    cpu, wall, sizes = [], [], []
    for one in given:
        began, used = time.perf_counter(), time.process_time()
        sizes.append(len(press.print(one, Paper.A4)))
        cpu.append(time.process_time() - used)
        wall.append(time.perf_counter() - began)
    return statistics.median(cpu), statistics.median(wall), round(statistics.median(sizes))


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--many", type=int, default=40, help="certificates of each kind")
    many = parser.parse_args().many
    gc.set_threshold(COLLECTED)  # as the processes of print_all do
    press = Press()
    kinds = {
        "a class": learners(many, "Ana Pérez"),
        "own evidence each": learners(many, "Ana Pérez", own_evidence=True),
        "Arabic names": learners(many, "أمينة السيد"),
        "Hindi names": learners(many, "प्रिया शर्मा"),
        "Chinese names": learners(many, "林美玲"),
    }
    measure(press, learners(5, "Warm"))
    found: dict[str, dict[str, float]] = {}
    print(f"{'kind':<20}{'a second':>10}{'cpu ms':>10}{'wall ms':>10}{'kB':>8}")
    for kind, given in kinds.items():
        cpu, wall, size = measure(press, given)
        found[kind] = {"per_second": round(1 / cpu, 1), "cpu_ms": round(cpu * 1e3, 1), "wall_ms": round(wall * 1e3, 1)}
        print(f"{kind:<20}{1 / cpu:>10.1f}{cpu * 1e3:>10.1f}{wall * 1e3:>10.1f}{size / 1e3:>8.1f}")
    reached = found["a class"]["per_second"] >= PROMISED
    print(f"promised: {PROMISED:.0f} a second and core for a class: {'reached' if reached else 'missed'}")
    print(json.dumps({"certificates": found, "promised": PROMISED, "reached": reached}))


if __name__ == "__main__":
    main()
