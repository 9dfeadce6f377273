"""What a person drops on the verifier's page: a receipt, a credential, or a PDF or an image with a receipt inside."""

from __future__ import annotations

from api.carried import Carried, carried, is_carrier, without_receipt
from notary.core.credential import read
from notary.core.errors import NotaryError
from notary.service.notary import Notary
from notary.service.receipts.judging import Judgement, judge_dropped


def judge_file(notary: Notary, name: str, data: bytes, credential: bytes | None) -> tuple[Judgement, str | None]:
    """Verify what was dropped, and say what of it was looked at; `name` is the consortium's."""
    if not is_carrier(data):
        return judge_dropped(notary, name, data, credential), None
    inside = _inside(data)
    if isinstance(inside, Carried):
        return judge_dropped(notary, name, inside.receipt, credential or inside.credential), inside.notice
    if credential is None and _holds_credential(data):
        return judge_dropped(notary, name, data), None
    return Judgement(without_receipt(inside), None), None


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
