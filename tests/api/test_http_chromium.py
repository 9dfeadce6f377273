"""The pages in a real browser: a receipt dropped, a learner's page on a phone, the keyboard, paper."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.house import House, found_house, open_house, token_of
from tests.parts import free_port

pytestmark = pytest.mark.node

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1100, "height": 900}
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_DROP = """([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, {type: "application/json"}));
  document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""
_DROP_BYTES = """async ([name, text, media]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: media}));
  document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


@dataclass
class Visit:
    """A browser tab, all it said and all it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def is_clean(self) -> None:
        """Nothing in the console, no request but to this machine, nothing wider than the screen."""
        assert self.complaints == []
        assert {urlsplit(url).hostname for url in self.asked} <= {"127.0.0.1"}
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(overflow) == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose service listens on the loopback network."""
    port = free_port()
    settings, institutions = found_house(tmp_path_factory.mktemp("house"), f"http://127.0.0.1:{port}")
    with open_house(settings, institutions) as house:
        server = uvicorn.Server(uvicorn.Config(house.client.app, port=port, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield house
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def visit(browser: Browser, screen: dict[str, int], **context: object) -> Visit:
    """Open a tab in a fresh context."""
    page = browser.new_context(viewport=screen, **context).new_page()  # type: ignore[arg-type]
    visiting = Visit(page)
    page.on("console", lambda message: visiting.complaints.append(message.text))
    page.on("pageerror", lambda error: visiting.complaints.append(str(error)))
    page.on("request", lambda request: visiting.asked.add(request.url))
    return visiting


def test_a_receipt_dropped_anywhere_is_answered(served: House, browser: Browser) -> None:
    """Drop, read the verdict, open a station: its values unfold below the line, and another closes it."""
    receipt = served.receipt(served.award("Ana Pérez", number=600)[0]["id"])
    tab = visit(browser, DESK)
    tab.page.goto(served.settings.public_url)
    tab.page.evaluate(_DROP, ["ana.json", receipt.decode()])
    tab.page.wait_for_selector(".answer.good")
    assert tab.page.inner_text("h1") == "Verified."
    assert "Ana Pérez" in tab.page.inner_text("main")
    stations = tab.page.locator(".stations summary")
    tops = {round(stations.nth(at).bounding_box()["y"]) for at in range(5)}  # type: ignore[index]
    assert len(tops) == 1
    stations.nth(1).click()
    assert tab.page.locator(".panel:visible").inner_text().startswith("The institution signed one root")
    stations.nth(4).click()
    assert tab.page.locator(".panel:visible").count() == 1
    tab.is_clean()


@pytest.mark.parametrize("kind, media", [("pdf", "application/pdf"), ("png", "image/png"), ("svg", "image/svg+xml")])
def test_a_certificate_or_badge_dropped_is_answered(served: House, browser: Browser, kind: str, media: str) -> None:
    """What a learner was given is dropped as it is: verified, and the page says what of the file was looked at."""
    token = token_of(served.award("Ana Pérez", number=640 + ord(kind[1]))[0])
    data = served.client.get(f"/r/{token}.pdf" if kind == "pdf" else f"/r/{token}/badge.{kind}").content
    tab = visit(browser, DESK)
    tab.page.goto(served.settings.public_url)
    tab.page.evaluate(_DROP_BYTES, [f"ana.{kind}", base64.b64encode(data).decode(), media])
    tab.page.wait_for_selector(".answer.good")
    assert tab.page.inner_text("h1") == "Verified."
    assert "inside this" in tab.page.inner_text("main")
    assert "Ana Pérez" in tab.page.inner_text("main")
    tab.is_clean()


def test_the_whole_way_goes_by_keyboard(served: House, browser: Browser, tmp_path: Path) -> None:
    """Tab reaches the file chooser, the button and every station, and focus can always be seen."""
    file = tmp_path / "receipt.json"
    file.write_bytes(served.receipt(served.award("By Keyboard", number=610)[0]["id"]))
    tab = visit(browser, DESK, java_script_enabled=False)
    tab.page.goto(served.settings.public_url)
    tab.page.focus("#receipt")
    tab.page.set_input_files("#receipt", file)
    for _ in range(2):
        tab.page.keyboard.press("Tab")
    assert tab.page.locator(":focus").inner_text() == "Check it"
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".answer.good")
    reached = set()
    for _ in range(12):
        tab.page.keyboard.press("Tab")
        focused = tab.page.locator(":focus")
        if focused.count() and focused.evaluate("element => element.matches('.stations summary')"):
            reached.add(focused.inner_text().split()[0])
            assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    assert reached == {"Credential", "Batch", "Log", "Anchor", "Block"}
    tab.is_clean()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_learners_page_fits_a_phone(served: House, browser: Browser, scheme: str) -> None:
    """At 360 px: name, verdict and the download are on the first screen, targets are large, nothing is cut off."""
    number = 620 if scheme == "light" else 630
    (award,) = served.award("Maximiliane Wolfeschlegelsteinhausenbergerdorff", number=number)
    tab = visit(browser, PHONE, is_mobile=True, has_touch=True, color_scheme=scheme)
    tab.page.goto(f"{served.settings.public_url}/r/{token_of(award)}")
    box = tab.page.locator(".answer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < PHONE["height"]
    for target in tab.page.locator("a:visible, button:visible, summary:visible").all():
        size = target.bounding_box()
        assert size is not None
        assert size["height"] >= 44, target.inner_text()
    with tab.page.expect_download() as downloading:
        tab.page.click("text=Download the receipt")
    assert downloading.value.path().read_bytes() == served.receipt(award["id"])
    tab.is_clean()


def test_a_pending_page_tells_the_time_in_the_readers_own_way(served: House, browser: Browser) -> None:
    """The hour is that of the reader's zone, and the same page shows the verdict later."""
    (award,) = served.submit("Chidi Okafor", number=640)
    batch = served.seal()
    served.client.post(f"/v1/batches/{batch}/statement", content=served.signature(batch), headers=served.auth())
    tab = visit(browser, PHONE, locale="en-GB", timezone_id="Asia/Tokyo")
    tab.page.goto(f"{served.settings.public_url}/r/{token_of(award)}")
    hour = tab.page.inner_text("time")
    expected = tab.page.get_attribute("time", "datetime")
    assert expected is not None
    assert int(hour[:2]) == (int(expected[11:13]) + 9) % 24
    served.anchoring.round()
    tab.page.reload()
    assert "Verified" in tab.page.inner_text(".answer")
    tab.is_clean()


def test_a_learners_page_is_one_sheet_of_paper(served: House, browser: Browser) -> None:
    """Printed on A4 it has one page, without buttons, with where to check it."""
    (award,) = served.award("On Paper", number=650)
    tab = visit(browser, DESK)
    tab.page.goto(f"{served.settings.public_url}/r/{token_of(award)}")
    assert tab.page.pdf(format="A4").count(b"/Type /Page\n") == 1
    tab.page.emulate_media(media="print")
    assert not tab.page.is_visible("text=Download the receipt")
    assert tab.page.is_visible("text=To check this paper")
    tab.is_clean()
