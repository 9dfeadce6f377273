"""The Open Badges examples of the standard, on geth and Kubo, by the commands an institution and an operator type."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anchoring.dev_faucet import fund
from notary.core.encoding import from_hex
from notary.core.evm import Address
from tests.end_to_end.running import notary
from tests.parts import EvmNode, KuboNode

ISSUERS = (
    "https://1edtech.edu/issuers/565049",
    "https://example.com/issuers/876543",
    "https://example.edu/issuers/565049",
)


@pytest.mark.node
def test_the_standards_examples_from_submission_to_offline_receipt(
    tmp_path: Path, standards: Path, geth: EvmNode, kubo: KuboNode
) -> None:
    """Submitted with evidence, sealed, signed on another machine, anchored, verified with everything off."""
    college, operator = tmp_path / "college", tmp_path / "operator"
    college.mkdir()
    operator.mkdir()
    examples = Path(shutil.copytree(standards / "examples" / "ob-v3p0", college / "examples"))
    (college / "passphrase").write_text("correct horse battery staple")
    (college / "passphrase").chmod(0o600)
    (college / "report.pdf").write_bytes(b"%PDF-1.7 the assessor's report")
    secret = ("--passphrase-file", "passphrase")
    notary("key", "new", "college", *secret, cwd=college)
    aliases = [option for issuer in ISSUERS for option in ("--alias", issuer)]
    apply = ("member", "apply", "--key", "college.working.pem", *secret, "--name", "Example College", *aliases)
    notary(*apply, "--recognition", "community", "--out", "college.application", cwd=college)

    data = ("--data", "data")
    parts = ("--chain", geth.url, "--ipfs", kubo.api)
    member = ("--member", college / "college.application", "--yes")
    init = ("init", "--name", "Examples", "--origin", "examples.example/log", *parts, *member, *data)
    penniless = notary(*init, "--json", cwd=operator, expect=1)
    assert fund(geth.url, Address(from_hex(penniless.json["what"].split()[2], "wallet", 20)))
    notary(*init, cwd=operator)
    assert all(part["good"] for part in notary("doctor", *data, "--json", cwd=operator).json["parts"])

    evidence = ("--evidence", college / "report.pdf")
    submitted = notary("submit", examples, *evidence, *data, "--json", cwd=operator)
    assert len(submitted.json["accepted"]) == len(list(examples.iterdir()))
    sealed = notary("seal", "--out", college, *data, "--json", cwd=operator)
    sign = ("sign", sealed.json["batch_file"], "--credentials", "examples", "--key", "college.working.pem", *secret)
    signed = notary(*sign, "--yes", "--json", cwd=college)
    notary("sign", "--deliver", signed.json["statement"], *data, cwd=operator)
    notary("anchor", "--wait", *data, cwd=operator)
    notary("receipt", "--batch", "1", "--out", "receipts", *data, cwd=operator)

    receipts = sorted((operator / "receipts").glob("*.receipt.json"))
    assert len(receipts) == len(list(examples.iterdir()))
    trust = operator / "receipts" / "trust.json"
    verified = notary("verify", *receipts, "--trust", trust, "--json", cwd=tmp_path, network=False, expect=None)
    results = {each["result"] for each in verified.json["receipts"]}
    assert results <= {"verified", "expired"}
    assert "verified" in results
