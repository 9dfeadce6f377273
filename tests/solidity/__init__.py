"""Contracts of tests alone, compiled as they are needed by the compiler that the published ones are pinned to."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from tests.parts import PartMissingError, program

_HERE = Path(__file__).resolve().parent
_COMPILER = _HERE.parent.parent / "contracts" / "solc.mjs"


@cache
def creation_code(name: str) -> bytes:
    """Compile `name`.sol and return what deploys it, without its constructor's arguments."""
    if not (_COMPILER.parent / "node_modules" / "solc").is_dir():
        raise PartMissingError("solc is not in contracts/node_modules; contracts/check provides it")
    source = f"{name}.sol"
    asked = {
        "language": "Solidity",
        "sources": {source: {"content": (_HERE / source).read_text()}},
        "settings": {"evmVersion": "paris", "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
    }
    command = [str(program("node")), str(_COMPILER), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, check=True, timeout=120)
    said: dict[str, Any] = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in said.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise AssertionError("\n".join(errors))
    return bytes.fromhex(said["contracts"][source][name]["evm"]["bytecode"]["object"])
