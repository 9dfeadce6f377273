"""Blocks in a Kubo node, over its RPC.

`ipfshttpclient` is unmaintained: it is confined to this module, and its
`connect()`, which refuses every Kubo of these years, is not used. The node is
believed in nothing: blocks are named before they are sent and checked when
they come back, and what it says it pinned is compared with what it was asked.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from urllib.parse import unquote, urlsplit

import ipfshttpclient
from ipfshttpclient.exceptions import Error as ClientError
from ipfshttpclient.exceptions import StatusError

from anchoring.batches import batches
from anchoring.car import write_car
from notary.core.cid import MAX_BLOCK, Cid, StoredBlock
from notary.core.errors import Malformed, Mismatch, OperatorError

TIMEOUT = 60.0
"""Seconds the node may be silent; online, it looks that long for a block that is nowhere."""
_GRACE = 5.0
"""Seconds to connect, and to wait beyond the time after which the node itself gives up."""
_PIECE = 1 << 16
_NOT_KEPT = ("could not find", "not found", "different hash")
"""How a node that was asked offline says that it lacks a block, or that its disk has damaged it."""
_FULL = "no space left on device"
"""What a Kubo on LevelDB says of every write once its disk was full, with room again, until it is started again."""
_MAKE_ROOM = "Make room on the node's disk, then restart the node: its database does not recover by itself."
_NUMERIC_HOST = re.compile(r"[0-9.]+")


class KuboBlocks:
    """The BlockStore of a notary with an IPFS node, which others may use too."""

    def __init__(self, address: str, *, timeout: float = TIMEOUT) -> None:
        """Name the node: `/dns/host/tcp/5001/http` or `http://host:5001`, with user and password if it asks.

        Nothing is sent yet.
        """
        self._address, auth = _parse(address)
        # The node gives up first: then it says why, where a broken connection would not.
        self._patience = f"{timeout:g}s"
        # The client's own, of no use to an operator.
        warnings.filterwarnings("ignore", "The 'strict' parameter", FutureWarning, "urllib3")
        try:
            self._client = ipfshttpclient.Client(
                self._address,
                auth=auth,
                chunk_size=_PIECE,
                session=True,
                timeout=(_GRACE, timeout + _GRACE),
            )
        except ClientError as error:
            raise _bad_address() from error

    @property
    def name(self) -> str:
        """Its address, without user and password."""
        return self._address

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        """As the port says, as CARs: during an import the node collects no garbage before its pin stands."""
        for batch, last in batches(blocks):
            roots = tuple(dict.fromkeys(pins)) if last else ()
            if not roots:
                self._import(batch, None)
            # One import a pin: where several are in one, the wait for a missing block fails those that are whole too.
            new: list[Cid] = []
            for root in roots:
                pinned = root != roots[-1] and self._is_pinned(root)
                refusal = self._import(batch, root)
                batch = []  # noqa: PLW2901 - sent with the first pin
                if refusal:
                    for earlier in new:
                        self.unpin(earlier)
                    raise OperatorError(
                        f"the IPFS node at {self._address} cannot pin {root}",
                        actual=refusal,
                        hint=_MAKE_ROOM
                        if _FULL in refusal
                        else "A block below it is missing there (a node that is online looked for it until the time "
                        "was up): put it together with the others; nothing new was pinned.",
                    )
                if not pinned:
                    new.append(root)

    def get(self, cid: Cid) -> bytes:
        """As the port says; a node that is online looks for the block at others too."""
        data = self._read(cid, {"timeout": self._patience})
        try:
            return StoredBlock(cid, data).data
        except (Malformed, Mismatch) as error:
            raise self._untrue(error) from error

    def kept(self, cid: Cid) -> bytes | None:
        """As the port says: offline, so that another node's copy does not hide that this one's is gone."""
        try:
            data = self._read(cid, {"timeout": self._patience, "offline": "true"})
            return StoredBlock(cid, data).data
        except _Refused as refusal:
            if any(said in refusal.reason for said in _NOT_KEPT):
                return None
            raise
        except (Malformed, Mismatch):
            return None

    def unpin(self, cid: Cid) -> None:
        """As the port says; the node's own garbage collection frees the space."""
        try:
            with self._asking(f"unpin {cid}"):
                self._client.pin.rm(str(cid))
        except _Refused as refusal:
            if "not pinned" not in refusal.reason:
                raise

    def pins(self) -> Iterator[Cid]:
        """As the port says; pins that others made, under names this project does not write, are left out."""
        with (
            self._asking("list its pins"),
            self._client.pin.ls(type="recursive", stream=True, opts={"stream": "true"}) as answers,
        ):
            names = [answer["Cid"] for answer in answers]
        for name in names:
            try:
                cid = Cid.parse(name)
            except Malformed:
                continue
            yield cid

    def sweep(self) -> int:
        """As the port says: nothing here, for the node is its operator's (`ipfs repo gc`)."""
        return 0

    def _read(self, cid: Cid, options: dict[str, str]) -> bytes:
        data = bytearray()
        with self._asking(f"give block {cid}"), self._client.block.get(str(cid), stream=True, opts=options) as pieces:
            for piece in pieces:
                data += piece
                if len(data) > MAX_BLOCK:
                    break
        return bytes(data)

    def _is_pinned(self, cid: Cid) -> bool:
        try:
            with self._asking(f"say whether {cid} is pinned"):
                self._client.pin.ls(str(cid), type="recursive")
        except _Refused as refusal:
            if "not pinned" in refusal.reason:
                return False
            raise
        return True

    def _import(self, blocks: list[StoredBlock], root: Cid | None) -> str:
        """Send blocks and pin a root; give the node's reason where it could not, with all else gone well."""
        roots = [] if root is None else [root]
        car = BytesIO(b"".join(write_car(roots, blocks)))
        options = {"pin-roots": "true", "stats": "true", "timeout": self._patience}
        pinned: dict[str, str] = {}
        stored = None
        with (
            self._asking(f"store {len(blocks)} blocks and pin {root or 'none'}"),
            self._client.dag.imprt(car, stream=True, opts=options) as answers,
        ):
            for answer in answers:
                if "Root" in answer:
                    pinned[answer["Root"]["Cid"]["/"]] = answer["Root"].get("PinErrorMsg", "")
                else:
                    stored = answer["Stats"]["BlockCount"]
        if stored != len(blocks):
            raise self._untrue(f"{stored} of {len(blocks)} blocks stored")
        if list(pinned) != [str(root) for root in roots]:
            raise self._untrue(f"a pin of {' '.join(pinned) or 'nothing'} instead of {root or 'nothing'}")
        return pinned.get(str(root), "")

    def _untrue(self, what: object) -> OperatorError:
        return OperatorError(
            f"the IPFS node at {self._address} answers what cannot be true",
            actual=what,
            hint="Check which program answers there, and run `ipfs repo verify` on the node.",
        )

    @contextmanager
    def _asking(self, request: str) -> Iterator[None]:
        """Turn every failure of node, connection and client into an OperatorError that names node and request."""
        try:
            yield
        except StatusError as error:
            raise _Refused(self._address, request, str(error)) from error
        except (ClientError, OSError) as error:
            raise OperatorError(
                f"the IPFS node at {self._address} cannot be reached, or broke off, to {request}",
                actual=type(error).__name__,
                hint="Start it with `ipfs daemon`, or correct its address; safe to repeat.",
            ) from error
        except (AttributeError, KeyError, TypeError) as error:
            raise self._untrue(f"{type(error).__name__}: {error}") from error


class _Refused(OperatorError):
    """The node understood, and said no."""

    def __init__(self, address: str, request: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the IPFS node at {address} refused to {request}",
            actual=reason,
            hint=_MAKE_ROOM if _FULL in reason else "Its log says more: `ipfs log tail`.",
        )


def _parse(address: str) -> tuple[str, tuple[str, str] | None]:
    """Return the node's multiaddr, fit for messages, and the user and password beside it."""
    if address.startswith("/"):
        return address, None
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port or (443 if url.scheme == "https" else 5001)
    except ValueError as error:
        raise _bad_address() from error
    if url.scheme not in {"http", "https"} or not host or url.path.strip("/") or url.query or url.fragment:
        raise _bad_address()
    kind = "ip6" if ":" in host else "ip4" if _NUMERIC_HOST.fullmatch(host) else "dns"
    auth = None if url.username is None else (unquote(url.username), unquote(url.password or ""))
    return f"/{kind}/{host}/tcp/{port}/{url.scheme}", auth


def _bad_address() -> OperatorError:
    """The address itself is not shown: it may hold a password."""
    return OperatorError(
        "address of the IPFS node", expected="/dns/HOST/tcp/5001/http or http://HOST:5001", hint="Correct the setting."
    )
