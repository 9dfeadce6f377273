"""`notary block-note` beside a node, `notary anchor --note` at the notary, `notary trust export` for verifiers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.command_line import main
from api.key_files import KeyFile
from notary.core.block_note import BlockNote
from notary.core.note import Note, VerifierKey
from notary.service.rounds.block_notes import party_key
from tests.api.desk import Desk
from tests.parts import EvmNode

_PASSPHRASE = "for tests only"


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, [*words])


@pytest.fixture
def party(tmp_path: Path) -> tuple[Path, Path]:
    """A party's key, and the file with its passphrase."""
    key, passphrase = tmp_path / "party.pem", tmp_path / "passphrase"
    KeyFile.create(key, _PASSPHRASE)
    passphrase.write_text(_PASSPHRASE)
    passphrase.chmod(0o600)
    return key, passphrase


@pytest.mark.node
def test_a_party_signs_final_blocks_and_no_others(anvil: EvmNode, party: tuple[Path, Path]) -> None:
    """The note verifies by the key that is told; a block that is not final is exit code 3 and no note."""
    words: tuple[str, ...] = ("block-note", "--chain", anvil.url, "--key", str(party[0]), "--passphrase-file")
    words = (*words, str(party[1]), "--origin", "party.example", "--json")
    deadline = time.monotonic() + 20
    while (result := _run(*words, "1")).exit_code == 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    said = json.loads(result.output)
    (note,) = (Note.parse(text.encode()) for text in said["notes"])
    vouched = BlockNote.parse(note.text)
    assert (vouched.chain, vouched.number) == (anvil.chain, 1)
    assert note.verify([VerifierKey.parse(said["vkey"])])
    assert _run(*words, "1", "99999999").exit_code == 3


def test_a_file_without_notes_is_refused(tmp_path: Path) -> None:
    """It is named, and nothing is added."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear notary\n")
    result = _run("anchor", "--note", str(file), "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "block notes, each beginning with" in result.output


def test_the_trust_file_names_the_parties_whose_notes_count(founded_desk: Desk) -> None:
    """All of them are needed unless fewer are asked for; more than there are is refused."""
    keys = [str(party_key(f"party{at}.example", KeyFile.create(Path(f"{at}.pem"), _PASSPHRASE))) for at in (1, 2)]
    words = ("trust", "export", "trust.json", *(word for key in keys for word in ("--block-note-key", key)))
    for more, need in (((), 2), (("--need", 1), 1)):
        said = founded_desk.json(*words, *more)
        assert said["trust"]["consortia"][0]["blockNotes"] == {"keys": keys, "need": need}
    assert "at most the number of keys, 2" in founded_desk.say(*words, "--need", 3, code=1)
