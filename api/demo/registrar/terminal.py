"""The registrar's terminal: commands of `notary`, run in this process and answered as a person sees them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from api.cli.spoken import Exit, Said, Spoken, as_text
from api.settings import PREFIX
from notary.core.errors import OperatorError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Types commands; `say` shows them and what they answer."""

    say: Say

    def type(self, *words: object, code: Exit = Exit.DONE, lines: int | None = None) -> Said:
        """Run a command and show its answer, or so many lines of it; OperatorError where it ends otherwise."""
        typed = [str(word) for word in words]
        self.say(f"$ {shlex.join(['notary', *typed])}")
        said = answer(typed)
        text = as_text(said.lines).splitlines()
        for line in text[:lines]:
            self.say(f"  {line}")
        if said.code is not code:
            raise OperatorError(
                f"notary {typed[0]} ended otherwise", expected=f"exit code {code}", actual=int(said.code),
                hint="\n".join(text)[-500:] or None,
            )  # fmt: skip
        return said


def answer(words: list[str]) -> Said:
    """Return what a command says."""
    from api.command_line import main

    command: click.Command = main
    name: str | None = "notary"
    context: click.Context | None = None
    while isinstance(command, click.Group):
        context = click.Context(command, info_name=name, parent=context)
        name, found, words = command.resolve_command(context, words)
        if found is None:
            raise click.UsageError(f"no such command: {name}")
        command = found
    assert isinstance(command, Spoken)
    with command.make_context(name, words, parent=context) as given:
        return command.answer(given)


@contextmanager
def sitting_in(folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Work in a folder, with these settings of a notary and no other, until the block ends."""
    before = _settings()
    try:
        _set(settings)
        with chdir(folder):
            yield
    finally:
        _set(before)


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def _set(settings: Mapping[str, str]) -> None:
    for name in _settings():
        del os.environ[name]
    os.environ.update(settings)
