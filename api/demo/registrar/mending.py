"""The afternoon: what always happens. A lost link, a changed name, an award taken back, a claim looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from api.demo.exhibits import make_pdf
from api.demo.registrar.class_list import FIRST, Row, write_class
from api.demo.registrar.college import CLAIMED, KEY, TEMPLATE
from api.demo.registrar.morning import BATCH, Given, anchor
from api.demo.registrar.pages import Pages
from api.demo.registrar.post import Mailboxes
from api.demo.registrar.terminal import Say, Terminal
from notary.core.errors import OperatorError
from notary.ports.ledger import CredentialId

SECOND = BATCH + 1
LOST, RENAMED, REVOKED = 3, 14, 26
"""The rows that it happens to."""
NEW_NAME = "Ana Castellanos"
CLAIMANT = "Mira Lindqvist"
_ADDRESS = "mira.lindqvist@mail.example"
_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of whom: the old credential and the new one, the one taken back, the one that validates a claim."""

    renamed: Given
    new: CredentialId
    revoked: CredentialId
    validated: CredentialId

    @property
    def expected(self) -> dict[CredentialId, str]:
        """Return who is to be mailed, and where: the renamed learner keeps their address."""
        return {self.new: self.renamed.email, self.validated: _ADDRESS}


def lose_link(pages: Pages, learner: Given, stranger: str, say: Say) -> None:
    """Ask at /lost for a learner's link, and for one of somebody nobody knows: the answer is the same."""
    answers = {pages.post("/lost", email=address) for address in (learner.email, stranger)}
    if len(answers) != 1:
        raise OperatorError("/lost", expected="one answer for everybody", actual=f"{len(answers)} answers")
    say(f"{learner.learner} lost the link and asks for it at {pages.address}/lost; whoever asks is told the same.")


def find_link(pages: Pages, mailboxes: Mailboxes, learner: Given, say: Say) -> None:
    """Wait for the second mail: its link opens the page, and so does the one of before."""
    mailboxes.wait("the new link", lambda: len(mailboxes.to(learner.email)) > 1, _PATIENCE)
    for mail in mailboxes.to(learner.email):
        _opens(pages, mail.tokens[0], shows=learner.learner)
    say(f"{learner.learner} has a new link in the mail; it opens, and so does the one of before.")


def change_name(terminal: Terminal, rows: tuple[Row, ...], learner: Given) -> CredentialId:
    """Correct the table, write that row's credential anew, and put it in the old one's place."""
    table, folder = Path("corrected.csv"), Path("mended")
    at = learner.row - FIRST
    corrected = replace(rows[at], name=NEW_NAME)
    table.write_bytes(write_class((*rows[:at], corrected, *rows[at + 1 :])))
    words = ("issue", "--template", TEMPLATE, "--learners", table, *KEY)
    terminal.type(*words, "--row", learner.row, "--no-submit", "--out", folder, "--yes", lines=0)
    (file,) = folder.iterdir()
    reissued = terminal.type(
        *("reissue", learner.credential, "--with", file, "--reason", "name-change", "--yes"), lines=1
    )
    return CredentialId(str(reissued.data["with"]))


def take_back(terminal: Terminal, learner: Given) -> CredentialId:
    """Mark an award as revoked; it counts once the college has signed it."""
    terminal.type("revoke", learner.credential, "--reason", "requirements-not-met", "--yes", lines=2)
    return learner.credential


def validate_claim(terminal: Terminal) -> CredentialId:
    """Let a learner claim something with evidence, and the college look at it and say so too."""
    for name, words in {
        "story.txt": "I recorded forty species over two springs, and catalogued what I heard.",
        "looked.txt": "We listened to twelve recordings, chosen by us, and asked how three of them were made.",
    }.items():
        Path(name).write_text(words)
    Path("catalogue.pdf").write_bytes(make_pdf("Catalogue", ["Forty species, by day and place."]))
    terminal.type("key", "new", "mira", "--passphrase-file", "passphrase", lines=0)
    evidence = ("--evidence", "catalogue.pdf")
    terminal.type(
        *("claim", "Field Recording of Birdsong", "--name", CLAIMANT, "--narrative", "story.txt", *evidence),
        *("--key", "mira.working.pem", "--passphrase-file", "passphrase"),
        lines=1,
    )
    done = terminal.type(
        *("validate", "claim.json", "--narrative", "looked.txt", *evidence, "--achievement", CLAIMED),
        *("--email", _ADDRESS, *KEY, "--yes"),
        lines=2,
    )
    return CredentialId(str(done.data["id"]))


def anchor_mended(terminal: Terminal) -> None:
    """Anchor the new credentials; then the statuses, for what takes another's place has to be final first."""
    anchor(terminal, SECOND)
    terminal.type("sign", BATCH, *KEY, "--yes")
    terminal.type("anchor", "--wait")


def look_at_pages(pages: Pages, mailboxes: Mailboxes, mended: Mended, revoked: Given, say: Say) -> None:
    """Open the links of this morning: the renamed learner's shows the new name alone, the other that it is revoked."""
    token = mailboxes.to(mended.renamed.email)[0].tokens[0]
    shown = _opens(pages, token, shows=NEW_NAME)
    if mended.renamed.learner in shown:
        raise OperatorError("the renamed learner's page", expected="nothing of the former name")
    say(f"This morning's link of row {mended.renamed.row} opens {NEW_NAME}'s credential; the former name is not on it.")
    _opens(pages, mailboxes.to(revoked.email)[0].tokens[0], shows="Revoked.")
    say(f"The link of row {revoked.row} says that the credential is revoked, and why.")


def _opens(pages: Pages, token: str, *, shows: str) -> str:
    shown = pages.get(f"/r/{token}")
    if shows not in shown:
        raise OperatorError("a learner's page", expected=f"{shows!r} on it")
    return shown
