"""How far a batch is, in words that follow "it"."""

from __future__ import annotations

from collections.abc import Mapping

from notary.service.rounds.progress import Stage

STAGES: Mapping[Stage, str] = {
    Stage.OPEN: "waits for its batch",
    Stage.SEALED: "waits for the institution's signature",
    Stage.LOGGED: "is signed and in the public log, and waits for the next anchor",
    Stage.PINNED: "is pinned; its transaction comes next",
    Stage.SUBMITTED: "was sent to the chain, and waits for a block",
    Stage.CONFIRMED: "is in a block that is not final yet",
    Stage.FINAL: "is final",
}
