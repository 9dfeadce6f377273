"""What `pip install` of the wheel alone gives: the verifier, and little else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, lacking
from tests.end_to_end.running import notary

MOST_PACKAGES = 16


@pytest.mark.node
def test_the_wheel_alone_verifies(tmp_path: Path) -> None:
    """Built, installed into a new environment with what it requires, it verifies a receipt of the demo."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = environment / "bin" / "pip"
    install: list[str | Path] = [pip, "install", "--quiet", "--disable-pip-version-check", wheel]
    installed = subprocess.run(install, check=False, capture_output=True, text=True)
    if installed.returncode:
        lacking(f"the wheel's requirements cannot be fetched: {installed.stderr.strip()[-300:]}")
    names = subprocess.run([pip, "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
    assert len(names.splitlines()) <= MOST_PACKAGES, names
    for absent in ("web3", "SQLAlchemy", "fastapi", "dbos"):
        assert absent not in names

    demo = notary("demo", "--json", cwd=tmp_path).json
    verify = [environment / "bin" / "notary", "verify", demo["receipts"][0], "--trust", demo["trust"]]
    verified = subprocess.run(verify, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.startswith("✓ Verified.")
    lacks = subprocess.run(
        [environment / "bin" / "notary", "stamp", wheel], capture_output=True, text=True, check=False
    )
    assert lacks.returncode == 1
    assert "credential-notary[service]" in lacks.stdout + lacks.stderr
