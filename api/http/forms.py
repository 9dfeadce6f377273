"""Forms that change something: read whole and small, and only from a page of ours.

A learner's forms are protected by the secret in their address, which no other
site can know; and a browser says where a form was sent from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request

from api.http.bodies import read_body
from api.http.problems import WrongMedia
from notary.core.errors import Malformed
from notary.service.errors import Forbidden

MAX_FORM = 16 << 10
MAX_FIELDS = 100
_TYPE = "application/x-www-form-urlencoded"
_OURS = ("same-origin", "none")
"""What `Sec-Fetch-Site` (Fetch Metadata §2.4) says of our own pages, and of what nobody linked to."""


def check_ours(request: Request) -> None:
    """Raise Forbidden for a form that a browser says another site has sent."""
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise Forbidden("this form was sent from another site", hint="Open the page itself, and send it from there")


async def _read_form(request: Request) -> Mapping[str, list[str]]:
    check_ours(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise WrongMedia("Content-Type", expected=_TYPE)
    body = await read_body(request, MAX_FORM)
    try:
        return parse_qs(body.decode(), max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Malformed("the form", expected=f"at most {MAX_FIELDS} fields of UTF-8 text") from error


Form = Annotated[Mapping[str, list[str]], Depends(_read_form)]
"""The fields of a form, each with its values."""
