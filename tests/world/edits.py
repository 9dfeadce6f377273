"""Changes to JSON as somebody with a text editor makes them: each gives a new value and leaves the old one alone.

A path names members and indexes, as in `submissions.0.status.change`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from notary.core.encoding import from_base64url, to_base64url
from notary.core.receipt import Receipt


def _parts(path: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in path.split(".")]


def get(document: Any, path: str) -> Any:
    """Read what stands at a path."""
    value: Any = document.to_json() if isinstance(document, Receipt) else document
    for part in _parts(path):
        value = value[part]
    return value


def edit(document: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """Change what stands at a path by a function of it."""
    return put(document, path, change(get(document, path)))


def put(document: Any, path: str, value: Any) -> Any:
    """Set a member, or an item of an array."""
    copy, holder, last = _open(document, path)
    holder[last] = deepcopy(value)
    return copy


def drop(document: Any, path: str) -> Any:
    """Remove a member, or an item of an array."""
    copy, holder, last = _open(document, path)
    del holder[last]
    return copy


def graft(document: Any, path: str, other: Any) -> Any:
    """Take what stands at this path in another document."""
    return put(document, path, get(other, path))


def swap(document: Any, path: str, other_path: str) -> Any:
    """Exchange two places of one document."""
    return put(put(document, path, get(document, other_path)), other_path, get(document, path))


def flipped(text: str) -> str:
    """Flip the lowest bit of the last byte of some base64url."""
    data = from_base64url(text, "text")
    return to_base64url(data[:-1] + bytes([data[-1] ^ 1]))


def _open(document: Any, path: str) -> tuple[Any, Any, str | int]:
    copy = deepcopy(document.to_json() if isinstance(document, Receipt) else document)
    *way, last = _parts(path)
    holder: Any = copy
    for part in way:
        holder = holder[part]
    return copy, holder, last
