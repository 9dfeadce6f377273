"""What a learner shares: made and ended on their own page, opened by others at `/s/TOKEN`."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.http.context import Here, Unhurried
from api.http.forms import Form
from api.http.pages import page
from api.http.pages.sharing import copy_of, linkedin_url
from api.http.routes.pages import download
from notary.core.digest import Digest
from notary.core.encoding import from_digest_text
from notary.core.errors import Malformed
from notary.core.receipt import MEDIA_TYPE
from notary.ports.ledger import ShareId
from notary.service.receipts.learner import behind_link
from notary.service.receipts.shares import behind_share, end_share, receipt_behind_share, share_credential

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_MAX_DAYS = 5
"""Digits."""


@router.post("/r/{token}/share", dependencies=[Unhurried])
def post_share(here: Here, token: str, form: Form) -> HTMLResponse:
    """Share a copy; its link is shown once. Where it is for LinkedIn, the address there is built now and not before."""
    share, secret = share_credential(
        here.notary,
        token,
        days=_days(form.get("days", [""])[0]),
        items=_items(form.get("item", [])),
        named=form.get("named") == ["yes"],
    )
    award = behind_link(here.notary, here.name, token)
    address = f"{here.url}/s/{secret}"
    return page(
        "shared.html",
        private=True,
        name=here.name,
        back=f"{here.url}/r/{token}",
        address=address,
        share=share,
        title=award.row.title or "Credential",
        linkedin=linkedin_url(award.row, award.institution, address) if form.get("for") == ["linkedin"] else None,
    )


@router.post("/r/{token}/shares/{share}/end", dependencies=[Unhurried])
def post_end(here: Here, token: str, share: str, _: Form) -> Response:
    """End a share, and go back to the page."""
    end_share(here.notary, token, ShareId(share))
    return RedirectResponse(f"{here.url}/r/{token}#shares", 303, headers={"Cache-Control": "no-store"})


@router.get("/s/{token}")
def get_share(here: Here, token: str) -> HTMLResponse:
    """Show a copy that a learner shares."""
    shared = behind_share(here.notary, here.name, token)
    return page(
        "share.html",
        private=True,
        name=here.name,
        link=f"{here.url}/s/{token}",
        copy=copy_of(shared, here.chains),
    )


@router.get("/s/{token}/receipt")
def get_share_receipt(here: Here, token: str) -> Response:
    """Download the receipt as the learner passes it on."""
    row, found = receipt_behind_share(here.notary, token)
    return download(bytes(found), MEDIA_TYPE, f"receipt-{row.id}.json")


def _days(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > _MAX_DAYS:
        raise Malformed("days", expected="a whole number, or nothing for no end")
    return int(text)


def _items(texts: list[str]) -> set[Digest]:
    found = set()
    for text in texts:
        with suppress(Malformed):  # a page of before the evidence changed
            found.add(from_digest_text(text, "item"))
    return found
