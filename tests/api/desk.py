"""A terminal in a folder of its own, for what people type."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from api.command_line import main

PASSPHRASE = "correct horse battery"
ISSUER = "https://college.example/issuer"


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder somebody works in, with `data/` as its data folder once founded."""

    folder: Path

    def run(self, *words: object, code: int = 0, stdin: bytes | str | None = None) -> Result:
        """Type a command; its exit code is what is expected, and no traceback is shown."""
        result = CliRunner().invoke(main, [str(word) for word in words], input=stdin, prog_name="notary")
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    def say(self, *words: object, code: int = 0, stdin: bytes | str | None = None) -> str:
        """Return what is shown, on both outputs."""
        return self.run(*words, code=code, stdin=stdin).output

    def json(self, *words: object, code: int = 0, stdin: bytes | str | None = None) -> dict[str, Any]:
        """Return what `--json` says: one line."""
        output = self.run(*words, "--json", code=code, stdin=stdin).stdout
        assert output.count("\n") == 1
        found: dict[str, Any] = json.loads(output)
        return found

    def file(self, name: str, content: bytes | str | dict[str, Any]) -> Path:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def passphrase(self) -> Path:
        """A file with the passphrase of every key here."""
        path = self.folder / "passphrase"
        if not path.exists():
            path.write_text(PASSPHRASE + "\n")
            path.chmod(0o600)
        return path

    def apply(self, name: str, *more: object) -> Path:
        """Make an institution's keys and its application."""
        made = self.json("key", "new", name, "--passphrase-file", self.passphrase())
        target = self.folder / f"{name}.application"
        key = ("--key", made["working"]["file"], "--passphrase-file", self.passphrase())
        self.run("member", "apply", *key, "--name", name.title(), "--out", target, *more)
        return target

    def sign(self, name: str, batch_file: object, *credentials: object, code: int = 0) -> dict[str, Any]:
        """Sign a batch file with an institution's working key."""
        own = [word for path in credentials for word in ("--credentials", path)]
        key = ("--key", f"{name}.working.pem", "--passphrase-file", self.passphrase())
        return self.json("sign", batch_file, *own, *key, "--yes", code=code)


def badge(learner: str, *, issuer: str = ISSUER, title: str = "Harbour Pilot", **more: Any) -> dict[str, Any]:
    """A plain Open Badges 3.0 credential."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"https://college.example/credentials/{learner}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "name": title,
        "credentialSubject": {"name": learner, "achievement": {"id": "https://college.example/a/1", "name": title}},
        **more,
    }


def ndjson(credentials: Iterable[dict[str, Any]]) -> str:
    """Credentials, one a line."""
    return "".join(json.dumps(credential) + "\n" for credential in credentials)
