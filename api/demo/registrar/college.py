"""The college before the day: its key, its membership, a notary, a template with its criteria, a logo and a colour."""

from __future__ import annotations

from pathlib import Path

from api.demo.registrar.terminal import Say, Terminal
from api.demo.story import PASSPHRASE, fund
from api.key_files import write_secret
from api.settings import EMBEDDED, Settings

NAME = "Fenwick College"
CONSORTIUM = "the Harbour Consortium"
AWARD = "https://fenwick.example/achievements/data-literacy-1"
CLAIMED = "https://fenwick.example/achievements/field-recording"
TEMPLATE = Path("data-literacy.toml")
DATA = Path("notary")
KEY = ("--key", "fenwick.working.pem", "--passphrase-file", "passphrase")

_LOGO = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 140" width="120" height="140">
<path d="M10 10h100v60c0 35-25 52-50 62C35 122 10 105 10 70z" fill="#7a1f2b"/>
<path d="M20 20h80v50c0 28-19 42-40 51C39 112 20 98 20 70z" fill="none" stroke="#e9d9b0" stroke-width="3"/>
<path d="M60 36v54M38 52h44M44 90c0-10 32-10 32 0" fill="none" stroke="#e9d9b0" stroke-width="6"
 stroke-linecap="round"/>
<circle cx="60" cy="32" r="7" fill="#e9d9b0"/>
</svg>
"""
_LOOK = """\
type = "credential-notary/certificate-look/v1"
issuer = "{issuer}"
accent = "#7a1f2b"
logo = "fenwick.svg"

[words]
motto = "Lux in portu"
"""


def found(terminal: Terminal, chain: str, ipfs: str) -> str:
    """Make the college's keys, take it in as authorised, and found the notary; return the college's DID."""
    write_secret(Path("passphrase"), PASSPHRASE.encode())
    terminal.type("key", "new", "fenwick", "--passphrase-file", "passphrase", lines=1)
    programmes = ("--programme", f"{AWARD}=FW-2026-017", "--programme", f"{CLAIMED}=FW-2026-018")
    applied = terminal.type(
        *("member", "apply", *KEY, "--name", NAME, "--recognition", "authorised", *programmes), lines=1
    )
    if chain != EMBEDDED:
        fund(chain, Settings.load())
    where = (*(("--chain", chain) if chain != EMBEDDED else ()), *(("--ipfs", ipfs) if ipfs != EMBEDDED else ()))
    terminal.type("init", "--name", CONSORTIUM, *where, "--member", applied.data["application"], "--yes", lines=2)
    record = applied.data["record"]
    assert isinstance(record, dict)
    return str(record["id"])


def prepare(terminal: Terminal, issuer: str, say: Say) -> None:
    """Take a worked example's template, claim what the college is authorised for, and give certificates a look."""
    terminal.type("template", "new", TEMPLATE, "--example", "data-literacy", lines=1)
    TEMPLATE.with_suffix(".csv").unlink()  # the example's own table
    text = TEMPLATE.read_text()
    TEMPLATE.write_text(text.replace('recognition = "community"', 'recognition = "authorised"'))
    terminal.type("template", "check", TEMPLATE, lines=3)
    folder = DATA / "certificates"
    folder.mkdir(exist_ok=True)
    (folder / "fenwick.svg").write_text(_LOGO)
    (folder / "fenwick.toml").write_text(_LOOK.format(issuer=issuer))
    say(f"Logo, colour and motto for certificates and badges: {folder / 'fenwick.toml'}")
