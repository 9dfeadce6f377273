"""The command line `notary`: a table of commands, each imported when it is used.

`notary verify` is what most people run, on a machine that has the verifier
alone, so nothing here imports a command before it is asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Never, cast

import click

from api.cli.spoken import Exit, not_installed, refusal, speak

_EXAMPLE = "notary stamp diplomas/"

_SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "For everybody",
        (
            ("verify", "Say whether a receipt is true, and why."),
            ("stamp", "Anchor files and write their receipts beside them, in one go."),
            ("claim", "Say what you can do, and show it, for an institution to validate."),
            ("endorse", "Say something of a credential as a peer, supervisor or instructor."),
            ("demo", "Show the whole chain with three invented institutions."),
        ),
    ),
    (
        "For an institution",
        (
            ("key", "Make a working key and a recovery key."),
            ("member", "Apply for membership, take an application in, list the members."),
            ("template", "Make a template of what is awarded, or look one over."),
            ("issue", "Issue credentials to everybody in a spreadsheet, and hand them in."),
            ("submit", "Hand in credentials."),
            ("seal", "Make a batch of what was handed in."),
            ("sign", "Check a batch against your own credentials, and sign it."),
            ("receipt", "Write receipts."),
            ("certificate", "Print certificates and bake badges, with the receipt inside."),
            ("monitor", "Watch what is logged and anchored in your name."),
            ("revoke", "Revoke credentials."),
            ("suspend", "Suspend credentials while a question is open."),
            ("reinstate", "End a suspension, or take back what is not signed yet."),
            ("reissue", "Put a new credential in an old one's place."),
            ("deliver", "Mail learners their links, and say who was not reached."),
            ("link", "Make a learner's private link anew."),
            ("validate", "Validate a learner's claim with a credential of your own."),
        ),
    ),
    (
        "For an operator",
        (
            ("init", "Found a notary, or join a consortium."),
            ("consortium", "Propose, approve and apply changes of members, keys and notaries."),
            ("anchor", "Anchor what is signed; go on with what waits."),
            ("batches", "Show how far every batch is, and what comes next."),
            ("trust", "Write or show a trust file."),
            ("log", "Show the public log, or write it as static files."),
            ("doctor", "Look at every part, and say what to do."),
            ("recover", "Rebuild a lost ledger from the chain and IPFS alone."),
            ("drill", "Switch everything off, verify every receipt, write one page."),
            ("serve", "Serve the pages and the API."),
            ("worker", "Anchor what is signed, in a process of its own."),
            ("api-key", "Make, list and revoke keys of the API."),
            ("journal", "Show who did what, and check that nothing was changed."),
            ("block-note", "Vouch for final blocks, beside a node of your own."),
            ("witness", "Cosign a log's checkpoints, once it is shown that it only grew."),
            ("backup", "Copy the ledger into one file while the notary goes on."),
            ("restore", "Check a backup and put it in the ledger's place."),
            ("erase", "Erase what is personal about credentials; the tree stays."),
            ("costs", "Share a month's cost among institutions."),
        ),
    ),
)


class Notary(click.Group):
    """The commands by section; a usage error says what to write, in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name every command."""
        return [name for _, commands in _SECTIONS for name, _ in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is used."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        try:
            return cast("click.Command", getattr(import_module(f"api.cli.commands.{name}"), name))
        except ModuleNotFoundError as error:
            speak(refusal(not_installed(error)), as_json="--json" in sys.argv)
            ctx.exit(Exit.NOT)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Begin with an example."""
        formatter.write(f"Example: {_EXAMPLE}\n\n")
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """List the commands without importing any."""
        for title, commands in _SECTIONS:
            with formatter.section(title):
                formatter.write_dl(commands)

    def main(  # type: ignore[override]  # one way to run: it ends the process
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Never:
        """Run, and end the process with the exit code."""
        given = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(given, prog_name, standalone_mode=False, **extra)
        except click.UsageError as error:
            code = _wrong_use(error, as_json="--json" in given)
        except click.Abort:
            click.echo("Stopped.", err=True)
            code = Exit.NOT
        except BrokenPipeError:
            sys.stderr.close()  # whoever read has seen enough; the interpreter would complain of it at the end
            code = Exit.NOT
        sys.exit(code or Exit.DONE)


def _wrong_use(error: click.UsageError, *, as_json: bool) -> int:
    command = error.ctx.command_path if error.ctx else "notary"
    what = error.format_message().rstrip(".")
    hint = f"See: {command} --help"
    if as_json:
        data = {"error": "WrongUse", "what": what, "expected": None, "actual": None, "hint": hint}
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        click.echo(f"{what}. {hint}", err=True)
    return Exit.WRONG_USE


@click.group("notary", cls=Notary, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="credential-notary", message="%(package)s %(version)s")
def main() -> None:
    """Anchors issued credentials on a public chain, and proves it to anyone, for decades.

    Exit codes: 0 verified or done, 1 not, 2 wrong use, 3 unknown or pending.
    """
