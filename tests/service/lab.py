"""A notary on embedded parts with the demo's institutions, and ports that fail on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import EMBEDDED, ChainSetting, Settings
from api.wiring import open_notary
from notary.core.credential import Credential, read
from notary.core.errors import OperatorError
from notary.core.registry import MemberRecord
from notary.core.statement import SignedStatement
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.ports.ledger import BatchRow
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from notary.service.rounds.standing import Round
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.reading import Refused, Source, read_source
from notary.service.submission.seal import seal
from notary.service.submission.signing import recompute, sign

SINCE = "2026-01-01T00:00:00Z"
_PASSPHRASE = "for tests"


@dataclass
class Lab:
    """One notary and the keys of its institutions; `notary` may be replaced by one with other parts."""

    settings: Settings
    notary: Notary
    institutions: tuple[Institution, ...]
    issued: int = 0

    def record(self, institution: Institution) -> MemberRecord:
        return members_in_force(self.notary.ledger).require(institution.did)

    def credentials(self, institution: Institution, *learners: str) -> list[bytes]:
        """Issue credentials, each another one."""
        made = []
        for learner in learners:
            self.issued += 1
            issued = institution.issue(learner, self.issued, "2026-05-01T00:00:00Z", {"work.png": "the work"})
            made.append(json.dumps(issued).encode())
        return made

    def submit(self, institution: Institution, *data: bytes, **options: Any) -> list[Accepted | Refused]:
        record = self.record(institution)
        as_file = options.pop("as_file", False)
        sources = (Source(one, f"learner-{at}.json") for at, one in enumerate(data, 1))
        readings = [read_source(source, record, as_file=as_file) for source in sources]
        return list(accept(self.notary, record, readings, **options))

    def sealed(self, institution: Institution, *learners: str) -> tuple[BatchRow, SignedStatement]:
        """Submit, seal and sign, as far as the institution's part goes."""
        data = self.credentials(institution, *learners)
        self.submit(institution, *data)
        batch = seal(self.notary, self.record(institution))
        return batch, self.signed(institution, batch, [read(one, "own") for one in data])

    def signed(self, institution: Institution, batch: BatchRow, own: list[Credential]) -> SignedStatement:
        shown = recompute(BatchFile.parse(write_batch_file(self.notary, batch.id)), own)
        return sign(shown.statement, institution.key, institution.verification_method)

    def logged(self, institution: Institution, *learners: str) -> BatchRow:
        _, signed = self.sealed(institution, *learners)
        return log_batch(self.notary, signed)

    def anchor(self, tries: int = 10) -> tuple[Round, ...]:
        """Advance until nothing moves any more."""
        for _ in range(tries):
            found = advance(self.notary)
            if all(one.final for one in found):
                return found
        raise AssertionError("the anchor did not become final")

    def verdicts(self, batch: BatchRow) -> list[Result]:
        """Verify every receipt of a batch by the notary's own trust file."""
        trust = export_trust(self.notary, "the lab")
        now = datetime.now(UTC)
        return [verify(bytes(made), trust, at=now).result for _, made in batch_receipts(self.notary, batch.id)]


def found(folder: Path) -> None:
    """Found a notary with the demo's three institutions in a folder."""
    for profile in PROFILES:
        KeyFile.create(folder / f"{profile.folder}.pem", _PASSPHRASE)
    chosen = Settings.load(folder / "notary", {})
    records = [institution.record(SINCE) for institution in _institutions(folder)]
    found_notary(replace(chosen, name="the lab", origin="lab.example/log", chains=(ChainSetting(EMBEDDED),)), records)


@contextmanager
def opened(folder: Path) -> Iterator[Lab]:
    """Open a founded one."""
    settings = Settings.load(folder / "notary", {})
    with open_notary(settings) as notary:
        yield Lab(settings, notary, _institutions(folder))


def _institutions(folder: Path) -> tuple[Institution, ...]:
    return tuple(
        Institution(profile, KeyFile.load(folder / f"{profile.folder}.pem", _PASSPHRASE)) for profile in PROFILES
    )


class Fault(OperatorError):
    """What a test makes happen."""

    def __init__(self) -> None:
        super().__init__("a fault on purpose")


class Failing:
    """A part of which one method fails at its n-th call: before it did anything, or after it did all (`happens`)."""

    def __init__(self, part: Any, method: str, *, at: int = 1, happens: bool) -> None:
        self._part, self._method, self._left, self._happens = part, method, at, happens

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return self._wrapped(found) if name == self._method else found

    def _wrapped(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left:
                return method(*args, **options)
            if self._happens:
                method(*args, **options)
            raise Fault

        return call


class FailingLedger:
    """A ledger whose n-th writing unit of work fails: undone, or done and not known to be (`happens`)."""

    def __init__(self, ledger: Any, *, at: int, happens: bool) -> None:
        self._ledger, self._left, self._happens = ledger, at, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self._left -= 1
        if self._left:
            with self._ledger.begin() as work:
                yield work
            return
        if self._happens:
            with self._ledger.begin() as work:
                yield work
            raise Fault
        with self._ledger.begin() as work:
            yield work
            raise Fault


def resigned(signed: SignedStatement, institution: Institution, **changes: Any) -> SignedStatement:
    """Sign the same statement with changes."""
    return sign(replace(signed.statement, **changes), institution.key, institution.verification_method)
