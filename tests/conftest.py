"""What every test stands on: no network, settled examples in CI, real parts on demand."""

import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import hypothesis
import pytest

from tests import parts
from tests.offline import block_network, loopback

CI = os.environ.get("CI") == "true"
PROJECT = Path(__file__).resolve().parent.parent
Node = TypeVar("Node")
FOR_TESTS = {"NOTARY_PARTS", "NOTARY_STANDARDS"}

hypothesis.settings.register_profile("here", max_examples=60, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)


def pytest_configure() -> None:
    """Shut out the network and the settings of whoever runs the tests."""
    hypothesis.settings.load_profile("ci" if CI else "here")
    for name in list(os.environ):
        if name.startswith("NOTARY_") and name not in FOR_TESTS:
            del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    block_network()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Open the loopback network for a test that says it needs it, its fixtures included."""
    says_so = any(item.get_closest_marker(name) for name in ("node", "loopback"))
    with loopback(allowed=says_so):
        return (yield)


def lacking(reason: str) -> NoReturn:
    """Skip loudly on a laptop; fail in CI, where nothing may be left out."""
    if CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(f"LEFT OUT: {reason}")


@contextmanager
def _in_place() -> Iterator[None]:
    try:
        yield
    except parts.PartMissingError as error:
        lacking(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    """A test whose fixtures lack a part is left out, and so is the next that asks for them."""
    with _in_place():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """And so is a test that starts a part by itself."""
    with _in_place():
        return (yield)


def _shared(running: AbstractContextManager[Node]) -> Iterator[Node]:
    with running as node:
        yield node


@pytest.fixture(scope="session")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[parts.EvmNode]:
    """One anvil for the session."""
    yield from _shared(parts.running_anvil(tmp_path_factory.mktemp("anvil")))


@pytest.fixture(scope="session")
def geth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[parts.EvmNode]:
    """One geth in development mode for the session."""
    yield from _shared(parts.running_geth(tmp_path_factory.mktemp("geth")))


@pytest.fixture(scope="session")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[parts.KuboNode]:
    """One Kubo node for the session."""
    yield from _shared(parts.running_kubo(tmp_path_factory.mktemp("kubo")))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Path of a Chromium that Playwright can drive."""
    with _in_place():
        return parts.program("chromium")


@pytest.fixture(scope="session")
def standards() -> Path:
    """Folder of the public standards' vectors and examples; NOTARY_STANDARDS names another."""
    folder = Path(os.environ.get("NOTARY_STANDARDS") or PROJECT.parent / "shared" / "standards")
    if not folder.is_dir():
        lacking(f"no standards in {folder}; NOTARY_STANDARDS names the folder that holds vectors/")
    return folder
