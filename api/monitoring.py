"""An institution's monitor as a process: its parts by what the operator named, its state in a file, its alarms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from anchoring.mirrors import open_mirror
from api.witnessing import write_whole
from notary.core.encoding import shorten
from notary.core.errors import IssuerError, NotaryError, OperatorError, Pending, VerifierError
from notary.core.note import MAX_SIZE as MAX_NOTE
from notary.core.shape import read_did
from notary.core.statement import MAX_ENTRY
from notary.core.trust import MAX_SIZE as MAX_TRUST
from notary.core.trust import TrustedConsortium, TrustedLog, TrustFile
from notary.ports import Address, BlockReader
from notary.service.monitoring.anchored import Place
from notary.service.monitoring.findings import Findings, Report
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.own import Own, read_own
from notary.service.monitoring.seen import Seen

MAX_STATE = 1 << 30
_OWN_FILES = ("*.json", "*.ndjson")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is read from: the log's mirror, nodes, blocks, and what the institution trusts."""

    log: str
    chains: tuple[str, ...]
    ipfs: str | None
    trust_file: Path


@dataclass(slots=True)
class Monitoring:
    """A monitor between looks."""

    issuer: str
    places: Places
    state: Path
    own: Path | None
    max_age: int
    webhook: str | None
    mail: str | None
    smtp: str
    seen: Seen

    @classmethod
    def open(
        cls,
        issuer: str,
        places: Places,
        state: Path,
        own: Path | None,
        max_age: int,
        *,
        webhook: str | None = None,
        mail: str | None = None,
        smtp: str = "",
    ) -> Monitoring:
        """Take up the state, or begin one; OperatorError where it is another log's or institution's."""
        read_did(issuer, "--issuer")
        _, log = _trusted(places)
        seen = Seen(log.origin, issuer)
        if state.exists():
            with state.open("rb") as file:
                data = file.read(MAX_STATE + 1)
            seen = Seen.parse(data)
        if (seen.origin, seen.issuer) != (log.origin, issuer):
            raise OperatorError(
                f"{state} is another monitor's",
                expected=f"{issuer} in {log.origin}",
                actual=f"{seen.issuer} in {seen.origin}",
                hint="Name a file of its own: --state FILE",
            )
        return cls(issuer, places, state, own, max_age, webhook, mail, smtp, seen)

    def settle(self) -> None:
        """Report no more what was found so far."""
        self.seen.lasting = Findings()

    def look(self, now: datetime) -> tuple[Report, OperatorError | None]:
        """Look once, tell of what is new, keep what was seen; also return why nobody could be told.

        The state is kept last: after a crash everything is looked at, and told, again.
        """
        consortium, log = _trusted(self.places)
        own = None if self.own is None else _read_own(self.own)
        blocks = None if self.places.ipfs is None else _open_blocks(self.places.ipfs)
        chains, unreachable = _open_chains(self.places.chains, consortium)
        watch = Watch(
            mirror=open_mirror(self.places.log),
            keys=log.keys,
            own=own,
            places=chains,
            blocks=blocks,
            max_age=self.max_age,
        )
        self.seen, report = monitor(self.seen, watch, now)
        report = replace(report, open=(*report.open, *unreachable))
        untold = self._tell(report)
        write_whole(self.state, bytes(self.seen))
        return report, untold

    def _tell(self, report: Report) -> OperatorError | None:
        """Tell once of each set of findings; where nobody takes it, it is told again after the next look."""
        from api.alerts import mail_report, post_report

        found = json.dumps([finding.to_json() for finding in report.findings])
        digest = hashlib.sha256(found.encode()).hexdigest() if report.findings else ""
        if digest and digest != self.seen.told:
            try:
                if self.webhook:
                    post_report(self.webhook, report)
                if self.mail:
                    mail_report(self.mail, self.smtp, report)
            except OperatorError as error:
                return error
        self.seen.told = digest
        return None


def _trusted(places: Places) -> tuple[TrustedConsortium, TrustedLog]:
    """Return the one log of the trust file, or the one the mirror says it is."""
    with places.trust_file.open("rb") as file:
        data = file.read(MAX_TRUST + 1)
    try:
        trust = TrustFile.parse(data)
    except NotaryError as error:
        raise VerifierError(f"{places.trust_file}: {error}", hint="Get it again from the consortium") from error
    known = [(consortium, log) for consortium in trust.consortia for log in consortium.logs]
    if len(known) == 1:
        return known[0]
    try:
        first = open_mirror(places.log).read("checkpoint", max_size=MAX_NOTE).partition(b"\n")[0]
    except OperatorError as error:
        raise Pending(f"which log this is could not be read: {error}", hint="Try again later") from error
    origin = first.decode("utf-8", "replace")
    for consortium, log in known:
        if log.origin == origin:
            return consortium, log
    raise VerifierError(f"{places.trust_file} does not know the log {shorten(origin)}")


def _open_chains(urls: tuple[str, ...], consortium: TrustedConsortium) -> tuple[list[Place], list[str]]:
    """Open each node with the contracts that are trusted on its chain; also say which could not be reached."""
    found: list[Place] = []
    unreachable: list[str] = []
    for url in urls:
        from anchoring.evm import EvmChain

        try:
            chain = EvmChain(url)
            name = chain.id
        except OperatorError as error:
            unreachable.append(f"a chain could not be read: {error}")
            continue
        contracts = [each for each in consortium.contracts if each.chain == name]
        if not contracts:
            known = ", ".join(sorted({each.chain for each in consortium.contracts}))
            raise VerifierError("a node of a chain this log is not anchored on", expected=known, actual=name)
        found += [Place(chain, Address(each.contract)) for each in contracts]
    return found, unreachable


def _open_blocks(place: str) -> BlockReader:
    if place.startswith(("http://", "https://")):
        from anchoring.gateway import GatewayBlocks

        return GatewayBlocks(place)
    from anchoring.embedded_blocks import FILE, EmbeddedBlocks

    folder = Path(place)
    if not (folder / FILE).exists():
        raise OperatorError("--ipfs", expected=f"a gateway's address, or a folder with {FILE}", actual=shorten(place))
    return EmbeddedBlocks(folder)


def _read_own(folder: Path) -> Own:
    own, neither = read_own(_own_files(folder))
    if not own.signed and not own.sealed and neither:
        raise IssuerError(f"{folder} holds no signed statement and no batch file", actual=shorten(neither[0]))
    return own


def _own_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give statements whole, and of batch files the first line: their positions are not needed."""
    for pattern in _OWN_FILES:
        for path in sorted(folder.rglob(pattern)):
            with path.open("rb") as file:
                whole = path.suffix == ".json"
                yield path.name, file.read(2 * MAX_ENTRY) if whole else file.readline(MAX_ENTRY)
