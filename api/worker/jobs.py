"""What comes round: jobs that one of the workers does every so often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notary.service.notary import Notary


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `run` is safe to repeat and ends by itself; what it raises is logged, and it comes round again.

    Time is cut into slots of `every` seconds. One worker runs a job once in a slot,
    and begins no run while another is under way; a run cut short by a crash is
    begun again by another worker.
    """

    name: str
    every: int
    run: Callable[[Notary], object]

    def __post_init__(self) -> None:
        if not self.name.replace("-", "").isalnum() or self.every < 1:
            raise ValueError(f"a job is a word and whole seconds: {self.name}, {self.every}")


def _pin_due(notary: Notary) -> object:
    from notary.service.pins.queue import pin_due

    return pin_due(notary)


def _audit_pins(notary: Notary) -> object:
    from notary.service.pins.queue import audit_pins

    return audit_pins(notary)


def _cosign(notary: Notary) -> object:
    from notary.service.log.cosigning import cosign

    return cosign(notary)


def _desk(notary: Notary) -> None:
    from notary.service.issuing.papers import sweep_papers

    sweep_papers(notary)


def _follow(notary: Notary) -> object:
    from notary.service.governance.following import follow

    return follow(notary)


def _mail(notary: Notary) -> object:
    from notary.service.delivery.sending import send_due

    return send_due(notary)


JOBS: tuple[Job, ...] = (
    Job("cosign", 15, _cosign),
    Job("desk", 600, _desk),
    Job("mail", 15, _mail),
    Job("members", 300, _follow),
    Job("pins", 15, _pin_due),
    Job("pin-audit", 3600, _audit_pins),
)
"""All jobs. Each imports what it needs when it runs: this table is read at every start."""
