"""What a mail to learners looks like, before any is sent."""

from __future__ import annotations

from api.http.context import Context
from notary.ports.ledger import CredentialRow
from notary.service.delivery.text import Template, listed, one_line


def sample(text: Template, row: CredentialRow | None, institution: str, here: Context) -> tuple[str, str]:
    """Return subject and text as one learner would be sent them; the link is made when the mail leaves."""
    title = one_line((row.title if row else None) or "Data Literacy I")
    return text.fill(
        {
            "learner": one_line((row.learner if row else None) or "Ana Pérez"),
            "title": title,
            "institution": one_line(institution),
            "consortium": here.name,
            "credentials": listed([(title, f"{here.url}/r/…")]),
            "lost": f"{here.url}/lost",
        }
    )
