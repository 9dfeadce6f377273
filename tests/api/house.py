"""A founded notary of two institutions in a folder, with its HTTP service in front: what the HTTP tests talk to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.http.app import make_app
from api.http.limits import TokenBuckets
from api.key_files import KeyFile
from api.settings import EMBEDDED, ChainSetting, Settings
from api.wiring import open_notary, schedule_of
from api.worker.outlook import Outlook
from notary.core.canonical import canonical
from notary.core.encoding import from_base64url
from notary.core.errors import NotaryError
from notary.ports.ledger import WorkerRow
from notary.service.access.api_keys import create_api_key
from notary.service.notary import Notary
from notary.service.rounds.advancing import advance
from notary.service.submission.batch_file import BatchFile
from notary.service.submission.signing import sign

SINCE = "2020-01-01T00:00:00Z"
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON_BODY = {"Content-Type": "application/json"}


class Anchoring(Outlook):
    """The house's only worker does its rounds when a test says so."""

    def round(self) -> None:
        """Take everything as far as it goes, and beat."""
        try:
            held = {row.chain: row.reason for found in advance(self.notary) for row in found.held}
            trouble = "; ".join(f"{chain} is held: {reason}" for chain, reason in held.items()) or None
        except NotaryError as error:
            trouble = str(error)
        self.tell(trouble=trouble)

    def tell(self, *, age: timedelta = timedelta(), trouble: str | None = None, waits: str | None = None) -> None:
        """Beat, as a worker of this age would have."""
        now = self.notary.clock.now()
        balances = {site.chain.id: site.wallet.balance() for site in self.notary.sites}
        row = WorkerRow("house", now - age, 10, None if trouble else now, trouble, waits, balances)
        with self.notary.ledger.begin() as work:
            work.workers.save(row)


@dataclass(slots=True)
class House:
    """The notary, its service, and what two institutions have in hand: keys to sign and keys to call with."""

    notary: Notary
    settings: Settings
    anchoring: Anchoring
    client: TestClient
    institutions: tuple[Institution, ...]
    api_keys: tuple[str, ...]

    def auth(self, who: int = 0) -> dict[str, str]:
        """The header an institution calls with."""
        return {"Authorization": f"Bearer {self.api_keys[who]}"}

    def credential(self, learner: str = "Ana Pérez", who: int = 0, number: int = 1) -> bytes:
        """Issue a credential, signed by its institution."""
        return canonical(self.institutions[who].issue(learner, number, "2026-05-03T00:00:00Z", {}))

    def submit(self, *learners: str, who: int = 0, number: int = 1) -> list[dict[str, Any]]:
        """Hand credentials in as a stream; return what the report says of each."""
        body = b"\n".join(self.credential(name, who, number + at) for at, name in enumerate(learners))
        report = self.client.post("/v1/credentials", content=body, headers={**self.auth(who), **NDJSON}).json()
        assert not report["refused"], report
        accepted: list[dict[str, Any]] = report["accepted"]
        return accepted

    def seal(self, who: int = 0) -> int:
        """Seal what waits; return the batch's number."""
        return int(self.client.post("/v1/batches", headers=self.auth(who)).json()["batch"])

    def signature(self, batch: int, who: int = 0) -> bytes:
        """Sign a batch from its batch file, as the institution's own machine does."""
        data = self.client.get(f"/v1/batches/{batch}/file", headers=self.auth(who)).content
        statement = BatchFile.parse(data.splitlines(keepends=True)).statement
        institution = self.institutions[who]
        return canonical(sign(statement, institution.key, institution.verification_method).to_json())

    def anchor(self, batch: int, who: int = 0) -> bytes:
        """Sign a batch, hand the signature in, and anchor; return what was signed (another second, another one)."""
        signed = self.signature(batch, who)
        answer = self.client.post(f"/v1/batches/{batch}/statement", content=signed, headers=self.auth(who))
        assert answer.status_code == 200, answer.text
        self.anchoring.round()
        assert self.anchoring.condition.trouble is None
        return signed

    def award(self, *learners: str, who: int = 0, number: int = 1) -> list[dict[str, Any]]:
        """Take credentials the whole way."""
        accepted = self.submit(*learners, who=who, number=number)
        self.anchor(self.seal(who), who)
        return accepted

    def receipt(self, credential: str, who: int = 0) -> bytes:
        """Fetch a receipt."""
        answer = self.client.get(f"/v1/receipts/{credential}", headers=self.auth(who))
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)


def found_house(folder: Path, url: str = "http://testserver") -> tuple[Settings, tuple[Institution, ...]]:
    """Found a consortium of two institutions on the embedded parts."""
    institutions = tuple(
        Institution(profile, KeyFile.create(folder / f"{profile.folder}.pem", "a test's")) for profile in PROFILES[:2]
    )
    settings = Settings(
        data=folder / "notary",
        name="the Harbour Consortium",
        origin="harbour.example/log",
        public_url=url,
        chains=(ChainSetting(EMBEDDED),),
    )
    return found_notary(settings, [each.record(SINCE) for each in institutions]), institutions


@contextmanager
def open_house(settings: Settings, institutions: tuple[Institution, ...]) -> Iterator[House]:
    """Open a founded house, its service in this process; it may be asked as often as a test likes."""
    with open_notary(settings) as notary:
        anchoring = Anchoring(notary, schedule_of(settings))
        app = make_app(notary, settings, anchoring)
        generous = TokenBuckets(10**9, 10**9)
        app.state.context = replace(app.state.context, questions=generous, letters=generous)
        client = TestClient(app, raise_server_exceptions=False)
        keys = tuple(create_api_key(notary, each.did)[1] for each in institutions)
        yield House(notary, settings, anchoring, client, institutions, keys)


def token_of(accepted: dict[str, Any]) -> str:
    """The token at the end of a learner's link."""
    token = str(accepted["link"]).rpartition("/")[2]
    assert len(from_base64url(token, "token")) == 16
    return token


def problem(answer: Any) -> dict[str, Any]:
    """The RFC 9457 problem of an answer, which has to be one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == answer.status_code
    return found
