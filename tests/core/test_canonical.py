import csv
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from notary.core.canonical import MAX_INTEGER, Kept, canonical, depth_of, load
from notary.core.errors import Malformed

INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
FLOATS = st.floats(-(2.0**53) + 1, 2.0**53 - 1, allow_nan=False)
TEXTS = st.text(max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)


def read(text: str | bytes, *, max_size: int = 10_000, max_depth: int = 64) -> Any:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return load(data, "text", max_size=max_size, max_depth=max_depth)


# ------------------------------------------------------------------ vectors


@pytest.mark.parametrize("name", ["arrays", "french", "structures"])
def test_the_reference_vectors_come_out_byte_for_byte(standards: Path, name: str) -> None:
    """RFC 8785's own examples, read and built in memory alike."""
    folder = standards / "vectors/jcs"
    data = (folder / "input" / f"{name}.json").read_bytes()
    expected = bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())
    document = load(data, name, max_size=10_000)
    assert document.canonical == expected
    assert canonical(document.value) == expected


def test_the_reference_numbers_come_out_as_ecmascript_prints_them(standards: Path) -> None:
    """2,000 doubles from the reference generator; those that are integral beyond 2^53 - 1 are refused."""
    read_, refused = 0, 0
    for bits, text in csv.reader((standards / "vectors/jcs/es6numbers-2000.csv").open()):
        (number,) = struct.unpack(">d", bytes.fromhex(bits.zfill(16)))
        assert canonical([number]) == f"[{text}]".encode()
        if abs(number) > MAX_INTEGER:
            refused += 1
            with pytest.raises(Malformed, match="beyond what every reader holds"):
                read(f"[{text}]")
        else:
            read_ += 1
            assert read(f"[{text}]").canonical == f"[{text}]".encode()
    assert min(read_, refused) > 100


# ------------------------------------------------------------------ properties


@given(VALUES)
def test_what_is_built_in_memory_comes_out_as_rfc8785_has_it(value: Any) -> None:
    """The fast path is never seen: all bytes are the reference implementation's."""
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_what_is_read_comes_out_as_rfc8785_has_it(value: Any, indent: int | None, ascii_only: bool) -> None:
    """However a document was printed, its canonical bytes are the reference implementation's."""
    printed = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = read(printed, max_size=10**6)
    assert document.canonical == rfc8785.dumps(value)
    assert document.value == value


@given(VALUES)
def test_canonical_bytes_are_their_own_canonical_bytes(value: Any) -> None:
    """Reading what was written gives the same bytes again."""
    once = canonical(value)
    assert read(once, max_size=10**6).canonical == once


@given(st.dictionaries(st.text(st.characters(min_codepoint=0xD000, exclude_categories=["Cs"]), max_size=3), INTEGERS))
def test_names_sort_by_utf16(members: Any) -> None:
    """A character outside the basic plane sorts before U+E000: the fast path would get that wrong."""
    ordered = sorted(members, key=lambda name: name.encode("utf-16-be"))
    assert list(json.loads(canonical(members))) == ordered
    assert list(json.loads(read(json.dumps(members)).canonical)) == ordered


@given(st.text(st.sampled_from('{}[]":,\\abu0d81 \n'), max_size=40))
def test_no_text_reads_otherwise_than_the_standard_library_reads_it(text: str) -> None:
    """Whatever is accepted has one meaning, and nothing that counts brackets or colons is misled by strings."""
    try:
        expected = json.loads(text, object_pairs_hook=unique)
        reference = rfc8785.dumps(expected)
    except ValueError:
        with pytest.raises(Malformed):
            read(text)
    else:
        document = read(text)
        assert (document.value, document.canonical) == (expected, reference)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a":1,"a":1}', id="side by side"),
        pytest.param('{"a":{"b":1,"b":[]}}', id="deep inside"),
        pytest.param('{"a":1,"\\u0061":1}', id="one escaped"),
        pytest.param('{"a":1.5,"a":1}', id="beside a fraction"),
        pytest.param('{"a":":","a":"::"}', id="with colons in strings"),
        pytest.param('{"":1,"":1}', id="empty names"),
        pytest.param('{"\\\\":1,"\\\\":1}', id="backslashes"),
    ],
)
def test_a_name_that_stands_twice_is_refused(text: str) -> None:
    """One reader would take the first, another the last."""
    with pytest.raises(Malformed, match="stands twice"):
        read(text)


