"""Applications for membership, as an administrator opens and compares them."""

from __future__ import annotations

from pathlib import Path

from api.cli.spoken import shown
from notary.core.errors import IssuerError
from notary.service.members.application import MAX_SIZE, Application


def read_application(path: Path) -> Application:
    """Read an application file; what is wrong names the file."""
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    try:
        return Application.parse(data)
    except Exception as error:
        raise IssuerError(f"{shown(path)}: {error}", hint="Ask the institution for its application again") from error


def show_application(application: Application) -> list[str]:
    """Show what an administrator compares and grants."""
    record = application.record
    programmes = ", ".join(programme.achievement for programme in record.programmes)
    facts = {
        "name": record.name,
        "id": record.id,
        "also issues as": ", ".join(record.aliases),
        "asks for": f"{record.recognition}{f', for {programmes}' if programmes else ''}",
        "key": ", ".join(key.public_key_multibase for key in record.keys),
        "recovery key": application.recovery or "none",
        "fingerprint": application.fingerprint,
    }
    return [f"  {title:<15}{value}" for title, value in facts.items() if value]
