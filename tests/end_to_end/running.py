"""Running commands as a person does: whole processes, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRAM = "from api.command_line import main; main()"
_FORBIDDEN = """\
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.sendto"):
        raise PermissionError(f"the network is forbidden here: {event}")
sys.addaudithook(refuse)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line, as JSON."""
        return json.loads(self.out.splitlines()[-1])


def notary(*arguments: object, cwd: Path, expect: int | None = 0, network: bool = True, **environment: str) -> Ran:
    """Run the installed `notary` command; without `network`, a process that may open no connection."""
    program = [sys.executable, "-c", _PROGRAM if network else _FORBIDDEN + _PROGRAM]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOTARY_")}
    done = subprocess.run(
        [*program, *map(str, arguments)],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if expect is not None:
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return Ran(done.returncode, done.stdout, done.stderr)
