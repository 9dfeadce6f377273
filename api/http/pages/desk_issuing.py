"""What the desk says of templates and tables before anything is issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notary.service.issuing.columns import FIELDS, LEFT_OUT, RESULT
from notary.service.issuing.finding import quoted
from notary.service.issuing.papers import Draft, Kept
from notary.service.issuing.template import Template


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A template to choose. `needs`: the columns its table needs; None where it is fit no more."""

    id: str
    file: str
    title: str
    needs: str | None


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column: its heading, what it is, the first row's cell; `chosen`: what somebody said that it is."""

    heading: str
    field: str | None
    first: str
    chosen: str


def template_line(kept: Kept) -> TemplateLine:
    """Put a kept template into a page's words."""
    found = kept.template
    if found is None:
        return TemplateLine(kept.paper.id, kept.paper.name, kept.paper.name, None)
    needed = [*found.by, *(result.column for result in found.results if not result.optional)]
    return TemplateLine(kept.paper.id, kept.paper.name, found.achievement.name, ", ".join(needed))


def shown_columns(draft: Draft, chosen: Sequence[str]) -> tuple[ColumnLine, ...]:
    """Return which column is what, with the first row beside it."""
    first = next((cells for _, cells in draft.table.rows()), ())
    asked = (*chosen, *("",) * len(draft.columns.all))
    return tuple(
        ColumnLine(
            heading=column.heading or f"(column {column.at + 1})",
            field=None if column.field is None else column.field.removeprefix(RESULT),
            first=quoted(first[column.at]).strip("`") if column.at < len(first) else "",
            chosen=asked[column.at],
        )
        for column in draft.columns.all
    )


def field_choices(template: Template) -> tuple[tuple[str, str], ...]:
    """Return what a column may be said to be: the form's value, and its words."""
    fields = (*FIELDS, *(result.column for result in template.results))
    return (("", "by its heading"), (LEFT_OUT, "not used"), *((field, field) for field in fields))
