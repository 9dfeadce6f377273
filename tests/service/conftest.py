"""A founded notary for each test that asks for one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import lab
from tests.service.stores_lab import Cluster


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as founding leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    lab.found(folder)
    return folder


@pytest.fixture
def notary_lab(founded: Path, tmp_path: Path) -> Iterator[lab.Lab]:
    """A notary on embedded parts with three institutions."""
    folder = Path(shutil.copytree(founded, tmp_path / "lab"))
    with lab.opened(folder) as made:
        yield made


@pytest.fixture
def cluster(notary_lab: lab.Lab, tmp_path: Path) -> Cluster:
    """That notary with three block stores."""
    folder = tmp_path / "stores"
    folder.mkdir()
    return Cluster(notary_lab, folder)
