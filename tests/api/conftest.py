"""A founded notary with its HTTP service, one for each module of tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.desk import ISSUER, Desk
from tests.api.house import House, found_house, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two institutions, their notary, its service."""
    settings, institutions = found_house(tmp_path_factory.mktemp("house"))
    with open_house(settings, institutions) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A terminal in an empty folder, with its data folder below."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTARY_DATA", str(tmp_path / "data"))
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def founded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it is once a college has applied and a notary was founded with it, to be copied."""
    folder = tmp_path_factory.mktemp("founded-desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NOTARY_DATA", str(folder / "data"))
        made = Desk(folder)
        application = made.apply("college", "--alias", ISSUER, "--recognition", "community")
        made.run("init", "--name", "Harbour", "--origin", "harbour.example/log", "--member", application, "--yes")
    return folder


@pytest.fixture
def founded_desk(desk: Desk, founded_folder: Path) -> Desk:
    """A terminal where a notary is founded, whose one member is a college with a key of its own."""
    shutil.copytree(founded_folder, desk.folder, dirs_exist_ok=True)
    return desk
