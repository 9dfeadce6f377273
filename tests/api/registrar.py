"""A registrar at the desk: a house whose first institution left its key to the notary, and a browser without screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from api.custody import draw_key
from api.demo.institutions import PROFILES, Institution
from api.examples import table_of
from api.founding import found_notary
from api.http.app import make_app
from api.http.limits import TokenBuckets
from api.key_files import KeyFile
from api.settings import EMBEDDED, ChainSetting, Settings
from notary.core.registry import MemberRecord
from notary.service.notary import Post
from tests.api.house import SINCE, House, open_house
from tests.mailbox import Mailbox

TABLE = table_of("first-aid").encode()
CUSTODIAL, OWN = 0, 1
"""The institution whose key the notary keeps, and the one that keeps its own."""
HERE = {"Sec-Fetch-Site": "same-origin"}
_LINK = re.compile(r'(?:href|action)="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass(slots=True)
class Counter:
    """A registrar's browser: it keeps its cookie and sends the forms it is shown."""

    client: TestClient

    def sign_in(self, key: str) -> Response:
        """Show the key, and be at the desk."""
        return self.post("/desk/sign-in", {"key": key})

    def get(self, path: str) -> Response:
        """Open a page."""
        found: Response = self.client.get(path, headers={"Accept": "text/html", **HERE})
        return found

    def post(
        self,
        path: str,
        fields: Mapping[str, Any] | None = None,
        files: list[tuple[str, tuple[str, bytes]]] | None = None,
        *,
        headers: Mapping[str, str] = HERE,
    ) -> Response:
        """Send a form, and follow where it leads."""
        sent = {"Accept": "text/html", **headers}
        found: Response = self.client.post(path, data=fields or {}, files=files or None, headers=sent)
        return found

    def template(self, example: str = "first-aid", **words: str) -> str:
        """Keep an example's template; returns its id."""
        text = text_in(self.get(f"/desk/templates?example={example}"))
        for before, after in words.items():
            text = text.replace(before, after)
        answer = self.post("/desk/templates", {"name": f"{example}.toml", "text": text})
        assert answer.status_code == 200, plain(answer)
        return str(answer.url).rpartition("template=")[2]

    def upload(self, template: str, table: bytes = TABLE, name: str = "class.csv") -> Response:
        """Lay a table down, and look at it."""
        return self.post("/desk/issue", {"template": template}, [("table", (name, table))])

    def issue(self, template: str, table: bytes = TABLE) -> Response:
        """Issue a table from its preview."""
        shown = self.upload(template, table)
        return self.post(str(shown.url.path), hidden(shown))

    def batch(self) -> int:
        """Issue the example's class, seal it, and sign it with the key that is kept."""
        self.issue(self.template())
        number = int(
            str(self.post("/desk/batches", {"recognition": "community", "accept": "yes"}).url).rpartition("/")[2]
        )
        assert "is under way" in plain(self.post(f"/desk/batches/{number}/sign"))
        return number


@contextmanager
def open_counter(folder: Path, url: str = "http://testserver") -> Iterator[House]:
    """Open a house of two institutions, of which the first left its key to the notary; its mails are kept in a box."""
    settings = Settings(
        data=folder / "notary",
        name="the Harbour Consortium",
        origin="harbour.example/log",
        public_url=url,
        chains=(ChainSetting(EMBEDDED),),
    )
    settings.data.mkdir(parents=True)
    institutions = (
        Institution(PROFILES[0], draw_key(settings.data, PROFILES[0].folder)),
        Institution(PROFILES[1], KeyFile.create(folder / "own.pem", "a test's")),
    )
    records = [_record(each, custodial=at == CUSTODIAL) for at, each in enumerate(institutions)]
    settings = found_notary(settings, records)
    with open_house(settings, institutions) as house:
        house.notary = replace(house.notary, post=Post(Mailbox(), url, settings.name))
        app: Any = make_app(house.notary, settings, house.anchoring)
        generous = TokenBuckets(10**9, 10**9)
        app.state.context = replace(app.state.context, questions=generous, letters=generous)
        house.client = TestClient(app, raise_server_exceptions=False)
        yield house


def sit_down(house: House, who: int = CUSTODIAL) -> Counter:
    """Return a registrar who has signed in, in a browser of their own."""
    found = Counter(TestClient(house.client.app, raise_server_exceptions=False))
    assert found.sign_in(house.api_keys[who]).url.path == "/desk"
    return found


def plain(answer: Response) -> str:
    """Return what a page says, without its markup."""
    body = answer.text.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    body = re.sub(r"<option.*?</option>|<svg.*?</svg>", "", body, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def hidden(answer: Response) -> dict[str, list[str]]:
    """Return the hidden fields of the first form of a page that sends something."""
    found: dict[str, list[str]] = {}
    forms = answer.text.partition("<main")[2].partition('<form class="plain-form" method="get"')
    posted = forms[0] if "<input" in forms[0] else forms[2].partition("</form>")[2]
    for name, value in _HIDDEN.findall(posted.partition("</form>")[0]):
        found.setdefault(name, []).append(unescape(value))
    return found


def text_in(answer: Response) -> str:
    """Return what stands in a page's text area."""
    found = re.search(r'<textarea id="text"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def _record(institution: Institution, *, custodial: bool) -> MemberRecord:
    record = institution.record(SINCE)
    return replace(record, keys=tuple(replace(key, custodial=custodial) for key in record.keys))
