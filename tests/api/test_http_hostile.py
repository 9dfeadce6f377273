"""Bodies, paths and names that mean harm: each is answered, nothing breaks, nothing is given away."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.carried import MAX_FILE
from api.http.guard import HEADERS
from api.http.limits import TokenBuckets
from api.http.routes.credentials import MAX_STREAM
from notary.core.credential import MAX_JSON
from notary.core.errors import OperatorError
from notary.core.receipt import MAX_SIZE
from notary.service.submission.intake import open_lines
from notary.service.submission.reading import Source
from tests.api.house import JSON_BODY, NDJSON, House, problem, token_of

BAD_CREDENTIALS = {
    "nested too deep": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "a name twice": b'{"issuer":"a","issuer":"b"}',
    "not a number": b'{"a":NaN}',
    "beyond every double": b'{"a":1e400}',
    "an integer nobody holds": b'{"a":100000000000000000000}',
    "the same as a float": b'{"a":1e20}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "no UTF-8": b'{"a":"\xff\xfe"}',
    "no JSON": b'{"a":',
    "an array": b"[]",
    "nothing": b"",
    "a null byte": b"\0",
    "no issuer": b"{}",
    "a token of nothing": b"e30.e30.",
    "an image of nothing": b"\x89PNG\r\n\x1a\n",
}


@pytest.fixture(autouse=True)
def patient(house: House) -> None:
    """Let the tests ask as often as they like; the limit has a test of its own."""
    context = house.client.app.state.context  # type: ignore[attr-defined]
    house.client.app.state.context = dataclasses.replace(  # type: ignore[attr-defined]
        context, questions=TokenBuckets(10**9, 10**9)
    )


@pytest.mark.parametrize("body", BAD_CREDENTIALS.values(), ids=BAD_CREDENTIALS)
def test_a_bad_credential_is_refused_by_name_and_never_breaks_anything(house: House, body: bytes) -> None:
    """Handed in, it stands among the refused with its reason; verified, it is an answer and no error."""
    report = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **JSON_BODY})
    assert report.status_code == 200
    assert report.json()["accepted"] == []
    assert report.json()["refused"][0]["why"].startswith("request")
    assert house.client.post("/v1/verify", content=body).status_code == 200
    page = house.client.post("/", files={"receipt": ("r.json", body)}, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Not verified" in page.text or "Not known" in page.text
    signed = house.client.post("/v1/batches/1/statement", content=body, headers=house.auth())
    assert problem(signed)["status"] in (400, 404, 413, 422)


def test_a_member_named_proto_is_refused(house: House) -> None:
    """`__proto__` would vanish when a browser copies the object, so no credential may have it."""
    body = json.dumps({**json.loads(house.credential("P", number=300)), "__proto__": {"admin": True}}).encode()
    report = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **JSON_BODY}).json()
    assert "__proto__" in report["refused"][0]["why"]


def test_too_large_is_refused_before_it_is_read(house: House) -> None:
    """A body that says it is too large is answered 413 at once; one that only becomes so, when it does."""
    declared = house.client.post(
        "/v1/verify", content=b"{}", headers={"Content-Length": str(MAX_SIZE + 1), **JSON_BODY}
    )
    assert problem(declared)["expected"] == f"at most {MAX_SIZE} bytes"

    def pieces(size: int) -> Iterator[bytes]:
        for _ in range(size >> 20):
            yield bytes(1 << 20)
        yield b"x"

    assert problem(house.client.post("/v1/verify", content=pieces(MAX_SIZE)))["status"] == 413
    headers = {**house.auth(), **NDJSON}
    assert problem(house.client.post("/v1/credentials", content=pieces(MAX_STREAM), headers=headers))["status"] == 413


def test_only_a_file_that_may_carry_a_receipt_may_be_larger_than_one(house: House) -> None:
    """A PDF of 5 MiB is looked into, one of more than 32 MiB is 413; what says it is an SVG too late is 413 as well."""
    pdf = b"%PDF-1.7\n"
    answer = house.client.post("/v1/verify", content=pdf + bytes(MAX_SIZE + (1 << 20)))
    assert answer.json()["result"] == "not known yet"

    def pieces(head: bytes, size: int) -> Iterator[bytes]:
        yield head[:1]
        yield head[1:]
        for _ in range(size >> 20):
            yield bytes(1 << 20)

    assert problem(house.client.post("/v1/verify", content=pieces(pdf, MAX_FILE)))["status"] == 413
    late = b"<!--" + b" " * 9000 + b"--><svg>"
    found = problem(house.client.post("/v1/verify", content=pieces(late, MAX_SIZE)))
    assert found["expected"] == f"at most {MAX_SIZE} bytes"
    declared = house.client.post("/v1/verify", content=pdf, headers={"Content-Length": str(MAX_FILE + 1)})
    assert problem(declared)["expected"] == f"at most {MAX_FILE} bytes"


def test_a_line_that_is_too_long_is_refused_alone(house: House) -> None:
    """A line beyond 4 MiB is named as too large; the lines around it are taken, with their own numbers."""
    first, last = house.credential("Before", number=310), house.credential("After", number=311)
    body = b"\n".join((first, b'{"a":"' + b"x" * (MAX_JSON + (3 << 20)) + b'"}', last))
    report = house.client.post("/v1/credentials", content=body, headers={**house.auth(), **NDJSON}).json()
    assert [taken["line"] for taken in report["accepted"]] == [1, 3]
    assert [left["line"] for left in report["refused"]] == [2]
    assert "too large" in report["refused"][0]["why"]


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_lines_are_those_of_the_stream(pieces: list[bytes]) -> None:
    """Every line that is not blank comes out once, with its number, whatever bytes it holds."""
    import io

    body = b"\n".join(pieces)
    expected = [Source(line.strip(), "body", at) for at, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    assert list(open_lines(io.BytesIO(body), "body")) == expected


def test_forms_that_are_none_are_told_so(house: House) -> None:
    """A form without its file, with too many files, or that is no form at all is a 400 with words."""
    assert problem(house.client.post("/v1/verify", files={"other": ("a", b"x")}))["status"] == 400
    many = [("evidence", (f"{at}", b"x")) for at in range(60)]
    assert problem(house.client.post("/v1/credentials", files=many, headers=house.auth()))["status"] == 400
    headers = {**house.auth(), "Content-Type": "multipart/form-data"}
    assert problem(house.client.post("/v1/credentials", content=b"x", headers=headers))["status"] == 400
    text = house.client.post(
        "/v1/credentials", data={"credential": "{}"}, files={"evidence": b"x"}, headers=house.auth()
    )
    assert "a file `credential`" in problem(text)["expected"]


def test_random_bytes_never_break_the_service(house: House) -> None:
    """A receipt with bytes flipped, cut or doubled is answered with a verdict, never with a 5xx."""
    draw = random.Random(7)
    whole = house.receipt(house.award("Fuzz", number=320)[0]["id"])
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        cut = bytes(data[: draw.randrange(len(data))]) if draw.random() < 0.3 else bytes(data)
        answer = house.client.post("/v1/verify", content=cut)
        assert answer.status_code == 200
        assert answer.json()["result"] in ("not verified", "not known yet", "verified")
        assert house.client.post("/", files={"receipt": ("r", cut)}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/log/tile/0/x000/000", "/log/tile/64/000", "/log/tile/-1/000", "/log/tile/0/000.p/0"),
        *("/log/tile/0/000.p/256", "/log/tile/0/00%2f0", "/log/tile/entries/../../x", "/log/tile/entries/000.p/9"),
        *("/v1/proofs/abc", "/v1/proofs/" + "A" * 43, "/v1/proofs/" + "A" * 9000, "/v1/receipts/%00"),
        *(
            "/r/%ff%fe",
            "/r/" + "x" * 5000,
            "/static/../app.py",
            "/static/%2e%2e/__init__.py",
            "/v1/batches/9" + "9" * 40,
        ),
    ],
)
def test_odd_paths_lead_nowhere(house: House, path: str) -> None:
    """What names nothing is a 4xx, in the form that was asked for."""
    answer = house.client.get(path, headers=house.auth())
    assert 400 <= answer.status_code < 500
    problem(answer)
    page = house.client.get(path, headers={**house.auth(), "Accept": "text/html"})
    assert page.status_code == answer.status_code


def test_names_cannot_become_markup_or_turn_text_around(house: House) -> None:
    """A learner's name with HTML is shown as it is written, one that reverses text without what reverses it."""
    name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202eevil\u2066"
    taken = house.award(name, number=330)[0]
    receipt = house.receipt(taken["id"])
    pages = (
        house.client.get(f"/r/{token_of(taken)}").text,
        house.client.post("/", files={"receipt": ("r.json", receipt)}).text,
    )
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page
        assert "\u2066" not in page


def test_every_answer_carries_the_headers_that_keep_a_page_harmless(house: House) -> None:
    """Pages, problems, files, errors and static files alike: CSP without inline anything, nosniff, no referrer."""
    for path in ("/", "/status", "/nowhere", "/v1/nowhere", "/static/page.css", "/log/checkpoint", "/healthz"):
        answer = house.client.get(path, headers={"Accept": "text/html"})
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_outage_and_a_bug_give_nothing_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's error is 503 and an unforeseen one 500: neither repeats the message or shows where it arose."""
    for error, status in ((OperatorError("postgresql://user:secret@host is down"), 503), (KeyError("secret"), 500)):

        def fail(_: object, raised: Exception = error) -> None:
            raise raised

        monkeypatch.setattr("api.http.routes.log.signed_checkpoint", fail)
        answer = house.client.get("/log/checkpoint", headers={"Accept": "text/html"})
        assert answer.status_code == status
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert problem(answer)["detail"].startswith("Nothing was lost")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
