"""Sharing in a real browser: on a phone, by forms alone, under the same headers as every page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from notary.ports.ledger import CredentialId
from notary.service.receipts.endorsements import attachments
from tests.api.house import House, token_of
from tests.api.test_http_chromium import DESK, PHONE, Visit, browser, served, visit

__all__ = ["browser", "served"]
pytestmark = pytest.mark.node


def look(tab: Visit, name: str) -> None:
    """Keep a picture, where somebody wants to look at it: PICTURES in the environment names the folder."""
    if folder := os.environ.get("PICTURES"):
        tab.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def with_evidence(house: House, number: int) -> tuple[str, str]:
    """A final credential with evidence: its id and its token."""
    files = [
        ("credential", ("credential.json", house.credential("Ana Pérez", number=number), "application/json")),
        ("evidence", ("essay.pdf", b"%PDF essay", "application/pdf")),
        ("evidence", ("letter.pdf", b"%PDF letter", "application/pdf")),
    ]
    (taken,) = house.client.post("/v1/credentials", files=files, headers=house.auth()).json()["accepted"]
    house.anchor(house.seal())
    return taken["id"], token_of(taken)


def is_large(tab: Visit) -> None:
    """Every target takes a thumb."""
    for target in tab.page.locator("a:visible, button:visible, select:visible, label.choice:visible").all():
        size = target.bounding_box()
        assert size is not None
        assert size["height"] >= 44, target.inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_a_copy_is_shared_and_ended_on_a_phone(served: House, browser: Browser, script: bool) -> None:
    """Choose, make a link, see what others see, end it: with and without a script."""
    name, token = with_evidence(served, 660 if script else 670)
    tab = visit(browser, PHONE, is_mobile=True, has_touch=True, java_script_enabled=script)
    tab.page.goto(f"{served.settings.public_url}/r/{token}")
    look(tab, "learner-phone")
    is_large(tab)
    tab.page.select_option("#days", "30")
    tab.page.check("label:has-text('essay.pdf') input")
    tab.page.click("button:has-text('Make a link')")
    address = tab.page.input_value("#address")
    look(tab, "shared-phone")
    is_large(tab)
    tab.page.click("text=See what others see")
    assert tab.page.url == address
    said = tab.page.inner_text("main")
    assert "Verified." in said
    assert "essay.pdf" in said
    assert "letter.pdf" not in said
    look(tab, "share-phone")
    is_large(tab)
    tab.page.goto(f"{served.settings.public_url}/r/{token}")
    tab.page.click("button:has-text('End it')")
    assert tab.page.locator("button:has-text('End it')").count() == 0
    tab.is_clean()
    answer = tab.page.goto(address)
    assert answer is not None
    assert answer.status == 404
    with served.notary.ledger.read() as work:
        assert attachments(work, CredentialId(name)) == ()


def test_linkedin_is_one_plain_link_away(served: House, browser: Browser) -> None:
    """Nothing of it is asked for on the way there."""
    _, token = with_evidence(served, 680)
    tab = visit(browser, DESK)
    tab.page.goto(f"{served.settings.public_url}/r/{token}")
    look(tab, "learner-desk")
    tab.page.click("text=Add to your LinkedIn profile")
    link = tab.page.locator("text=Go on to LinkedIn")
    assert str(link.get_attribute("href")).startswith("https://www.linkedin.com/profile/add?")
    look(tab, "linkedin-desk")
    tab.is_clean()


def test_a_lost_link_is_asked_for_by_keyboard(served: House, browser: Browser) -> None:
    """A label, a field, a button; without a mail server, whom to ask."""
    tab = visit(browser, PHONE)
    tab.page.goto(f"{served.settings.public_url}/lost")
    assert "Ask the institution" in tab.page.inner_text("main")
    look(tab, "lost-phone")
    tab.is_clean()