@pytest.mark.parametrize(
    "number",
    [
        "9007199254740992",
        "-9007199254740992",
        "1e20",
        "1E400",
        "-1e400",
        "12345678901234567890",
        "9007199254740992.0",
        "9" * 5000,
    ],
)
def test_an_integral_number_beyond_doubles_is_refused(number: str) -> None:
    """However it is written: readers round it to different numbers, or to none."""
    with pytest.raises(Malformed, match="beyond what every reader holds"):
        read(f'{{"n":{number}}}')


@pytest.mark.parametrize(
    "number, written",
    [
        ("9007199254740991", "9007199254740991"),
        ("-9007199254740991", "-9007199254740991"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("1e-7", "1e-7"),
        ("0.1", "0.1"),
        ("1e-400", "0"),
    ],
)
def test_a_number_comes_out_in_its_one_spelling(number: str, written: str) -> None:
    """Numbers every double holds are taken."""
    assert read(f"[{number}]").canonical == f"[{written}]".encode()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"n":NaN}'])
def test_what_is_no_json_number_is_refused(text: str) -> None:
    """Some parsers take them."""
    with pytest.raises(Malformed):
        read(text)


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\udc00":1}', '["\\udc00\\ud800"]', '[1.5,"\\ud800"]'])
def test_half_a_character_is_refused(text: str) -> None:
    """A lone surrogate has no UTF-8."""
    with pytest.raises(Malformed):
        read(text)


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'[1.5,"\xff"]'])
def test_what_is_no_utf8_is_refused(data: bytes) -> None:
    """The message names the byte."""
    with pytest.raises(Malformed, match="UTF-8"):
        read(data)


@pytest.mark.parametrize(
    "text", ["", " ", "{", "[1,]", "{'a':1}", "01", "+1", "1.", "tru", "[]]", "\ufeff{}", '"\t"', "[1 2]"]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    """The message names line and column."""
    with pytest.raises(Malformed, match="line"):
        read(text)


def test_a_text_of_exactly_the_size_is_read_and_one_byte_more_is_refused() -> None:
    """Bounded before any parser sees it."""
    assert read("[1]", max_size=3).value == [1]
    with pytest.raises(Malformed, match="too large"):
        read("[1] ", max_size=3)


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"]":', "}]")])
def test_nesting_is_counted_before_parsing(opening: str, closing: str) -> None:
    """Exactly the depth is read, one level more is refused, and so are 100,000 that never close."""
    levels = 6 // (opening.count("[") + opening.count("{"))
    fits = opening * levels + "1" + closing * levels
    assert depth_of(read(fits, max_depth=6).value) == 6
    with pytest.raises(Malformed, match="nested too deep"):
        read(f"[{fits}]", max_depth=6)
    with pytest.raises(Malformed, match="nested too deep"):
        read(opening * 100_000, max_size=10**6)


@pytest.mark.parametrize("text", ['"[[[[[[[["', '"\\"[[[[[[[["', '"\\\\", "[[[[[[[["', '{"[[[[[[":"\\\\\\"]]"}'])
def test_brackets_in_strings_are_no_nesting(text: str) -> None:
    """Escaped quotes and backslashes do not end a string too soon."""
    assert read(f"[{text}]", max_depth=2).value == json.loads(f"[{text}]")


def test_closing_brackets_first_do_not_buy_depth() -> None:
    """A parser stops at the first; so does whoever counts."""
    with pytest.raises(Malformed):
        read("]" * 100 + "[" * 100)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"n": 2**53}, id="an integer beyond doubles"),
        pytest.param([math.nan], id="NaN"),
        pytest.param([math.inf], id="infinity"),
        pytest.param(["\ud800"], id="a lone surrogate"),
        pytest.param({"\udfff": 1}, id="a lone surrogate in a name"),
        pytest.param({1: "one"}, id="a name that is no string"),
        pytest.param([b"bytes"], id="bytes"),
        pytest.param({"x": {1, 2}}, id="a set"),
    ],
)
def test_a_value_without_canonical_form_is_refused(value: Any) -> None:
    """What JSON cannot hold is never hashed."""
    with pytest.raises(Malformed, match="no canonical form"):
        canonical(value)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_kept_comes_out_as_it_would_anew(members: dict[str, Any]) -> None:
    """Alone, and within others; it is a plain object to whoever reads it."""
    kept = Kept(members)
    assert canonical(kept) == kept.canonical == rfc8785.dumps(members)
    assert canonical({"b": [kept, 1], "a": kept}) == rfc8785.dumps({"b": [members, 1], "a": members})
    assert kept == members


def test_depth_is_counted_in_arrays_and_objects() -> None:
    """A plain value has none, an empty array one."""
    values: list[Any] = [1, "[", [], {"a": []}, [[], {"b": {"c": 1}}]]
    assert [depth_of(value) for value in values] == [0, 0, 1, 2, 3]
