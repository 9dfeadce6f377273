"""A small world, built from the core alone: institutions, notaries, chains, receipts, and what a verifier trusts.

Deterministic: keys, salts and hashes come from names, times from a counter. The
story is `World.__init__`; every test may carry it on in a world of its own:

    world = World()
    world.receipt("alice")                                   # her batch, and its statuses as of the newest anchor
    world.receipt("alice", as_of=0)                          # as it was when her batch was anchored
    world.harbour.enact(BETA.but(recognition=Recognition.SELF_ASSERTED))
    world.receipt(world.award(BETA))                         # a new credential under the new registry state
    world.verify(receipt, trust=world.trust(anchors_needed=2))
"""

from tests.world.cast import ALPHA, BETA, DELTA, GAMMA, LICENCE, Institution, Key
from tests.world.chains import MAIN, SIDE, Registry
from tests.world.notaries import DAY, START, Anchoring, Batch, Consortium, Notary
from tests.world.receipts import Award
from tests.world.story import NOW, World

__all__ = [
    "ALPHA",
    "BETA",
    "DAY",
    "DELTA",
    "GAMMA",
    "LICENCE",
    "MAIN",
    "NOW",
    "SIDE",
    "START",
    "Anchoring",
    "Award",
    "Batch",
    "Consortium",
    "Institution",
    "Key",
    "Notary",
    "Registry",
    "World",
]
