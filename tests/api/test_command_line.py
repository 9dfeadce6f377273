"""What all commands share: help, exit codes, `--json`, wrong use, errors nobody foresaw."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import api.cli.commands
from api.command_line import main
from api.settings import Settings
from tests.api.desk import Desk


def every() -> Iterator[tuple[str, ...]]:
    """Name every command, those of groups with theirs."""
    context = click.Context(main)
    for name in main.list_commands(context):
        found = main.get_command(context, name)
        if isinstance(found, click.Group):
            yield from ((name, inner) for inner in found.commands)
        else:
            yield (name,)


def test_table_names_every_module() -> None:
    """`notary --help` lists exactly the commands that are there."""
    modules = {path.stem.replace("_", "-") for path in Path(api.cli.commands.__path__[0]).glob("[a-z]*.py")}
    assert set(main.list_commands(click.Context(main))) == modules


def test_help_lists_commands_by_who_needs_them(desk: Desk) -> None:
    """The first line is an example; commands stand by who needs them."""
    said = desk.say("--help")
    assert said.startswith("Example: notary stamp diplomas/")
    assert said.index("For everybody") < said.index("For an institution") < said.index("For an operator")


@pytest.mark.parametrize("words", list(every()), ids="-".join)
def test_help_opens_with_an_example(desk: Desk, words: tuple[str, ...]) -> None:
    """Every command's help begins with a line to copy, that names the command."""
    first = desk.say(*words, "--help").splitlines()[0]
    assert first.startswith("Example: ")
    assert f"notary {' '.join(words)}" in first


@pytest.mark.parametrize("words", list(every()), ids="-".join)
def test_every_command_takes_json_and_debug(desk: Desk, words: tuple[str, ...]) -> None:
    """`--json` and `--debug` are everywhere."""
    said = desk.say(*words, "--help")
    assert "--json" in said
    assert "--debug" in said


@pytest.mark.parametrize(
    "words", [("batches",), ("seal",), ("member", "list"), ("anchor",), ("log", "show"), ("doctor",)]
)
def test_without_a_notary_it_says_how_to_found_one(desk: Desk, words: tuple[str, ...]) -> None:
    """In an empty data folder: what is missing and the command that mends it."""
    said = desk.say(*words, code=1)
    assert said.startswith("There is no notary in ")
    assert said.endswith("Found one: notary init.\n")


def test_refusal_as_json_has_all_its_parts(desk: Desk) -> None:
    """A refusal with --json: what, expected, actual, hint, and the kind in small print."""
    found = desk.json("batches", code=1)
    assert found["error"] == "OperatorError"
    assert found["hint"] == "Found one: notary init"
    assert set(found) == {"error", "what", "expected", "actual", "hint"}


def test_wrong_use_as_json(desk: Desk) -> None:
    """Wrong use with --json is JSON too, exit code 2."""
    found = desk.json("receipt", code=2)
    assert found["error"] == "WrongUse"
    assert found["what"] == "Name a credential's id, or --batch NUMBER"


def test_unknown_command(desk: Desk) -> None:
    """A command that is not there: one line, exit code 2."""
    assert desk.say("frobnicate", code=2) == "No such command 'frobnicate'. See: notary --help\n"


def test_what_nobody_foresaw_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error: one line, how to see more, exit code 1."""

    def fail(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(Settings, "load", fail)
    said = desk.say("batches", code=1)
    assert (
        said == "This should not happen: KeyError: 'surprise'. To see where it came from, run it again with --debug.\n"
    )


def test_settings_that_are_off_are_named(desk: Desk) -> None:
    """A mistake in notary.toml: file and setting, expected and found."""
    desk.file("data/notary.toml", 'name = "x"\ncolour = "red"\n')
    said = desk.say("batches", code=1)
    assert "notary.toml, 'colour': no such setting" in said
    desk.file("data/notary.toml", "anchor_every = true\n")
    assert "anchor_every: expected int, found 'True'" in desk.say("batches", code=1)


def test_given_data_folder_stands_in_the_next_command(founded_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder given as --data is part of the command that comes next, so that it can be copied."""
    monkeypatch.delenv("NOTARY_DATA")
    said = founded_desk.say("batches", "--data", "data")
    assert said.splitlines()[-1] == "Next: notary submit FILE --data data"


def test_json_is_one_line_and_names_the_next_command(founded_desk: Desk) -> None:
    """The next command stands in the JSON too."""
    output = founded_desk.run("member", "list", "--json").stdout
    assert json.loads(output)["next"] == "notary submit FILE"
