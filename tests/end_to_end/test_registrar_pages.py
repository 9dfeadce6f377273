"""A class by the pages alone: a real `notary serve`, a real mailbox, Chromium; on a phone and at a desk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from api.demo.registrar.class_list import FIRST, NO_ADDRESS, NO_DATE, Row, make_class, write_class
from api.demo.registrar.mending import LOST, NEW_NAME, RENAMED, REVOKED
from api.demo.registrar.pages import serving
from api.demo.registrar.post import Mailboxes, receiving
from tests.api.test_http_chromium import DESK, PHONE, browser, visit
from tests.api.test_sharing_chromium import is_large, look
from tests.conftest import lacking
from tests.end_to_end.running import notary
from tests.parts import free_port

__all__ = ["browser"]
pytestmark = pytest.mark.node

ROWS, GOOD = 30, 28
PATIENCE = 180.0
"""Seconds for rounds every two seconds and mails every fifteen, on a machine that others use."""


@dataclass(frozen=True, slots=True)
class Office:
    """Where the pages are, the registrar's key, what was mailed, and the folder of all of it."""

    home: str
    key: str
    mailboxes: Mailboxes
    folder: Path


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A notary of one college that left its key to it, served, with a mail server beside it."""
    if find_spec("aiosmtpd") is None:
        lacking("the package aiosmtpd is not installed; scripts/setup installs it")
    folder, port, mail = tmp_path_factory.mktemp("office"), free_port(), free_port()
    home = f"http://127.0.0.1:{port}"
    data = str(folder / "notary")
    wanted = ("--custodial", "--name", "Fenwick College", "--recognition", "community")
    applied = notary("member", "apply", *wanted, "--json", cwd=folder, NOTARY_DATA=data).json
    notary(
        *("init", "--name", "the Harbour Consortium", "--member", applied["application"], "--yes"),
        cwd=folder,
        NOTARY_DATA=data,
        NOTARY_LISTEN=f"127.0.0.1:{port}",
        NOTARY_PUBLIC_URL=home,
        NOTARY_SMTP=f"smtp://127.0.0.1:{mail}",
        NOTARY_MAIL_FROM="Fenwick College <registrar@fenwick.example>",
        NOTARY_ANCHOR_EVERY="2",
    )
    made = notary("api-key", "new", applied["record"]["id"], "--json", cwd=folder, NOTARY_DATA=data).json
    with ExitStack() as stack:
        mailboxes = stack.enter_context(receiving(mail))
        stack.enter_context(serving(home, {**os.environ, "NOTARY_DATA": data}, folder / "serve.log"))
        yield Office(home, made["api_key"], mailboxes, folder)


def until(what: str, so: Callable[[], bool]) -> None:
    """Wait for what comes by itself."""
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.5)


def shows(page: Page, address: str, words: str) -> Callable[[], bool]:
    """Say, each time it is asked, whether a page shows something now."""

    def looked() -> bool:
        page.goto(address)
        return words in page.inner_text("main")

    return looked


def test_a_class_is_issued_delivered_and_mended_by_pages(office: Office, browser: Browser) -> None:
    """From the spreadsheet to 28 mailboxes; a lost link, a changed name, an award taken back; the phone shows it."""
    rows = make_class(ROWS)
    desk, phone = visit(browser, DESK), visit(browser, PHONE, is_mobile=True, has_touch=True)
    page = desk.page

    def seen(name: str) -> None:
        look(desk, f"desk-{name}")
        desk.is_clean()

    _sign_in(page, office)
    _issue(page, office, rows, seen)
    _seal_and_sign(page)
    page.click("text=Deliver it")
    page.click(f"button:has-text('Mail {GOOD} learners')")
    addresses = {row.email.strip().lower() for at, row in enumerate(rows, FIRST) if at not in (NO_ADDRESS, NO_DATE)}
    until("the learners' mail", lambda: {mail.to for mail in office.mailboxes.mails} == addresses)

    links = {row: office.mailboxes.to(_address(rows, row))[0].tokens[0] for row in (LOST, RENAMED, REVOKED)}
    own = f"{office.home}/r/{links[RENAMED]}"
    until("the anchor", shows(phone.page, own, "Verified."))
    assert rows[RENAMED - FIRST].name in phone.page.inner_text("main")
    look(phone, "phone-learner")
    is_large(phone)
    phone.is_clean()

    phone.page.goto(f"{office.home}/lost")
    phone.page.fill("input[name=email]", _address(rows, LOST))
    phone.page.click("button:has-text('Mail me my links')")
    look(phone, "phone-lost")

    _find(page, office, rows[RENAMED - FIRST].name)
    page.click("a:has-text('Put a corrected one')")
    if page.is_visible("button:has-text('Fill in the row')"):
        page.click("button:has-text('Fill in the row')")
    page.fill("input[name='cell-name']", NEW_NAME)
    page.check("input[name=reason][value=name-change]")
    seen("reissue")
    page.click("button:has-text('Sign it and put it in its place')")
    page.goto(f"{office.home}/desk/batches")
    _seal_and_sign(page)
    _find(page, office, rows[REVOKED - FIRST].name)
    page.click("a:has-text('Revoke')")
    page.check("input[name=reason][value=requirements-not-met]")
    page.click("button:has-text('Revoke')")

    until("the new credential's anchor", shows(page, f"{office.home}/desk/statuses", rows[RENAMED - FIRST].name))
    seen("statuses")
    page.click("button:has-text('Sign')")
    until("the new name", shows(phone.page, own, NEW_NAME))
    assert rows[RENAMED - FIRST].name not in phone.page.content()
    look(phone, "phone-renamed")
    until("the revocation", shows(phone.page, f"{office.home}/r/{links[REVOKED]}", "Revoked."))
    assert "Verified" not in phone.page.inner_text("main")
    look(phone, "phone-revoked")
    phone.is_clean()
    until("the second link", lambda: len(office.mailboxes.to(_address(rows, LOST))) == 2)
    for mail in office.mailboxes.to(_address(rows, LOST)):
        phone.page.goto(f"{office.home}/r/{mail.tokens[0]}")
        assert rows[LOST - FIRST].name in phone.page.inner_text("main")
    seen("end")


def _sign_in(page: Page, office: Office) -> None:
    page.goto(f"{office.home}/desk/sign-in")
    page.fill("#key", office.key)
    page.click("button:has-text('Sign in')")


def _issue(page: Page, office: Office, rows: tuple[Row, ...], seen: Callable[[str], None]) -> None:
    table = office.folder / "class-3b.csv"
    table.write_bytes(write_class(rows))
    page.click("a.button:has-text('Issue a class')")
    page.click("a:has-text('Begin with data literacy')")
    page.click("button:has-text('Keep it')")
    page.set_input_files("#table", table)
    page.click("button:has-text('Look it over')")
    assert page.inner_text("h1") == f"{GOOD} of {ROWS} rows are ready."
    for finding in (f"Row {NO_ADDRESS} has no e-mail", "31.02.2026"):
        assert finding in page.inner_text("main")
    seen("preview")
    page.click(f"button:has-text('Sign {GOOD} credentials')")
    page.click("text=Seal them into a batch")


def _seal_and_sign(page: Page) -> None:
    if page.is_visible("input[name=accept]"):
        page.check("input[name=accept]")
    page.click("button:has-text('Seal the batch')")
    page.click("button:has-text('Sign batch')")


def _find(page: Page, office: Office, name: str) -> None:
    page.goto(f"{office.home}/desk/learners")
    page.fill("#q", name)
    page.click("button:has-text('Look up')")
    page.click(f"td >> text={name} >> nth=0")


def _address(rows: tuple[Row, ...], row: int) -> str:
    return rows[row - FIRST].email
