"""Token buckets: what is public and costs work is given out at a steady rate to each address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

_MOST_REMEMBERED = 10_000
_HOUSEHOLD = 64
"""Bits of an IPv6 address that one subscriber holds at least."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class TokenBuckets:
    """`burst` at once, then `rate` a second, for each name. In this process alone."""

    def __init__(self, burst: int, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # the longest unused first
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """Take one token; return 0, or the seconds until there is one."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(name, _Bucket(self._burst, now))
            self._buckets.move_to_end(name)
            if len(self._buckets) > _MOST_REMEMBERED:
                self._buckets.popitem(last=False)  # the fullest, so the least is forgotten
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / self._rate
            bucket.tokens -= 1
            return 0


def household(host: str | None) -> str:
    """Return what counts as one caller: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _HOUSEHOLD << _HOUSEHOLD))
