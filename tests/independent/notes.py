"""Signed notes, checkpoints and block notes (docs/spec/log.md)."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.independent.keys import Key
from tests.independent.strict_json import Malformed, Mismatch, Unsupported, require, sha256


@dataclass(frozen=True)
class Vkey:
    """A note's verifier key."""

    name: str
    key_id: bytes
    kind: int
    key: Key


@dataclass(frozen=True)
class Note:
    """A text and its signature lines: name, key id and value."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]


def unbase64(text: str) -> bytes:
    """Bytes of base64 with padding, in its one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("no base64") from error
    require(base64.b64encode(data).decode() == text, Malformed, "no base64")
    return data


def _is_name(name: str) -> bool:
    return name != "" and not any(sign.isspace() or sign == "+" or sign < " " or sign == "\x7f" for sign in name)


def vkey(text: str) -> Vkey:
    """A verifier key from its text."""
    parts = text.split("+", 2)
    require(len(parts) == 3 and _is_name(parts[0]), Malformed, "no vkey")
    name, key_id, rest = parts
    data = unbase64(rest)
    require(data != b"" and sha256(name.encode(), b"\n", data)[:4].hex() == key_id, Malformed, "a wrong key id")
    require(data[0] in {1, 4}, Unsupported, "a vkey of another type")
    return Vkey(name, bytes.fromhex(key_id), data[0], Key("Ed25519", data[1:]))


def parse(whole: str) -> Note:
    """A note by the three rules."""
    require(len(whole.encode()) <= 256 << 10, Malformed, "a note too long")
    head, found, tail = whole.rpartition("\n\n")
    text = head + "\n"
    require(found != "" and tail.endswith("\n"), Malformed, "no note")
    require(not any(sign < " " and sign != "\n" for sign in text), Malformed, "control characters in a note")
    lines = tail[:-1].split("\n")
    require(1 <= len(lines) <= 64, Malformed, "too many signatures")
    return Note(text, [_signature(line) for line in lines])


def _signature(line: str) -> tuple[str, bytes, bytes]:
    require(line.startswith("\u2014 "), Malformed, "no signature line")
    name, found, value = line[2:].partition(" ")
    require(found != "" and _is_name(name), Malformed, "no signature line")
    data = unbase64(value)
    require(len(data) >= 5, Malformed, "a signature without value")
    return name, data[:4], data[4:]


def keys_that_signed(note: Note, given: Iterable[Vkey]) -> set[tuple[int, Key]]:
    """Which of the given keys signed, with their types; one false line is a mismatch of the note."""
    signed = set()
    for known in given:
        for name, key_id, value in note.signatures:
            if (name, key_id) == (known.name, known.key_id):
                _verify_line(note.text, known, value)
                signed.add((known.kind, known.key))
    return signed


def _verify_line(text: str, known: Vkey, value: bytes) -> None:
    if known.kind == 1:
        known.key.verify(value, text.encode())
        return
    require(len(value) == 72, Mismatch, "a cosignature of another length")
    time = int.from_bytes(value[:8])
    require(time < 2**63, Malformed, "a time too late")
    known.key.verify(value[8:], f"cosignature/v1\ntime {time}\n{text}".encode())


def _decimal(text: str, least: int) -> int:
    require(re.fullmatch("0|[1-9][0-9]{0,18}", text) is not None, Malformed, "no decimal")
    require(least <= int(text) < 2**63, Malformed, "a decimal too large")
    return int(text)


def checkpoint(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text."""
    lines = text[:-1].split("\n")
    require(len(lines) >= 3 and "" not in lines, Malformed, "no checkpoint")
    root = unbase64(lines[2])
    require(len(root) == 32, Malformed, "no root")
    return lines[0], _decimal(lines[1], 1), root


def block(text: str) -> tuple[str, int, str]:
    """Chain, number and hash of a block note's text."""
    lines = text[:-1].split("\n")
    other = lines[0].startswith("credential-notary/block/") and lines[0] != "credential-notary/block/v1"
    require(not other, Unsupported, "another version")
    require(len(lines) == 4 and lines[0] == "credential-notary/block/v1", Malformed, "no block note")
    return lines[1], _decimal(lines[2], 0), lines[3]
