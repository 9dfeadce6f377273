"""A table of learners' links for an institution's own mailer, as CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from api.csv_cells import cell
from notary.service.delivery.own_mailer import Handed

_COLUMNS = ("learner", "email", "title", "credential", "link")


def link_table(links: Iterable[Handed], url: str) -> Iterator[bytes]:
    """Yield the table line by line, as links are made; `url`: where the pages are."""
    yield b"\xef\xbb\xbf" + _line(_COLUMNS)  # so that every spreadsheet reads names as they are
    for each in links:
        address = f"{url.rstrip('/')}/r/{each.token}"
        yield _line((each.learner or "", each.email, each.title or "", each.credential, address))


def _line(row: Sequence[str]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerow([cell(" ".join(value.split())) for value in row])
    return text.getvalue().encode()
