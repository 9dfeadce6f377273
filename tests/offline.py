"""No test talks to the network unless it says so; Unix sockets stay open.

The guard is an audit hook, so it also sees what goes through the C module under `socket`. It does
not see libraries that open sockets without Python, nor other processes.
"""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GUARDED = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}
"""Audit events that reach out, and where their arguments hold the address or host."""

_installed = False
_loopback_allowed = False


class NetworkBlockedError(RuntimeError):
    """A test reached for the network.

    Not an `OSError`, or code that survives outages would hide it.
    """


def block_network() -> None:
    """Block the network for the rest of the process."""
    global _installed  # noqa: PLW0603 -- an audit hook is process-wide and can never be taken out
    if not _installed:
        sys.addaudithook(_guard)
        _installed = True


@contextmanager
def loopback(*, allowed: bool) -> Iterator[None]:
    """Let addresses of this machine through, or not, for as long as the block runs."""
    global _loopback_allowed  # noqa: PLW0603 -- the audit hook takes no arguments of ours
    before, _loopback_allowed = _loopback_allowed, allowed
    try:
        yield
    finally:
        _loopback_allowed = before


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    position = _GUARDED.get(event)
    if position is None:
        return
    address = arguments[position]
    if address is None or isinstance(address, bytes) or (isinstance(address, str) and position):
        return  # an already connected socket, or the path of a Unix socket
    host = address[0] if isinstance(address, tuple) else address
    if not _is_loopback(host):
        raise NetworkBlockedError(f"tests run without a network, and this one asked for {host!r}")
    if not _loopback_allowed:
        raise NetworkBlockedError(
            f"this test asked for {host!r}: mark it `node` (needs a real part) or `loopback` (starts its own server)"
        )


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
