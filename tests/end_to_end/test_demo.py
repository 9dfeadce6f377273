"""The README's first command, as a stranger runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.running import Ran, notary
from tests.parts import EvmNode, KuboNode


def test_the_demo_runs_twice_in_one_folder(tmp_path: Path) -> None:
    """Each run has a folder of its own, ends with one line of JSON, and its receipts verify offline."""
    for folder in ("demo", "demo-2"):
        ran = notary("demo", "--json", cwd=tmp_path)
        assert ran.json["out"] == folder
        assert len(ran.json["receipts"]) == len(ran.json["credentials"]) == 10
        _check(ran, tmp_path)


def test_own_credentials_join_the_demo(tmp_path: Path, standards: Path) -> None:
    """A folder of the user's own credentials is anchored for the institution that is given its issuer's id."""
    own = tmp_path / "own"
    own.mkdir()
    for name in ("basicOpenBadgeCredential.json", "skillAssertionCase.json"):
        (own / name).write_bytes((standards / "examples" / "ob-v3p0" / name).read_bytes())
    issuer = "https://example.com/issuers/876543"
    ran = notary("demo", "--credentials", own, "--issuer-id", issuer, "--out", "out", "--json", cwd=tmp_path)
    assert "Left out: skillAssertionCase.json" in ran.out
    assert any("basicOpenBadgeCredential" in path for path in ran.json["receipts"])
    _check(ran, tmp_path)


def test_an_altered_character_is_found(tmp_path: Path) -> None:
    """The demo's own last step: not verified, and the most likely innocent reason."""
    ran = notary("demo", cwd=tmp_path)
    assert "✓ Verified." in ran.out
    assert "✗ Not verified: this is not the credential that was anchored." in ran.out
    assert "Ask for the original" in ran.out


@pytest.mark.node
def test_the_demo_on_real_parts(tmp_path: Path, anvil: EvmNode, kubo: KuboNode) -> None:
    """The same on anvil and Kubo; afterwards nothing of them is needed."""
    ran = notary("demo", "--chain", anvil.url, "--ipfs", kubo.api, "--json", cwd=tmp_path)
    assert anvil.chain in ran.out
    _check(ran, tmp_path)


def _check(ran: Ran, folder: Path) -> None:
    """Every receipt verifies in a process without network; the refreshed ones carry two commitments."""
    receipts = ran.json["receipts"]
    verified = notary("verify", *receipts, "--trust", ran.json["trust"], "--json", cwd=folder, network=False)
    assert [each["result"] for each in verified.json["receipts"]] == ["verified"] * len(receipts)
    counts = {len(json.loads((folder / path).read_bytes())["commitments"]) for path in receipts}
    assert counts == {1, 2}
