"""Every command that a guide names is there, with every option it is given, and every page it points to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from api.command_line import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = (*sorted((DOCS / "guides").glob("*.md")), DOCS / "delivery.md", DOCS / "data.md")
_INLINE = re.compile(r"`(notary [^`]+)`")
_BESIDE = re.compile(r"\s{3,}.*$")
"""What stands beside a command in a block of examples."""


def commands(text: str) -> Iterator[str]:
    """Yield every line of a page's blocks that begins with `notary`, and every such piece of code in its text."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("notary "):
                yield _BESIDE.sub("", line)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (" ".join(found.split()) for found in _INLINE.findall(prose))


def fault(line: str) -> str | None:
    """Say what a command line names that is not there."""
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    try:
        _, more, _ = command.make_parser(click.Context(command)).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return f"takes no {' '.join(more)}" if more and not isinstance(command, click.Group) else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_guide_are_there(page: Path) -> None:
    """As they are written, options and all."""
    found = {line: why for line in commands(page.read_text()) if (why := fault(line))}
    assert found == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_that_a_guide_points_to_are_there(page: Path) -> None:
    """Relative links lead somewhere."""
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


def test_a_wrong_command_is_found() -> None:
    """The test itself sees a misspelt command, group or option."""
    text = "```\nnotary frobnicate x   says\nnotary endorse wrote x\n```\n`notary seal --loud`, `notary journal x`"
    found = [str(fault(line)) for line in commands(text)]
    expected = ["no command frobnicate", "no command wrote", "--loud", "takes no x"]
    assert len(found) == len(expected)
    assert [says for says, part in zip(found, expected, strict=True) if part not in says] == []
