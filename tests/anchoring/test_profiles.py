"""Chain profiles: what is shipped, what a settings file may change, and what it may not."""

from pathlib import Path

import pytest

from anchoring.profiles import Profile, Profiles
from notary.core.errors import OperatorError


@pytest.mark.parametrize(
    "chain, name",
    [
        ("eip155:1", "Ethereum"),
        ("eip155:11155111", "Sepolia"),
        ("eip155:100", "Gnosis"),
        ("eip155:137", "Polygon"),
        ("eip155:8453", "Base"),
        ("eip155:42161", "Arbitrum One"),
    ],
)
def test_the_chains_people_use_are_known(chain: str, name: str) -> None:
    """By their CAIP-2 ids; each has finality."""
    profile = Profiles.load().of(chain)
    assert (profile.id, profile.name, profile.depth) == (chain, name, None)
    assert profile.wait >= 60


def test_any_other_chain_is_private() -> None:
    """It keeps its id and takes what is assumed of a private one."""
    assert Profiles.load().of("eip155:31337") == Profile("eip155:31337", "Private chain", "ETH", None, 60, 1)


def test_a_settings_file_changes_fields_and_adds_chains(tmp_path: Path) -> None:
    """What it does not name stays as it was."""
    settings = tmp_path / "chains.toml"
    settings.write_text(
        '["eip155:1"]\nconfirmations = 9\n["eip155:7"]\nname = "Ours"\nfinality = "depth:12"\n[default]\nwait = 5\n'
    )
    profiles = Profiles.load(settings)
    assert (profiles.of("eip155:1").confirmations, profiles.of("eip155:1").wait) == (9, 1020)
    assert profiles.of("eip155:7") == Profile("eip155:7", "Ours", "ETH", 12, 5, 1)
    assert profiles.of("eip155:8").wait == 5


@pytest.mark.parametrize(
    "text, words",
    [
        ('["eip155:1"]\nconfirmation = 9', "confirmation"),
        ('["eip155:1"]\nconfirmations = 0', "integer from 1"),
        ('["eip155:1"]\nconfirmations = true', "integer from 1"),
        ('["eip155:1"]\nwait = "long"', "integer from 1"),
        ('["eip155:1"]\nname = ""', "some text"),
        ('["eip155:1"]\nfinality = "safe"', "depth:N"),
        ('["eip155:1"]\nfinality = "depth:-1"', "depth:N"),
        ('["eip155:01"]\nwait = 1', "eip155:N"),
        ('["solana:1"]\nwait = 1', "eip155:N"),
        ("[default]\nwait = 0", "integer from 1"),
        ("wait = 1", "eip155:N"),
        ("[", "cannot be read"),
    ],
)
def test_a_settings_file_that_is_wrong_says_where(tmp_path: Path, text: str, words: str) -> None:
    """The field and what it may be."""
    settings = tmp_path / "chains.toml"
    settings.write_text(text)
    with pytest.raises(OperatorError, match=words):
        Profiles.load(settings)


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A file that was asked for is never left out silently."""
    with pytest.raises(OperatorError, match=r"chains\.toml cannot be read"):
        Profiles.load(tmp_path / "chains.toml")
