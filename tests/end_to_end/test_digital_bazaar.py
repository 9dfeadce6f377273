"""Credentials of `notary issue`, checked by Digital Bazaar's libraries: implementations that are not ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.examples import NAMES
from tests.end_to_end.running import notary
from tests.parts import digital_bazaar

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The credentials of every worked example, as an institution issues them on a machine of its own."""
    folder = tmp_path_factory.mktemp("issued")
    passphrase = folder / "passphrase"
    passphrase.write_text("correct horse battery")
    passphrase.chmod(0o600)
    notary("key", "new", "fenwick", "--passphrase-file", passphrase, cwd=folder)
    for name in NAMES:
        notary("template", "new", "--example", name, cwd=folder)
        with (folder / f"{name}.toml").open("a") as template:
            template.write('\n[issuer]\nname = "Fenwick College"\n')
        key = ("--key", "fenwick.working.pem", "--passphrase-file", passphrase)
        notary(
            *("issue", "--template", f"{name}.toml", "--learners", f"{name}.csv", *key),
            *("--no-submit", "--out", "out", "--yes"),
            cwd=folder,
            NOTARY_DATA=str(folder / "none"),
        )
    return sorted((folder / "out").iterdir())


def check(standards: Path, *credentials: Path) -> list[dict[str, Any]]:
    """What Digital Bazaar's libraries say of each; they are given the contexts, and no network."""
    node, script = digital_bazaar()
    done = subprocess.run(
        [node, str(script), str(standards / "contexts"), *map(str, credentials)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(credentials), done.stderr
    assert (done.returncode == 0) == all(each["accepted"] for each in found)
    return found


def test_every_credential_we_issue_is_accepted(issued: list[Path], standards: Path) -> None:
    """VC 2.0's rules, the eddsa-jcs-2022 proof, and every term defined by its contexts."""
    assert len(issued) >= 2 * len(NAMES)
    refused = [each for each in check(standards, *issued) if not each["accepted"]]
    assert refused == []


def _renamed(credential: dict[str, Any]) -> None:
    credential["credentialSubject"]["identifier"][0]["identityHash"] = "Somebody Else"


def _unheard_of(credential: dict[str, Any]) -> None:
    credential["credentialSubject"]["shoeSize"] = 42


def _by_another(credential: dict[str, Any]) -> None:
    credential["issuer"]["id"] = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest.mark.parametrize("change", [_renamed, _unheard_of, _by_another])
def test_a_changed_credential_is_not(
    change: Callable[[dict[str, Any]], None], issued: list[Path], standards: Path, tmp_path: Path
) -> None:
    """So they looked: another name, a term nobody defines, another issuer."""
    credential = json.loads(issued[0].read_bytes())
    change(credential)
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(credential, ensure_ascii=False))
    (found,) = check(standards, changed)
    assert not found["accepted"]
    assert found["errors"]
