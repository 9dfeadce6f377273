"""`notary template`: make a template by answering questions or from an example, and look one over."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from api.cli.issuing import criteria_copy, read_template, unfit
from api.cli.spoken import Exit, Said, command, count, shown
from api.examples import NAMES, table_of, template_of
from api.key_files import write_secret
from notary.core.canonical import JSON
from notary.core.encoding import to_base64url
from notary.core.errors import OperatorError
from notary.service.issuing.badge import BadgeMaker, Issuer
from notary.service.issuing.conformity import check_maker
from notary.service.issuing.finding import Unfit
from notary.service.issuing.template import KINDS, SERIES_SIZE, TYPE, Template

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_SOMEONE = "https://institution.example"
"""Who issues, where only the template is looked at."""


@click.group("template")
def template() -> None:
    """Example: notary template new --example first-aid

    Templates: what is awarded, by which criteria, and how it is measured.
    """


@command("new", example="notary template new data-literacy.toml", data=False)
@click.argument("file", type=_NEW, required=False)
@click.option("--example", type=click.Choice(list(NAMES)), help="; ".join(f"{k}: {v}" for k, v in NAMES.items()))
def new(file: Path | None, example: str | None) -> Said:
    """Make a template by answering questions, or copy a worked example with its table.

    Each has a secret series: keep the file for your eyes, and a copy of it. The same
    template never gives a learner the same award twice; for another term draw another.
    """
    series = to_base64url(secrets.token_bytes(SERIES_SIZE))
    if example is not None:
        path = file or Path(f"{example}.toml")
        table = path.with_suffix(".csv")
        if table.exists():
            raise OperatorError(f"{shown(table)} is there already", hint="Choose another name")
        write_secret(path, template_of(example).replace('series = ""', f'series = "{series}"', 1).encode())
        table.write_text(table_of(example), "utf-8-sig")
        lines = [f"Wrote {shown(path)} and its table, {shown(table)}. {NAMES[example]}"]
        data: dict[str, JSON] = {"template": str(path), "learners": str(table)}
        return Said(lines, data, f"notary template check {shown(path)}")
    click.echo("A template, by a few questions. Enter leaves out what is in brackets.", err=True)
    answers = _questions()
    path = file or Path(f"{re.sub(r'[^a-z0-9]+', '-', str(answers['name']).lower()).strip('-') or 'template'}.toml")
    write_secret(path, "".join(f"{line}\n" for line in _toml(series, answers)).encode())
    return Said([f"Wrote {shown(path)}."], {"template": str(path)}, f"notary template check {shown(path)}")


@command("check", example="notary template check data-literacy.toml", data=False)
@click.argument("file", type=_FILE)
def check(file: Path) -> Said:
    """Say whether a template gives valid Open Badges 3.0 credentials, and which columns its table needs."""
    try:
        found = read_template(file)
    except Unfit as error:
        return unfit(error)
    copy = criteria_copy(found, file)
    wrong = check_maker(BadgeMaker(found, Issuer(_SOMEONE, "An institution", found.issuer)))
    if wrong:
        return unfit(Unfit(file.name, wrong))
    needed, also = _columns(found)
    lines = [
        f"{shown(file)} is ready: its credentials are valid Open Badges 3.0.",
        f"  “{found.achievement.name}”, {found.achievement.type or 'Achievement'}, "
        f"{count(len(found.alignments), 'alignment')}, {count(len(found.results), 'result')}"
        + (f", with a copy of the criteria page, {copy.name}." if copy else "."),
        f"  Its table needs: {', '.join(needed)}.",
        f"  It may have: {', '.join(also)}.",
    ]
    data: dict[str, JSON] = {"template": str(file), "findings": [], "needed": list(needed), "optional": list(also)}
    return Said(lines, data, f"notary issue --template {shown(file)} --learners TABLE", Exit.DONE)


template.add_command(new)
template.add_command(check)


def _questions() -> Mapping[str, str]:
    def ask(question: str, default: str | None = "") -> str:
        return str(click.prompt(question, default=default, show_default=bool(default), err=True)).strip()

    name = ask("What is it called?", None)
    return {
        "name": name,
        "id": ask("An address of yours that means this achievement, for good (https://…)", None),
        "description": ask("What can somebody do who has it, in a sentence?", None),
        "criteria": ask("What has a learner to show, and how well?", None),
        "kind": str(click.prompt("How large is it?", type=click.Choice(list(KINDS)), default="micro", err=True)),
        "hours": _number("Hours of learning []"),
        "credits": _number("Credits; none means not for credit []"),
        "level": ask("Level, like EQF 5 []"),
        "result": ask("What is measured, as the table's column says it, like Grade []"),
        "allowed": ask("Its values from low to high, by commas; none for any text []"),
        "required": ask("The lowest that passes []"),
        "by": str(
            click.prompt(
                "How is a learner named in it? By name, hashed e-mail address, or both",
                type=click.Choice(["name", "email", "both"]),
                default="both",
                err=True,
            )
        ),
        "years": _number("Years it is valid; none for good []"),
    }


def _number(question: str) -> str:
    while True:
        text = str(click.prompt(question, default="", show_default=False, err=True)).strip().replace(",", ".")
        if not text or re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text):
            return text
        click.echo("A number, like 60 or 2.5.", err=True)


def _toml(series: str, answers: Mapping[str, str]) -> Iterator[str]:
    yield "# What each field means, and what else there is: docs/issuing.md"
    yield f"type = {_text(TYPE)}"
    yield "# Secret: ids and salts follow from it. Another award, another term: another series."
    yield f"series = {_text(series)}"
    yield from ("", "[achievement]")
    yield from (f"{field} = {_text(answers[field])}" for field in ("id", "name", "description", "kind"))
    yield f"for_credit = {'true' if answers['credits'] else 'false'}"
    yield from (f"{field} = {answers[field]}" for field in ("credits", "hours") if answers[field])
    if answers["level"]:
        yield f"level = {_text(answers['level'])}"
    yield from ("", "[achievement.criteria]", f"narrative = {_text(answers['criteria'])}")
    if answers["result"]:
        yield from ("", "[[result]]", f"name = {_text(answers['result'])}")
        allowed = [one.strip() for one in answers["allowed"].split(",") if one.strip()]
        if allowed:
            yield f"allowed = [{', '.join(map(_text, allowed))}]"
        if answers["required"]:
            yield f"required = {_text(answers['required'])}"
    by = ["name", "email"] if answers["by"] == "both" else [answers["by"]]
    yield from ("", "[subject]", f"by = [{', '.join(map(_text, by))}]")
    if answers["years"]:
        yield from ("", "[validity]", f"years = {answers['years']}")


def _text(value: str) -> str:
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _columns(found: Template) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns a table needs, and those it may have."""
    needed = [*found.by, *(one.column for one in found.results if not one.optional)]
    optional = [*(one.column for one in found.results if one.optional)]
    others = ("name", "email", "number", "issued on", "valid until", "credits", "evidence", "narrative", "assessor")
    return tuple(needed), (*optional, *(one for one in others if one not in needed))
