"""Faults, strict JSON and its canonical bytes (docs/spec/README.md)."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NoReturn

Json = Any
LARGEST = 2**53 - 1
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class Fault(Exception):
    """What decides a check; mixed is set where the other kind was found beside it."""

    mixed = False


class Malformed(Fault):
    """Bytes or values are not what their format says."""


class Mismatch(Fault):
    """A well-formed proof or signature that leads somewhere else."""


class Unsupported(Fault):
    """A version, type or algorithm that is not defined, or something else that leaves a check unknown."""


def require(holds: bool, fault: type[Fault], message: str) -> None:
    """Raise the fault unless it holds."""
    if not holds:
        raise fault(message)


def all_of(checks: Iterable[Callable[[], object]]) -> None:
    """Make every check; what is malformed counts before what is unsupported."""
    faults: list[Fault] = []
    for check in checks:
        try:
            check()
        except Fault as fault:
            faults.append(fault)
    if faults:
        worst = next((fault for fault in faults if isinstance(fault, Malformed)), faults[0])
        worst.mixed = any(fault.mixed for fault in faults) or len({type(fault) for fault in faults}) > 1
        raise worst


def sha256(*parts: bytes) -> bytes:
    """H of the pages."""
    return hashlib.sha256(b"".join(parts)).digest()


def parse(data: bytes, *, limit: int, levels: int = 64) -> Json:
    """One JSON value by the six rules."""
    require(len(data) <= limit, Malformed, f"longer than {limit} bytes")
    try:
        text = data.decode()
        _count_levels(text, levels)
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:  # not UTF-8, not JSON, or a surrogate alone
        raise Malformed(str(error)) from error
    return value


def _count_levels(text: str, most: int) -> None:
    level = 0
    for token in _TOKEN.findall(text):
        level += (token in "[{") - (token in "]}")
        require(level <= most, Malformed, f"more than {most} levels")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    require(len(found) == len(pairs), Malformed, "a name twice")
    return found


def _integer(text: str) -> int:
    require(len(text) <= 17 and abs(int(text)) <= LARGEST, Malformed, "a number too large")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    require(not value.is_integer() if abs(value) > LARGEST else True, Malformed, "a number too large")
    return value


def _constant(text: str) -> NoReturn:
    raise Malformed(text)


def depth(value: Json) -> int:
    """Levels of arrays and objects, the outermost counted as 1."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def jcs(value: Json) -> bytes:
    """The canonical bytes of RFC 8785."""
    return _text(value).encode()


def _text(value: Json) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{_text(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    digits = "".join(map(str, Decimal(repr(abs(value))).as_tuple().digits)).rstrip("0")
    point = Decimal(repr(value)).adjusted() + 1  # of the digits, so many stand before the point
    sign = "-" if value < 0 else ""
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1:+d}"
