"""Which column of a table is which field: by name, in the words registrars use, or as they say with --map.

Case, accents, spaces and punctuation do not count. A column that is nothing here
is left out, and shown as such; nothing is guessed from what stands in the cells.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from notary.core.errors import IssuerError
from notary.service.issuing.finding import quoted
from notary.service.issuing.template import Template

LEFT_OUT = "-"
"""As a field in --map: the column is not used."""
RESULT = "result: "
"""What the field of a template's result begins with; its column's name follows."""

_ALIASES = {
    "name": (
        "name, full name, learner, learner name, pupil, student, student name, participant, recipient, candidate,"
        " vollständiger name, teilnehmer, teilnehmerin, lernende, nom complet, nom et prénom, apprenant,"
        " étudiant, nombre completo, nombre y apellidos, alumno, alumna, estudiante, nome completo, aluno,"
        " studente, nome e cognome, volledige naam, naam, imię i nazwisko, ad soyad, الاسم, الاسم الكامل, नाम,"
        " 姓名, 氏名"
    ),
    "given name": (
        "given name, given names, first name, forename, vorname, prénom, nombre, nome, voornaam, imię, ad, 名"
    ),
    "family name": (
        "family name, last name, surname, nachname, familienname, nom, nom de famille, apellido, apellidos,"
        " sobrenome, apelido, cognome, achternaam, nazwisko, soyad, 姓"
    ),
    "email": (
        "email, e-mail address, mail, email address, contact, contact email, e-mail-adresse, mailadresse,"
        " courriel, adresse e-mail, adresse électronique, correo, correo electrónico, endereço de e-mail,"
        " indirizzo e-mail, posta elettronica, e-mailadres, adres e-mail, e-posta, البريد الإلكتروني, ईमेल,"
        " 电子邮件, 邮箱, メールアドレス"
    ),
    "did": ("did, learner did, wallet, decentralized identifier"),
    "number": (
        "student number, pupil number, student id, learner id, learner number, matriculation number,"
        " enrolment number, id number, matrikelnummer, matrikel, numéro d'étudiant, numéro étudiant, matrícula,"
        " número de estudiante, número de matrícula, numero di matricola, matricola, studentnummer, numer albumu,"
        " öğrenci no, 学号, 学籍番号"
    ),
    "issued on": (
        "issued on, date, issue date, date of issue, awarded on, award date, valid from, completion date,"
        " finished on, ausgestellt am, ausstellungsdatum, datum, verliehen am, gültig ab, date de délivrance,"
        " délivré le, fecha, fecha de emisión, fecha de expedición, data, data de emissão, data di rilascio,"
        " datum van uitgifte, data wydania, veriliş tarihi, تاريخ الإصدار, 颁发日期, 発行日"
    ),
    "valid until": (
        "valid until, valid to, expires, expires on, expiry, expiry date, expiration date, gültig bis,"
        " ablaufdatum, valable jusqu'au, date d'expiration, válido hasta, fecha de caducidad, válido até,"
        " valido fino al, geldig tot, ważne do, geçerlilik tarihi, 有效期至, 有効期限"
    ),
    "credits": (
        "credits, credits earned, credit points, ects, leistungspunkte, kreditpunkte, crédits, créditos, crediti,"
        " studiepunten, punkty ects, akts, 学分, 単位"
    ),
    "evidence": (
        "evidence, evidence file, evidence files, file, files, work, portfolio, nachweis, nachweise, beleg,"
        " belege, datei, preuve, preuves, fichier, evidencia, evidencias, archivo, evidência, comprovante, prova,"
        " allegato, bewijs, dowód, kanıt, 证据, 証拠"
    ),
    "narrative": (
        "narrative, comment, remarks, what was shown, begründung, bemerkung, kommentar, commentaire, récit,"
        " narrativa, comentario, observaciones, comentário, commento, toelichting, uzasadnienie, açıklama, 说明,"
        " 説明"
    ),
    "assessor": (
        "assessor, assessed by, examiner, instructor, teacher, prüfer, prüferin, lehrkraft, évaluateur,"
        " examinateur, enseignant, evaluador, docente, avaliador, valutatore, beoordelaar, egzaminator,"
        " değerlendiren, 评估人, 評価者"
    ),
}
FIELDS = tuple(_ALIASES)
"""Every field a column may be, beside the template's results."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its place, its heading, the field it is or None."""

    at: int
    heading: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Columns:
    """A table's columns, matched. `missing`: fields that the template needs and no column has."""

    all: tuple[Column, ...]
    missing: tuple[str, ...]
    _by_field: dict[str, Column] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the columns ready by field: each row asks for all of them."""
        object.__setattr__(self, "_by_field", {column.field: column for column in self.all if column.field})

    def find(self, field: str) -> Column | None:
        """Return the column that is a field."""
        return self._by_field.get(field)

    def check(self, name: str) -> None:
        """Raise IssuerError where a column is missing that every row needs."""
        if self.missing:
            headings = ", ".join(quoted(column.heading) for column in self.all if column.field is None)
            raise IssuerError(
                f"{name} has no column for {' and '.join(self.missing)}",
                actual=f"columns that are nothing yet: {headings}" if headings else None,
                hint=f'Name the column in its first row, or say which it is: --map "COLUMN={self.missing[0]}"',
            )


def match_columns(headings: Sequence[str], template: Template, chosen: Mapping[str, str] | None = None) -> Columns:
    """Match headings with fields; `chosen` (heading to field, as --map says) goes first.

    IssuerError for a --map that names no column or no field, and where two columns are the same field.
    """
    known = {RESULT + result.column: result.column for result in template.results}
    names = {plain(alias): field for field, aliases in _ALIASES.items() for alias in [field, *aliases.split(",")]}
    names |= {plain(column): field for field, column in known.items()}
    mapped = _chosen(headings, chosen or {}, names, (*FIELDS, *known))
    taken = {field for field in mapped.values() if field}
    columns: list[Column] = []
    for at, heading in enumerate(headings):
        field = mapped[at] if at in mapped else names.get(plain(heading))
        if field in taken and at not in mapped:
            if field not in mapped.values():
                first = next(column.heading for column in columns if column.field == field)
                raise IssuerError(
                    f"the columns {quoted(first)} and {quoted(heading)} are both {field}",
                    hint=f'Say which one is not: --map "{heading}=-"',
                )
            field = None
        if field:
            taken.add(field)
        columns.append(Column(at, heading, field))
    if {"name", "given name"} <= taken and "family name" not in taken:
        # Beside a given name, what is headed "Name" is the family's.
        columns = [replace(one, field="family name") if one.field == "name" else one for one in columns]
        taken = taken - {"name"} | {"family name"}
    return Columns(tuple(columns), tuple(_missing(template, taken)))


def plain(heading: str) -> str:
    """Return a heading as it is compared: without case, accents, spaces and punctuation."""
    letters = unicodedata.normalize("NFKD", heading.casefold().replace("ß", "ss").replace("ł", "l"))
    return re.sub(r"[\W_]+", "", "".join(one for one in letters if unicodedata.category(one) != "Mn"))


def _chosen(
    headings: Sequence[str], chosen: Mapping[str, str], names: Mapping[str, str], fields: Iterable[str]
) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for heading, field in chosen.items():
        places = [at for at, one in enumerate(headings) if one == heading]
        places = places or [at for at, one in enumerate(headings) if plain(one) == plain(heading)]
        if len(places) != 1:
            listed = ", ".join(filter(None, headings))
            what = "stands twice in" if places else "is no column of"
            raise IssuerError(f"--map: {quoted(heading)} {what} the table", expected=f"one of {listed}")
        meant = None if field.strip() == LEFT_OUT else names.get(plain(field))
        if meant is None and field.strip() != LEFT_OUT:
            listed = ", ".join(one.removeprefix(RESULT) for one in fields)
            raise IssuerError(f"--map: {quoted(field)} is no field", expected=f"one of {listed}, or - to leave it out")
        if meant is not None and meant in found.values():
            raise IssuerError(f"--map: two columns are to be {meant}", expected="one")
        found[places[0]] = meant
    return found


def _missing(template: Template, taken: set[str]) -> list[str]:
    named = "name" in taken or {"given name", "family name"} <= taken
    missing = [] if named or "name" not in template.by else ["name"]
    missing += [field for field in ("email", "did") if field in template.by and field not in taken]
    missing += [one.column for one in template.results if not one.optional and RESULT + one.column not in taken]
    if not missing and not named and not taken & {"email", "did", "number"}:
        missing.append("name")
    return missing
