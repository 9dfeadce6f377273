"""Text of others as it may be shown: without characters that nobody sees and everything obeys."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
"""Control characters, non-characters and those that turn the direction of text, and with it what stands after it."""


def plain(text: str) -> str:
    """Return text without control and direction characters; joiners stay, which names in many scripts need."""
    return _UNSEEN.sub("", text)
