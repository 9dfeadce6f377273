"""What is brought to be verified: a receipt, or a PDF or an image with one inside; on the page a credential too."""

from __future__ import annotations

from api.carried import Carried, carried, is_carrier, without_receipt
from notary.core.credential import read
from notary.core.errors import NotaryError
from notary.core.verdict import Verdict
from notary.service.notary import Notary
from notary.service.receipts.judging import Judgement, judge, judge_dropped


def judge_file(notary: Notary, name: str, data: bytes, credential: bytes | None) -> tuple[Judgement, str | None]:
    """Verify what a person dropped, and say what of it was looked at; `name` is the consortium's."""
    if not is_carrier(data):
        return judge_dropped(notary, name, data, credential), None
    inside = _inside(data)
    if isinstance(inside, Carried):
        return judge_dropped(notary, name, inside.receipt, credential or inside.credential), inside.notice
    if credential is None and _holds_credential(data):
        return judge_dropped(notary, name, data), None
    return Judgement(without_receipt(inside), None), None


def judge_sent(notary: Notary, name: str, data: bytes, credential: bytes | None) -> tuple[Verdict, str | None]:
    """Verify what a program sends, as `notary verify` does: what was brought, and nothing this notary has instead."""
    if not is_carrier(data):
        return judge(notary, name, data, credential).verdict, None
    inside = _inside(data)
    if isinstance(inside, NotaryError):
        return without_receipt(inside), None
    return judge(notary, name, inside.receipt, credential or inside.credential).verdict, inside.notice


def _inside(data: bytes) -> Carried | NotaryError:
    try:
        return carried(data)
    except NotaryError as error:
        return error


def _holds_credential(data: bytes) -> bool:
    """Say whether it is a badge baked elsewhere, whose receipt this notary may have."""
    try:
        read(data, "this file")
    except NotaryError:
        return False
    return True
