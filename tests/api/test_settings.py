"""Settings: where they are read from, and that docs/settings.md says the same."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest

from api.settings import FILE, ChainSetting, Settings
from notary.core.errors import OperatorError
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "settings.md").read_text()


def test_the_page_names_every_setting_with_its_default_and_description() -> None:
    """The table's rows are the settings, in their order, word for word."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    written = [(name, default, says) for name, default, says in rows if not name.startswith("NOTARY_")]
    assert [(name, says) for name, _, says in written] == [
        (setting.name, setting.metadata["description"]) for setting in fields(Settings)
    ]
    for (name, default, _), setting in zip(written, fields(Settings), strict=True):
        if setting.default not in (MISSING, "", ()):
            plain = " ".join(setting.default) if isinstance(setting.default, tuple) else setting.default
            assert default == f"`{plain}`", name


def test_the_environment_comes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    """Each setting has one value, and everyone can say why."""
    (tmp_path / FILE).write_text('name = "From the file"\nlisten = "127.0.0.1:9"\n')
    settings = Settings.load(tmp_path, {"NOTARY_NAME": "From the environment"})
    assert (settings.name, settings.listen, settings.ipfs) == ("From the environment", "127.0.0.1:9", ("embedded",))
    assert Settings.load(None, {"NOTARY_DATA": str(tmp_path)}).name == "From the file"


def test_what_is_saved_is_read_back_and_is_the_owners_alone(tmp_path: Path) -> None:
    """Quotes and backslashes survive; the file is 0600."""
    chains = (ChainSetting("http://127.0.0.1:8545", "0x" + "ab" * 20),)
    settings = replace(Settings.load(tmp_path, {}), name='A "quoted" \\ name', fee_cap=7, chains=chains)
    settings.save()
    assert Settings.load(tmp_path, {}) == settings
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_one_block_store_or_several(tmp_path: Path) -> None:
    """A text in the file is one or more addresses, as in the environment; a list is read back as it was saved."""
    two = ("embedded", "http://127.0.0.1:5001")
    replace(Settings.load(tmp_path, {}), ipfs=two).save()
    assert Settings.load(tmp_path, {}).ipfs == two
    (tmp_path / FILE).write_text('ipfs = "http://127.0.0.1:5001"\n')
    assert Settings.load(tmp_path, {}).ipfs == two[1:]
    assert Settings.load(tmp_path, {"NOTARY_IPFS": " ".join(two)}).ipfs == two


@pytest.mark.parametrize(
    "text, says",
    [
        ("nmae = 'x'", "no such setting"),
        ("anchor_every = 'soon'", "anchor_every: expected int"),
        ("fee_cap = true", "fee_cap: expected int"),
        ("name = ", "cannot be read"),
        ("chains = 'embedded'", "chains: expected list"),
        ("ipfs = 5001", "ipfs: expected list or str"),
        ("ipfs = []", "setting ipfs: expected `embedded`, addresses"),
        ("ipfs = ['embedded', 5001]", "setting ipfs: expected `embedded`, addresses"),
        ("[[chains]]\nurl = 'x'", "tables with node and registry"),
    ],
)
def test_a_wrong_file_is_named_with_its_setting(tmp_path: Path, text: str, says: str) -> None:
    """A typing mistake is no silent default."""
    (tmp_path / FILE).write_text(text)
    with pytest.raises(OperatorError, match=says):
        Settings.load(tmp_path, {})


def test_a_number_in_the_environment_is_a_number(tmp_path: Path) -> None:
    """Or it is named as none."""
    assert Settings.load(tmp_path, {"NOTARY_ANCHOR_EVERY": "5"}).anchor_every == 5
    with pytest.raises(OperatorError, match="NOTARY_ANCHOR_EVERY: expected a whole number"):
        Settings.load(tmp_path, {"NOTARY_ANCHOR_EVERY": "soon"})
