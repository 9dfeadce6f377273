"""Work beside this thread's: in order, nothing waited for that can be done here, and no more under way than asked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, get_ident

import pytest

from notary.service.beside import behind, share


def test_whoever_would_wait_does_what_has_not_begun() -> None:
    """One other that is stuck in its first part: all the rest is done here, and comes in its order."""
    begun, goes_on = Event(), Event()
    done_here: list[int] = []

    def stuck(number: int) -> str:
        begun.set()
        goes_on.wait(10)
        return f"{number} there"

    def here(number: int) -> str:
        begun.wait(10)
        done_here.append(number)
        if len(done_here) == 4:
            goes_on.set()
        return f"{number} here"

    with ThreadPoolExecutor(1) as pool:

        def send(number: int) -> Future[str]:
            future = pool.submit(stuck, number)
            begun.wait(10)
            return future

        found = list(share(iter(range(5)), at_once=5, send=send, here=here))
    assert found == [(0, "0 there"), *((number, f"{number} here") for number in range(1, 5))]
    assert done_here == [4, 3, 2, 1]


def test_what_cannot_be_sent_is_done_here_in_its_turn() -> None:
    """In order, and only when it is asked for."""
    results = share(iter("abc"), at_once=2, send=lambda _: None, here=str.upper)
    assert list(results) == [("a", "A"), ("b", "B"), ("c", "C")]


def test_no_more_is_under_way_than_asked() -> None:
    """Parts are taken from the source as results are given out."""
    taken: list[int] = []

    def parts() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    def send(number: int) -> Future[int]:
        done: Future[int] = Future()
        done.set_result(number)
        return done

    found = share(parts(), at_once=3, send=send, here=int)
    next(found)
    assert taken == [0, 1, 2]
    next(found)
    assert taken == [0, 1, 2, 3]


def test_what_fails_in_another_process_fails_here() -> None:
    """The error is the caller's to see, in the part's turn."""

    def send(_: int) -> Future[int]:
        failed: Future[int] = Future()
        failed.set_exception(ValueError("there"))
        return failed

    with pytest.raises(ValueError, match="there"):
        list(share(iter([1]), at_once=1, send=send, here=int))


# ----------------------------------------------------------------------- behind


def test_a_part_is_done_while_the_next_is_made() -> None:
    """In another thread, one after another, its results in order."""
    second_is_made = Event()

    def parts() -> Iterator[int]:
        yield 1
        second_is_made.set()
        yield 2

    def do(number: int) -> tuple[int, bool]:
        assert second_is_made.wait(10)
        return number, get_ident() == here

    here = get_ident()
    assert list(behind(parts(), do)) == [(1, False), (2, False)]


def test_what_was_done_is_given_out_where_the_next_part_cannot_be_made() -> None:
    """The first is durable: whoever asked learns of it before the error."""

    def parts() -> Iterator[int]:
        yield 1
        raise ValueError("the file ends in the middle of a line")

    found = behind(parts(), str)
    assert next(found) == "1"
    with pytest.raises(ValueError, match="in the middle"):
        next(found)


def test_after_a_part_that_failed_none_is_done() -> None:
    """What came before it was given out; nothing behind it happened."""
    begun: list[int] = []

    def do(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise OSError("no space left")
        return number

    found = behind(iter(range(1, 6)), do)
    assert next(found) == 1
    with pytest.raises(OSError, match="no space"):
        next(found)
    assert begun == [1, 2]


def test_whoever_stops_asking_leaves_nothing_half_done() -> None:
    """The part under way is done to its end, and no other is begun."""
    done: list[int] = []
    found = behind(iter(range(5)), done.append)
    next(found)
    found.close()  # type: ignore[attr-defined]  # a generator
    assert done == [0, 1]
