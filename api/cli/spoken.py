"""How every command speaks: what it says is a value, printed in one place, the same with `--json`.

One line for what was done, files by relative path, the next command on the last
line. A refusal is its own words and an exit code, never a traceback.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

import click

from notary.core.canonical import JSON
from notary.core.errors import NotaryError, OperatorError, Pending, Unsupported


class Exit(IntEnum):
    """What a script sees."""

    DONE = 0
    NOT = 1
    WRONG_USE = 2
    OPEN = 3
    """Unknown, or pending."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; on a narrow terminal cells are folded, never cut."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command says: lines for people, `data` for `--json`, the next command, the exit code."""

    lines: Sequence[str | Table]
    data: dict[str, JSON]
    next: str | None = None
    code: Exit = Exit.DONE


Speaker: TypeAlias = Callable[..., Said]


class Spoken(click.Command):
    """A command with `--json`, `--debug` and, where it works in a data folder, `--data`.

    Its callback returns what it says; with a data folder it is given `settings`.
    """

    def __init__(self, *args: Any, example: str, data: bool = True, **kwargs: Any) -> None:
        self.example, self.data = example, data
        super().__init__(*args, **kwargs)
        if data:
            folder = click.Path(file_okay=False, path_type=Path)
            help_text = "The data folder; NOTARY_DATA in the environment."
            self.params.append(click.Option(["--data"], type=folder, metavar="DIR", help=help_text))
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="Say the same as one line of JSON."))
        self.params.append(click.Option(["--debug"], is_flag=True, help="Show where an unexpected error came from."))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Begin with an example."""
        formatter.write(f"Example: {self.example}\n\n")
        super().format_help(ctx, formatter)

    def invoke(self, ctx: click.Context) -> None:
        """Run the command and print what it says."""
        as_json = ctx.params["as_json"]
        said = self.answer(ctx)
        speak(said, as_json=as_json)
        ctx.exit(said.code)

    def answer(self, ctx: click.Context) -> Said:
        """Run the command and return what it says; a refusal is said, not raised."""
        as_json, debug = ctx.params.pop("as_json"), ctx.params.pop("debug")
        ctx.meta["as_json"] = as_json  # for a command that speaks more than once
        folder = ctx.params.pop("data", None)
        try:
            if self.data:
                from api.settings import Settings

                ctx.params["settings"] = Settings.load(folder)
            said: Said = super().invoke(ctx)
        except NotaryError as error:
            if debug:
                traceback.print_exc()
            said = refusal(error)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except ModuleNotFoundError as error:
            if debug:
                traceback.print_exc()
            said = refusal(not_installed(error))
        except Exception as error:  # noqa: BLE001  # the last line of defence: one line, and how to see more
            if debug:
                traceback.print_exc()
            said = _unexpected(error)
        if said.next and folder is not None and not said.next.startswith("notary verify"):
            return Said(said.lines, said.data, f"{said.next} --data {folder}", said.code)
        return said


def command(name: str, *, example: str, data: bool = True) -> Callable[[Speaker], Spoken]:
    """Make a command of a function; its docstring is the help."""

    def make(function: Speaker) -> Spoken:
        return click.command(name, cls=Spoken, example=example, data=data)(function)

    return make


def speak(said: Said, *, as_json: bool) -> None:
    """Print it: refusals and open questions too go to standard output when asked for as JSON."""
    if as_json:
        next_command: dict[str, JSON] = {"next": said.next} if said.next else {}
        click.echo(json.dumps({**said.data, **next_command}, ensure_ascii=False))
        return
    click.echo(as_text(said.lines), nl=False)
    if said.next:
        click.echo(f"Next: {said.next}")


def refusal(error: NotaryError) -> Said:
    """Put a refusal into words: what, where, expected, found, what to do next."""
    code = Exit.OPEN if isinstance(error, Pending | Unsupported) else Exit.NOT
    data: dict[str, JSON] = {
        "error": type(error).__name__,
        "what": error.what,
        "expected": error.expected,
        "actual": error.actual,
        "hint": error.hint,
    }
    text = str(error)
    if text.partition(" ")[0].isalpha():  # a file or an option begins as it is written
        text = text[0].upper() + text[1:]
    return Said([text if text.endswith((".", "!", "?", "…")) else f"{text}."], data, code=code)


def not_installed(error: ModuleNotFoundError) -> NotaryError:
    """Plain `pip install` brings the verifier; everything else asks for the service's packages."""
    return OperatorError(
        f"this command needs the package {error.name}, which is not installed",
        hint="Install the service: pip install 'credential-notary[service]'",
    )


def _unexpected(error: Exception) -> Said:
    what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return Said(
        [f"This should not happen: {what}. To see where it came from, run it again with --debug."],
        {"error": "Unexpected", "what": what, "expected": None, "actual": None, "hint": "Run it again with --debug"},
        code=Exit.NOT,
    )


def as_text(lines: Sequence[str | Table]) -> str:
    """Return lines and tables as they are printed."""
    return "".join(f"{line}\n" for each in lines for line in (_drawn(each) if isinstance(each, Table) else [each]))


def _drawn(table: Table) -> list[str]:
    from rich.console import Console
    from rich.table import Table as RichTable

    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for at, heading in enumerate(table.headings):
        drawn.add_column(heading, overflow="fold", no_wrap=at == 0)
    for row in table.rows:
        drawn.add_row(*row)
    width = None if sys.stdout.isatty() else 10_000
    console = Console(markup=False, highlight=False, emoji=False, width=width)
    with console.capture() as captured:
        console.print(drawn)
    return [line.rstrip() for line in captured.get().splitlines()]


# -------------------------------------------------------------------- progress


@dataclass(slots=True)
class _Bar:
    """A bar that appears when work takes longer than a second."""

    what: str
    total: int | None
    began: float
    drawn: Any = None
    task: Any = None

    def show(self, done: int) -> None:
        import time

        if self.drawn is None:
            if time.monotonic() - self.began < 1:
                return
            from rich.console import Console
            from rich.progress import Progress

            self.drawn = Progress(console=Console(stderr=True), transient=True)
            self.drawn.start()
            self.task = self.drawn.add_task(self.what, total=self.total)
        self.drawn.update(self.task, completed=done)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how much is done; a bar shows on a terminal, past a second."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import time

    bar = _Bar(what, total, time.monotonic())
    try:
        yield bar.show
    finally:
        if bar.drawn is not None:
            bar.drawn.stop()


# ----------------------------------------------------------------------- words


def shown(path: Path) -> str:
    """Name a file as from here, where it is below; else whole."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def short(data: bytes) -> str:
    """Name a long hash on screen: `3f9a…c21e`."""
    text = data.hex()
    return f"{text[:4]}…{text[-4:]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Say how many: `1 credential`, `1 200 credentials`, with a narrow space."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", "\u202f")
