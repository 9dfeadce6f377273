"""Worked examples: templates with their tables, as a teacher would fill them in. `notary template new --example`."""

from __future__ import annotations

from importlib.resources import files

NAMES = {
    "data-literacy": "A college's micro-credential for credit: a grade, a rubric, alignments, three years' validity.",
    "first-aid": "A day's course: passed or not, no credit, valid for two years.",
    "science-project": "A school's project: a rubric, the work itself as evidence, an assessor in each row.",
}


def template_of(name: str) -> str:
    """Return an example's template; its series is empty, to be drawn."""
    return (files("api.examples") / f"{name}.toml").read_text("utf-8")


def table_of(name: str) -> str:
    """Return an example's table of learners, as CSV."""
    return (files("api.examples") / f"{name}.csv").read_text("utf-8")
