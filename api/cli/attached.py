"""What `notary verify` says of a receipt's attachments: beside the verdict, and never part of it."""

from __future__ import annotations

from api.plain import plain
from notary.core.canonical import JSON
from notary.core.credential import Credential, read
from notary.core.errors import NotaryError
from notary.core.receipt import Receipt

_SHOWN = 300
"""Characters of a comment on screen."""
_PROOFS = {
    "pass": "their own signature holds",
    "fail": "their own signature does not hold",
    "unknown": "their own signature could not be checked",
}


def read_endorsements(data: bytes, beside: bytes | None) -> list[dict[str, JSON]]:
    """Return what others say of a receipt's credential; nothing where the receipt cannot be read."""
    if b'"attachments":[]' in data:
        return []
    from notary.service.receipts.endorsements import endorsements_in

    try:
        receipt = Receipt.parse(data)
        credential = None
        if receipt.content is not None:
            credential = Credential.of_content(receipt.form, receipt.content, "credential")
        elif beside is not None:
            credential = read(beside, "credential", receipt.form)
        found = endorsements_in(receipt.attachments, credential)
    except NotaryError:
        return []
    return [
        {"by": each.by, "role": each.role.value, "comment": each.comment, "made": each.made, "signature": each.proof}
        for each in found
    ]


def endorsement_lines(found: list[dict[str, JSON]]) -> list[str]:
    """Say them, one a line; what others wrote is shown as text and cut short."""
    lines = []
    for each in found:
        who = f"{_line(each['by'])} ({each['role']}; {_PROOFS[str(each['signature'])]})"
        lines.append(f"  Endorsed by {who}: “{_line(each['comment'])}”")
    return lines


def _line(text: JSON) -> str:
    shown = " ".join(plain(str(text)).split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
