"""The whole day, told as it happens; what it ends with is counted, never assumed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.cli.spoken import count
from api.cli.spoken import shown as name_path
from api.demo.registrar import college, evening, mending, morning
from api.demo.registrar.class_list import FIRST, PEOPLE, People, Row, make_class
from api.demo.registrar.mending import LOST, RENAMED, REVOKED, SECOND, Mended
from api.demo.registrar.morning import BATCH, Given
from api.demo.registrar.pages import free_port, serving
from api.demo.registrar.post import mail_server, receiving
from api.demo.registrar.terminal import Say, Terminal, sitting_in
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.errors import OperatorError
from notary.core.verdict import Result

ROWS = 300
_SHOWN = ("Arabic", "Hindi", "Chinese")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the day leaves behind. `delivered`: whose link came to their own mailbox and opens their credential."""

    out: Path
    rows: int
    refused: int
    delivered: int
    pdfs: int
    receipts: int
    by_result: dict[Result, int]
    seconds: dict[str, float]

    def to_json(self) -> dict[str, JSON]:
        """Return the one line that `--json` ends with."""
        return {
            "rows": self.rows,
            "delivered": self.delivered,
            "refused": self.refused,
            "pdfs": self.pdfs,
            "verified": self.by_result.get(Result.VERIFIED, 0),
            "revoked": self.by_result.get(Result.REVOKED, 0),
            "replaced": self.by_result.get(Result.REPLACED, 0),
            "receipts": self.receipts,
            "seconds": {what: round(taken, 1) for what, taken in self.seconds.items()},
            "out": str(self.out),
        }


@dataclass(slots=True)
class Watch:
    """How long each part of the day takes."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str, title: str) -> Iterator[None]:
        """Say what begins, and note how long it took."""
        self.say(f"\n{title}")
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


def live(out: Path, chain: str, ipfs: str, say: Say, *, rows: int = ROWS) -> Outcome:
    """Live through the day in an empty folder; an error ends it with what to do."""
    if out.exists() and any(out.iterdir()):
        raise OperatorError(f"{out} is not empty", hint="Choose another folder: --out DIR")
    mail_server()  # whatever is missing is said before anything is done
    people = printable(say)
    out.mkdir(parents=True, exist_ok=True)
    watch, terminal = Watch(say), Terminal(say)
    mail, pages = free_port(), free_port()
    settings = {
        "NOTARY_DATA": str(college.DATA),
        "NOTARY_LISTEN": f"127.0.0.1:{pages}",
        "NOTARY_PUBLIC_URL": f"http://127.0.0.1:{pages}",
        "NOTARY_SMTP": f"smtp://127.0.0.1:{mail}",
        "NOTARY_MAIL_FROM": f"{college.NAME} <registrar@fenwick.example>",
        "NOTARY_ANCHOR_EVERY": "3600",
    }
    say(f"Everything lies in {name_path(out)}; the commands below are typed there, with NOTARY_DATA={college.DATA}.")
    with sitting_in(out, settings), ExitStack() as day:
        with watch.part("college", "The college"):
            did = college.found(terminal, chain, ipfs)
            college.prepare(terminal, did, say)
        table = make_class(rows, people)
        with watch.part("spreadsheet", "The spreadsheet, looked over"):
            morning.write_table(table, say)
            morning.look_over(terminal)
        with watch.part("issuing", "Issued"):
            issued = morning.issue(terminal, say)
        with watch.part("anchoring", "Sealed, signed, anchored"):
            morning.anchor(terminal, BATCH)
        mailboxes = day.enter_context(receiving(mail))
        served = day.enter_context(serving(settings["NOTARY_PUBLIC_URL"], os.environ, Path("serve.log")))
        with watch.part("delivery", "Delivered, while certificates are printed"):
            morning.deliver(terminal, BATCH)
            pdfs = morning.print_class(terminal, BATCH, issued.links)
            wanted = {each.credential: each.email for each in issued.given}
            delivered = morning.delivered(Settings.load(), mailboxes, wanted)
            say(f"{count(delivered, 'learner')} have their link: each in their own mailbox, each opening their own.")
            _point_out(issued.given, table, say)
        with watch.part("mending", "Mended"):
            lost, renamed, revoked = (issued.whose(row) for row in (LOST, RENAMED, REVOKED))
            mending.lose_link(served, lost, "nobody@students.fenwick.example", say)
            new = mending.change_name(terminal, table, renamed)
            taken = mending.take_back(terminal, revoked)
            mended = Mended(renamed, new, taken, mending.validate_claim(terminal))
            mending.anchor_mended(terminal)
            morning.deliver(terminal, SECOND)
            pdfs += morning.print_class(terminal, SECOND)
            mending.look_at_pages(served, mailboxes, mended, revoked, say)
            mending.find_link(served, mailboxes, lost, say)
            reached = morning.delivered(Settings.load(), mailboxes, mended.expected)
            say(f"{count(reached, 'more learner')} have their link: the renamed one, and who claimed.")
            evening.write_receipts(terminal, (BATCH, SECOND))
        day.close()
        with watch.part("verifying", "Everything is switched off; processes of their own, the network forbidden"):
            evening.read_old_paper(terminal, morning.CERTIFICATES / f"{taken}.pdf", say)
            judged = evening.judge_all(issued, mended, pdfs, say)
    say(f"\nTook {', '.join(f'{seconds:.1f} s for {name}' for name, seconds in watch.seconds.items())}.")
    return Outcome(
        out, issued.rows, issued.refused, delivered, judged.pdfs, judged.receipts, dict(judged.by_result), watch.seconds
    )


def _point_out(given: Sequence[Given], table: Sequence[Row], say: Say) -> None:
    """Name a certificate of each script that is most easily drawn wrong."""
    for language in _SHOWN:
        path = next((one.credential for one in given if table[one.row - FIRST].language == language), None)
        if path is not None:
            say(f"  To be looked at, and printed: {morning.CERTIFICATES / path}.pdf ({language})")


def printable(say: Say) -> tuple[People, ...]:
    """Return the languages whose names this machine can print; say which cannot, and what to install."""
    from api.certificates.press import missing_letters

    found = tuple(each for each in PEOPLE if not missing_letters(each.letters))
    if left_out := [each.language for each in PEOPLE if each not in found]:
        say(f"No font here has the letters of {', '.join(left_out)}: nobody in this class is called so.")
        say("  To have them: apt-get install fonts-noto-core fonts-noto-cjk")
    return found
