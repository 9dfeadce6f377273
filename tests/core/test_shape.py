from typing import Any

import pytest

from notary.core.errors import Malformed, Unsupported
from notary.core.shape import Closed, read_chain, read_did, read_origin, read_text


def closed(**members: Any) -> Closed:
    return Closed.of(members, "thing", " ".join(members))


def test_a_closed_object_has_exactly_its_members() -> None:
    """One too few, one too many, or no object at all is refused; an optional member may stand or not."""
    assert Closed.of({"a": 1, "b": 2}, "thing", "a b").value("b") == 2
    assert Closed.of({"a": 1, "c": 3}, "thing", "a", "c").has("c")
    assert not Closed.of({"a": 1}, "thing", "a", "c").has("c")
    with pytest.raises(Malformed, match="thing lacks a, b"):
        Closed.of({}, "thing", "a b")
    with pytest.raises(Malformed, match="does not know: 'b', 'c'"):
        Closed.of({"a": 1, "b": 2, "c": 3}, "thing", "a")
    others: list[Any] = [[], "a", None, 1]
    for value in others:
        with pytest.raises(Malformed, match="a JSON object"):
            Closed.of(value, "thing", "a")


def test_another_version_is_not_looked_into() -> None:
    """Whatever else it holds: it is unsupported, while another type is malformed."""
    kind = "credential-notary/thing/v1"
    assert Closed.typed({"type": kind, "a": 1}, "thing", kind, "a").value("a") == 1
    with pytest.raises(Unsupported, match="another version"):
        Closed.typed({"type": "credential-notary/thing/v2", "surprise": 1}, "thing", kind, "a")
    for other in ("credential-notary/things/v2", "credential-notary/thing", "thing", ""):
        with pytest.raises(Malformed, match="thing, type"):
            Closed.typed({"type": other, "a": 1}, "thing", kind, "a")
    others: list[Any] = [{"a": 1}, {"type": 1, "a": 1}, []]
    for value in others:
        with pytest.raises(Malformed):
            Closed.typed(value, "thing", kind, "a")


@pytest.mark.parametrize(
    "reader, good, bad",
    [
        ("text", ["", "x"], [1, None, True, [], {}]),
        ("filled", ["x"], ["", 1, None]),
        ("flag", [True, False], [0, 1, None, "true"]),
        ("count", [0, 1, 2**53 - 1], [-1, 2**53, 1.0, True, "1", None]),
        ("items", [[], [1]], [{}, "x", None]),
        ("texts", [[], ["x"]], [[""], [1], "x"]),
        ("data", ["", "AA"], ["A", "AA==", 1]),
        ("digest", ["A" * 43], ["A" * 42, "", 1]),
        ("digests", ["", "A" * 43, "A" * 86 + "A" * 0][:2], ["AA", "A" * 44, 1]),
        ("time", ["2026-01-01T00:00:00Z"], ["2026-01-01", 1]),
        ("did", ["did:web:a.example"], ["did:web:", "web:a", 1]),
        ("chain", ["eip155:1"], ["eip155:0", 1]),
        ("origin", ["a.example/log"], ["", "a b", 1]),
    ],
)
def test_each_reader_takes_its_type_and_no_other(reader: str, good: list[Any], bad: list[Any]) -> None:
    """`true` is no integer, `1.0` is none, null is nothing; the message names the path."""
    for value in good:
        getattr(closed(a=value), reader)("a")
    for value in bad:
        with pytest.raises(Malformed, match=r"thing\.a"):
            getattr(closed(a=value), reader)("a")


def test_a_count_may_have_a_least_value() -> None:
    """Sizes are counted from 1."""
    assert closed(a=1).count("a", 1) == 1
    with pytest.raises(Malformed, match="an integer from 1"):
        closed(a=0).count("a", 1)


def test_one_of_a_list() -> None:
    """And nothing else."""
    assert closed(a="x").one_of("a", ("x", "y")) == "x"
    with pytest.raises(Malformed, match="x or y"):
        closed(a="z").one_of("a", ("x", "y"))


def test_null_stands_only_where_it_may() -> None:
    """Then it is None, else the value is read."""
    assert closed(a=None).optional("a", lambda _: 1) is None
    assert closed(a="x").optional("a", closed(a="x").text) == "x"


def test_hex_of_a_size() -> None:
    """An address has 20 bytes."""
    assert closed(a="0x" + "ab" * 20).hex("a", 20) == b"\xab" * 20
    with pytest.raises(Malformed, match="40 lower-case"):
        closed(a="0x").hex("a", 20)


def test_items_are_named_by_their_place() -> None:
    """The message says which one."""
    with pytest.raises(Malformed, match=r"thing\.a\[1\]"):
        closed(a=["x", 1]).each("a", read_text)


@pytest.mark.parametrize(
    "text",
    ["did:web:a.example", "did:key:z6Mk", "did:web:a.example:users:b", "did:example:a%20b_c-d.e"],
)
def test_a_did(text: str) -> None:
    """Method and method-specific id, as W3C DID Core has them."""
    assert read_did(text, "x") == text


@pytest.mark.parametrize(
    "text",
    [
        "did:web",
        "did:Web:a",
        "did:web:a/path",
        "did:web:a?q",
        "did:web:a#key",
        "did:web::a",
        " did:web:a",
        "did:web:a\n",
        "did:web:é",
        "did:web:" + "a" * 1020,
    ],
)
def test_what_is_no_did(text: str) -> None:
    """Paths, queries and fragments name something in or beside it."""
    with pytest.raises(Malformed, match="a DID"):
        read_did(text, "x")


@pytest.mark.parametrize(
    "text", ["eip155:01", "eip155:", "eip155:1 ", "EIP155:1", "bip122:1", "eip155:" + "1" * 17, "1"]
)
def test_what_is_no_chain(text: str) -> None:
    """CAIP-2 ids of EVM chains, in their one spelling."""
    with pytest.raises(Malformed, match="CAIP-2"):
        read_chain(text, "x")


@pytest.mark.parametrize("text", ["a+b", "a b", "é", "a" * 256, "a\n"])
def test_what_is_no_origin(text: str) -> None:
    """An origin names the log's key in signed notes."""
    with pytest.raises(Malformed, match="log origin"):
        read_origin(text, "x")
