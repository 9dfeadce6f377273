from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import SIZE, Digest, leaf_hash, node_hash, sha256
from notary.core.encoding import (
    format_time,
    format_unix,
    from_base58,
    from_base64,
    from_base64url,
    from_digest_text,
    from_hex,
    parse_time,
    shorten,
    to_base58,
    to_base64,
    to_base64url,
    to_digest_text,
    to_hex,
)
from notary.core.errors import Malformed, Mismatch


@given(st.binary(max_size=80))
def test_bytes_come_back_from_every_spelling(data: bytes) -> None:
    """Each encoder's text is read by its decoder, and by no other alphabet's."""
    assert from_base64url(to_base64url(data), "x") == data
    assert from_base64(to_base64(data), "x") == data
    assert from_hex(to_hex(data), "x", len(data)) == data
    assert from_base58(to_base58(data), "x") == data


@given(st.text(st.sampled_from("AQgw+/-_= \n9é"), max_size=9))
def test_every_text_that_is_read_is_the_one_that_would_be_written(text: str) -> None:
    """A second spelling of the same bytes would be a second document."""
    for read, write in ((from_base64url, to_base64url), (from_base64, to_base64)):
        try:
            data = read(text, "x")
        except Malformed:
            continue
        assert write(data) == text


@given(st.text(st.sampled_from("123zZ0OIlé"), max_size=12))
def test_base58_has_one_spelling(text: str) -> None:
    """Leading ones are zero bytes; letters that look alike are none of its letters."""
    try:
        data = from_base58(text, "x")
    except Malformed:
        assert set(text) & set("0OIlé")
    else:
        assert to_base58(data) == text


def test_long_base58_is_refused_unread() -> None:
    """Decoding takes time that grows with the square of its length."""
    assert len(from_base58("1" * 512, "x")) == 512
    with pytest.raises(Malformed, match="at most 512"):
        from_base58("1" * 513, "x")


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "A A", "AA\n", "+A", "/w", "AAA=", "é"])
def test_base64url_is_unpadded_and_canonical(text: str) -> None:
    """No padding, no white space, no stray low bits, no other alphabet."""
    with pytest.raises(Malformed, match="base64url"):
        from_base64url(text, "x")


@pytest.mark.parametrize("text", ["AA", "AB==", "-A==", "AA==\n", "AA=", "é"])
def test_base64_is_padded_and_canonical(text: str) -> None:
    """As signed notes write it."""
    with pytest.raises(Malformed, match="base64"):
        from_base64(text, "x")


@pytest.mark.parametrize("text", ["", "0x", "0xAB", "ab", "0xa", "0xabcd", "0Xab", "0xab\n", "0xag"])
def test_hex_is_lower_case_of_exactly_the_size(text: str) -> None:
    """One byte was asked for."""
    with pytest.raises(Malformed, match="2 lower-case hex digits"):
        from_hex(text, "x", 1)


def test_a_digest_is_32_bytes() -> None:
    """In memory, as text, and as the children of a node."""
    digest = sha256(b"")
    assert from_digest_text(to_digest_text(digest), "x") == digest
    assert len(to_digest_text(digest)) == 43
    for size in (0, SIZE - 1, SIZE + 1):
        with pytest.raises(Malformed, match="32 bytes"):
            Digest(bytes(size))
        with pytest.raises(Malformed, match="32 bytes"):
            from_digest_text(to_base64url(bytes(size)), "x")
        for pair in ((bytes(size), digest), (digest, bytes(size))):
            with pytest.raises(Malformed, match="32 bytes"):
                node_hash(*pair)


def test_leaves_and_nodes_are_hashed_apart() -> None:
    """A node's children shown as a document have another hash."""
    left, right = sha256(b"left"), sha256(b"right")
    assert node_hash(left, right) != leaf_hash(left + right) != sha256(left + right)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_comes_back_from_its_text(moment: datetime) -> None:
    """In UTC, its seconds cut."""
    assert parse_time(format_time(moment), "x") == moment.astimezone(UTC).replace(microsecond=0)


def test_a_blocks_time_is_shown_or_its_seconds_are() -> None:
    """A number that no calendar holds stays a number."""
    assert format_unix(0) == "1970-01-01T00:00:00Z"
    assert format_unix(2**62) == f"{2**62} s"
    assert format_time(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T22:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00.0Z",
        "2026-01-01T00:00:00+00:00",
        "2026-1-1T0:0:0Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "２０２６-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
        "",
    ],
)
def test_a_time_has_one_spelling(text: str) -> None:
    """`YYYY-MM-DDTHH:MM:SSZ`, and a date that there is."""
    with pytest.raises(Malformed, match="YYYY-MM-DD"):
        parse_time(text, "x")


@given(st.text(max_size=300))
def test_what_is_hostile_is_shown_short_and_on_one_line(text: str) -> None:
    """Fit for a message in a terminal."""
    shown = shorten(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert len(eval(shown)) <= 60


def test_an_error_says_expected_found_and_what_to_do() -> None:
    """All of it in one line, each part only where it is known."""
    assert str(Malformed("x")) == "x"
    assert str(Malformed("x", actual=1)) == "x: found 1"
    assert str(Mismatch("x", expected=2, actual=1, hint="Do this")) == "x: expected 2, found 1. Do this"
