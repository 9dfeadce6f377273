"""What anchoring costs now, in words and for machines: one transaction, however many credentials it carries."""

from __future__ import annotations

from pathlib import Path

from anchoring.profiles import Profiles
from notary.core.canonical import JSON
from notary.core.errors import NotaryError
from notary.service.notary import Notary
from notary.service.rounds.schedule import estimate

_COIN = 10**18


def say_price(notary: Notary, data: Path) -> tuple[list[str], list[JSON]]:
    """Say the most that a round costs on each chain; a chain that is not reached is said, and is no error."""
    try:
        found = estimate(notary)
    except NotaryError as error:
        return [f"What anchoring costs cannot be said now: {error.what}."], []
    own = data / "chains.toml"
    profiles = Profiles.load(own if own.exists() else None)
    lines: list[str] = []
    machine: list[JSON] = []
    for each in found:
        profile = profiles.of(each.chain)
        lines.append(
            f"Anchoring costs {each.quote.fee / _COIN:.6g} {profile.currency} at most on {profile.name},"
            " once for all that is anchored together."
        )
        machine.append({"chain": each.chain, "fee": str(each.quote.fee), "currency": profile.currency})
    return lines, machine
