"""Named attacks, each with the verdict it must get; its name and sentence say what it tries.

Modules follow the steps of verification. A few cases beside them are no attacks
at all and must verify: without them a verifier that refuses everything passes.
"""

from tests.attacks import anchors, credentials, logs, members, reading, statuses, trusting

__all__ = ["anchors", "credentials", "logs", "members", "reading", "statuses", "trusting"]
