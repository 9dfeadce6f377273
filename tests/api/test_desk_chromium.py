"""The desk in a real browser, on a phone and at a desk, with scripts and without."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser

from tests.api.house import House
from tests.api.registrar import TABLE, open_counter, sit_down
from tests.api.test_http_chromium import DESK, PHONE, browser, visit
from tests.api.test_sharing_chromium import is_large, look
from tests.parts import free_port

__all__ = ["browser"]
pytestmark = pytest.mark.node

FAULTY = "Lena,Müller,,2026-09-12,Passed,Sofia Rossi\nBo,Li,bo@x.example,31.02.2026,Passed,Sofia Rossi\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a registrar's key, whose service listens on the loopback network."""
    port = free_port()
    with open_counter(tmp_path_factory.mktemp("desk"), f"http://127.0.0.1:{port}") as house:
        server = uvicorn.Server(uvicorn.Config(house.client.app, port=port, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield house
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_a_class_is_issued_by_forms(served: House, browser: Browser, screen: str, tmp_path: Path) -> None:
    """Sign in, choose, look over, issue, seal, sign, deliver: on a phone without a script, and at a desk with one."""
    phone = screen == "phone"
    table = tmp_path / "class-3b.csv"
    table.write_bytes(TABLE + FAULTY.encode())
    size = PHONE if phone else DESK
    tab = visit(browser, size, is_mobile=phone, has_touch=phone, java_script_enabled=not phone)
    page = tab.page

    def seen(name: str) -> None:
        look(tab, f"{name}-{screen}")
        is_large(tab)
        tab.is_clean()

    page.goto(f"{served.settings.public_url}/desk/sign-in")
    seen("1-sign-in")
    page.fill("#key", served.api_keys[0])
    page.click("button:has-text('Sign in')")
    page.wait_for_selector("text=Issue a class")
    seen("2-overview")
    page.click("a.button:has-text('Issue a class')")
    seen("3-issue")
    page.click("a:has-text('Begin with first aid')")
    seen("4-template")
    page.click("button:has-text('Keep it')")
    page.set_input_files("#table", table)
    seen("5-table")
    page.click("button:has-text('Look it over')")
    assert page.inner_text("h1") == "3 of 5 rows are ready."
    seen("6-preview")
    page.click("button:has-text('Sign 3 credentials')")
    assert page.inner_text("h1") == "3 credentials are issued."
    page.click("text=Seal them into a batch")
    seen("7-seal")
    page.click("button:has-text('Seal the batch')")
    seen("8-sign")
    page.click("button:has-text('Sign batch')")
    seen("9-under-way")
    page.click("text=Deliver it")
    seen("10-deliver")
    page.click("button:has-text('Mail 3 learners')")
    assert page.inner_text("h1") == "Nobody to write to."
    page.goto(f"{served.settings.public_url}/desk")
    seen("11-overview")


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_a_learner_is_mended_by_forms(served: House, browser: Browser, screen: str) -> None:
    """Looked up, revoked with a reason, put right, erased; a claim handed in and looked at: the same on both."""
    phone = screen == "phone"
    tab = visit(browser, PHONE if phone else DESK, is_mobile=phone, has_touch=phone)
    page, home = tab.page, served.settings.public_url

    def seen(name: str) -> None:
        look(tab, f"{name}-{screen}")
        is_large(tab)
        tab.is_clean()

    sit_down(served).batch()
    served.anchoring.round()
    page.goto(f"{home}/claim")
    page.select_option("#to", served.institutions[0].did)
    for name, text in (("learner", "Noor Haddad"), ("title", "Field Recording"), ("email", "noor@x.example")):
        page.fill(f"#{name}", text)
    page.fill("#narrative", "Forty birds, named by ear.\nHere are three of them.")
    page.set_input_files("#evidence", {"name": "birds.wav", "mimeType": "audio/wav", "buffer": b"RIFF"})
    seen("12-claim")
    page.click("button:has-text('Hand the claim in')")
    seen("13-claimed")
    page.goto(f"{home}/desk/sign-in")
    page.fill("#key", served.api_keys[0])
    page.click("button:has-text('Sign in')")
    page.click("nav >> text=Claims")
    page.click("text=Field Recording >> nth=0")
    seen("14-look-at-claim")
    page.click("button:has-text('Decline it')")
    page.click("nav >> text=Learners")
    page.fill("#q", "okafor")
    page.click("button:has-text('Look up')")
    seen("15-learners")
    page.click("td >> text=Chidi Okafor >> nth=0")
    seen("16-credential")
    page.click("a:has-text('Put a corrected one')")
    seen("17-reissue")
    page.go_back()
    page.click("a:has-text('Suspend')" if phone else "a:has-text('Revoke')")
    seen("18-mark")
    page.check("input[name=reason] >> nth=0")
    page.click("button:has-text('Suspend')" if phone else "button:has-text('Revoke')")
    seen("19-statuses")
    page.click("button:has-text('Sign it')")
    assert page.inner_text("h1") == "No change waits for a signature."
    page.goto(f"{home}/desk/learners?q=nowak")
    page.click("td >> text=Tomasz Nowak >> nth=0")
    page.click("text=Erase it here")
    seen("20-erase")
    page.emulate_media(media="print")
    assert not page.is_visible("nav")
    tab.is_clean()
