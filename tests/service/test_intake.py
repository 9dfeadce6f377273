"""Reading many credentials: in other processes exactly as in this one."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.service.submission import reading_many
from notary.service.submission.intake import open_sources
from notary.service.submission.reading import Reading, Refused, Source, read_source
from notary.service.submission.reading_many import read_all
from tests.world.cast import ALWAYS

MEMBER = MemberRecord(
    id="did:web:college.example",
    aliases=("https://college.example",),
    name="College",
    recognition=Recognition.COMMUNITY,
    programmes=(),
    period=ALWAYS,
    successor=None,
    keys=(),
    did_document=None,
)


def credential(number: int) -> bytes:
    issuer = "https://college.example" if number % 7 else "https://elsewhere.example"
    return json.dumps(
        {
            "id": f"urn:x:{number}",
            "issuer": issuer,
            "name": "Title é",
            "credentialSubject": {"name": f"Learner {number}"},
        }
    ).encode()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few enough credentials to be worth another process."""
    monkeypatch.setattr(reading_many, "_ALONE", 10)
    monkeypatch.setattr(reading_many, "_CHUNK", 4)


@pytest.mark.usefixtures("small_chunks")
def test_other_processes_read_the_same_in_the_same_order(tmp_path: Path) -> None:
    """Taken and refused, lines and words, small and large: the same, in order, whoever reads."""
    large = credential(98).replace(b"Learner", b"L" * 3_000_000)
    lines = [credential(number) for number in range(50)] + [b"nonsense", b"x" * 5_000_000, large, credential(99)]
    path = tmp_path / "many.ndjson"
    path.write_bytes(b"\n".join(lines))
    beside = list(read_all(open_sources([path]), MEMBER, processes=2))
    assert beside == list(read_all(open_sources([path]), MEMBER, processes=0))
    assert [found.line for found in beside] == list(range(1, 55))
    assert sum(isinstance(found, Refused) for found in beside) == 8 + 1 + 2


@pytest.mark.usefixtures("small_chunks")
def test_reading_ends_where_nobody_asks_for_more(tmp_path: Path) -> None:
    """Whoever stops early leaves no process behind, and a source is read a bounded number of chunks ahead."""
    given = 0

    def sources() -> Iterator[Source]:
        nonlocal given
        for number in range(1_000_000):
            given += 1
            yield Source(credential(number), "endless", number)

    found = read_all(sources(), MEMBER, processes=1)
    assert len(list(islice(found, 20))) == 20
    found.close()  # type: ignore[attr-defined]
    assert given < 150


def test_folder_is_read_by_name_and_without_what_is_hidden(tmp_path: Path) -> None:
    """Sorted, all below; hidden files, receipts and trust files are left out."""
    for name in ("b.json", "a/z.json", "a/.hidden", ".git/config", "b.json.receipt.json", "trust.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(credential(1))
    found = [
        str(Path(source.name).relative_to(tmp_path))
        for source in open_sources([tmp_path])
        if isinstance(source, Source)
    ]
    assert found == ["b.json", "a/z.json"]


def test_reading_holds_what_the_ledger_keeps() -> None:
    """Canonical bytes, digest, learner and title."""
    found = read_source(Source(b' {"issuer": "did:web:college.example", "name": "T", "a": 1}\n', "x.json"), MEMBER)
    assert isinstance(found, Reading)
    assert found.data == b'{"a":1,"issuer":"did:web:college.example","name":"T"}'
    assert (found.title, found.learner) == ("T", None)


def test_refusal_parts_from_its_advice() -> None:
    """A refusal ends with advice to whoever submits; the reason stands without it."""
    found = read_source(Source(b"", "x.json"), MEMBER)
    assert isinstance(found, Refused)
    assert found.hint
    assert found.why == f"{found.reason}. {found.hint}"
