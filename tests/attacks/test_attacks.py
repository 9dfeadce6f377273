"""Every attack in the catalogue gets the verdict it must."""

import pytest

from notary.core.errors import NotaryError
from notary.core.trust import TrustFile
from notary.core.verdict import Verdict
from notary.core.verify import untrusting, verify
from tests.attacks.catalogue import ATTACKS, Attack, Case


def judge(case: Case) -> Verdict:
    try:
        trust = TrustFile.parse(case.trust)
    except NotaryError as error:
        return untrusting(error)
    return verify(case.receipt, trust, at=case.at, credential=case.credential, blocks=case.blocks)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(attack: Attack) -> None:
    """The verdict is the one written down, for the reason written down."""
    verdict = judge(attack.case())
    assert attack.meets(verdict), (verdict.result, [check for check in verdict.checks if not check.holds])
