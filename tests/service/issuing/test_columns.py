"""Columns found by their names, as registrars write them; what is unclear is asked, never guessed."""

from __future__ import annotations

import pytest

from notary.core.errors import IssuerError
from notary.service.issuing.columns import FIELDS, match_columns, plain
from tests.service.issuing.desk import template

GRADED = template(more='[[result]]\nname = "Final grade"\ncolumn = "Grade"\n')


def fields(*headings: str, **options: str) -> dict[str, str | None]:
    """Match headings."""
    return {column.heading: column.field for column in match_columns(headings, GRADED, options).all}


@pytest.mark.parametrize(
    "heading, field",
    [
        *(("NAME", "name"), (" full  name ", "name"), ("Nom et prénom", "name"), ("NOMBRE COMPLETO", "name")),
        *(("姓名", "name"), ("الاسم", "name"), ("E-Mail-Adresse", "email"), ("e_mail", "email"), ("Courriel", "email")),
        *(
            ("Correo electrónico", "email"),
            ("邮箱", "email"),
            ("Matrikelnummer", "number"),
            ("Ausgestellt am", "issued on"),
        ),
        *(("Date de délivrance", "issued on"), ("fecha de emision", "issued on"), ("Gültig bis", "valid until")),
        *(("ECTS", "credits"), ("Nachweise", "evidence"), ("Prüferin", "assessor"), ("grade", "result: Grade")),
        *(("Shoe size", None), ("", None)),
    ],
)
def test_a_column_is_found_by_its_name(heading: str, field: str | None) -> None:
    """In several languages, whatever its case, accents and punctuation."""
    assert fields(heading) == {heading: field}


def test_no_name_means_two_fields() -> None:
    """Every alias leads to one field, and each field to itself."""
    for field in FIELDS:
        assert fields(field) == {field: field}
        assert plain(field)


def test_beside_a_given_name_a_name_is_the_familys() -> None:
    """As German and French tables have it."""
    assert fields("Name", "Vorname", "E-Mail") == {"Name": "family name", "Vorname": "given name", "E-Mail": "email"}
    assert fields("Nom", "Prénom") == {"Nom": "family name", "Prénom": "given name"}
    assert fields("Name", "Vorname", "Nachname")["Name"] == "name"


def test_what_a_column_is_can_be_said() -> None:
    """--map goes before names, also to leave a column out."""
    assert fields("Who", "Mail", "Points", Who="name", Points="grade")["Points"] == "result: Grade"
    assert fields("Name", "Email", "E-Mail", **{"E-Mail": "email"}) == {
        "Name": "name",
        "Email": None,
        "E-Mail": "email",
    }
    assert fields("Name", "Email", "Mail", Mail="-") == {"Name": "name", "Email": "email", "Mail": None}


def test_two_columns_for_one_field_are_asked_about() -> None:
    """Which one counts is not guessed."""
    with pytest.raises(IssuerError, match=r'`Email` and `Mail` are both email.*--map "Mail=-"'):
        fields("Name", "Email", "Mail")


@pytest.mark.parametrize(
    "options, why",
    [
        ({"Nobody": "name"}, "`Nobody` is no column of the table"),
        ({"Name": "shoes"}, "`shoes` is no field"),
        ({"Name": "email", "Mail": "email"}, "two columns are to be email"),
        ({"Twice": "did"}, "stands twice"),
    ],
)
def test_a_map_that_leads_nowhere_is_refused(options: dict[str, str], why: str) -> None:
    """With what could be meant."""
    with pytest.raises(IssuerError, match=why):
        fields("Name", "Mail", "Twice", "Twice", **options)


@pytest.mark.parametrize(
    "headings, missing",
    [
        (("Name", "Mail"), ("Grade",)),
        (("Grade", "Name"), ("email",)),
        (("Grade", "Vorname", "Mail"), ("name",)),
        (("Grade", "Vorname", "Nachname", "Mail"), ()),
    ],
)
def test_a_table_without_a_column_that_every_row_needs_is_refused(
    headings: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """With what to do about it; nobody is asked 300 times."""
    found = match_columns(headings, GRADED)
    assert found.missing == missing
    if missing:
        with pytest.raises(IssuerError, match=f'no column for {missing[0]}.*--map "COLUMN={missing[0]}"'):
            found.check("class.csv")


def test_a_table_that_says_nothing_of_anybody_is_refused() -> None:
    """Also where the template names learners by a DID that is not there."""
    by_did = template(more='[subject]\nby = ["did"]\n')
    assert match_columns(["Date"], by_did).missing == ("did",)
    by_name = template(more='[subject]\nby = ["name"]\n')
    assert match_columns(["Date"], by_name).missing == ("name",)
