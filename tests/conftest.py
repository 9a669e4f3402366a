"""What every test may use, and what none can reach unasked.

A test that needs an engine has the marker `docker`, and by it the fixture `engine`. For every other test DOCKER_HOST
names a socket that is nowhere, so it shows on any machine what it shows on one without an engine.
"""

import signal
import sys
from collections.abc import Generator, Iterator
from importlib.util import find_spec

import pytest

from harness.errors import CannotRunHere
from harness.images.engine import Engine
from tests.leftovers import Leftovers
from tests.needs import lacks

NO_ENGINE = "unix:///nowhere/docker.sock"
#: The files that take longest begin first, so that no worker is left with one at the end.
LONGEST = ("test_source_build.py", "test_gpu_check.py", "test_demo.py", "test_accuracy.py")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Leftovers())


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    try:
        connected = Engine.connect()
    except CannotRunHere as error:
        lacks("DOCKER", str(error))
    with connected:
        yield connected


@pytest.fixture(scope="session", autouse=True)
def for_itself(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no cell of a test wait for another worker's, nor for anybody's on this machine, by a lock or for a CPU.

    Where each of two tests at once had two threads, these would wait for one another in every parallel region.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_LOCKS", str(tmp_path_factory.mktemp("locks")))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hide the engine from a test without the marker, and from every fixture that is made for it, of any scope."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("docker") is None:
            patch.setenv("DOCKER_HOST", NO_ENGINE)
        return (yield)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, here and in what the test starts, also where it was ignored from outside (nohup, &)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        if find_spec("torch") is None and item.get_closest_marker("torch"):
            item.add_marker(pytest.mark.skip(reason="torch is not installed here: make setup"))
        bring_the_engine(item)


def pytest_collection_finish() -> None:
    """Let torch use one thread in this process, too."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def bring_the_engine(item: pytest.Item) -> None:
    """Give a test that is marked `docker` the fixture `engine`, first of all; without the marker, none may have it."""
    if not isinstance(item, pytest.Function):
        return
    if item.get_closest_marker("docker"):
        item.fixturenames = ["engine", *item.fixturenames]  # the list itself is shared with the other parameters
    elif "engine" in item.fixturenames:
        raise pytest.UsageError(f"{item.nodeid} needs a Docker engine; mark it: @pytest.mark.docker")
