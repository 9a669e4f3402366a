"""What every test may use.

A missing engine or browser skips, unless HARNESS_REQUIRE_DOCKER=1 or HARNESS_REQUIRE_BROWSER=1 says it must be there.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from harness.engine import Engine
from harness.errors import CannotRunHere

REQUIRE_BROWSER = os.environ.get("HARNESS_REQUIRE_BROWSER") == "1"
REQUIRE_DOCKER = os.environ.get("HARNESS_REQUIRE_DOCKER") == "1"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    try:
        connected = Engine.connect()
    except CannotRunHere as error:
        if REQUIRE_DOCKER:
            pytest.fail(str(error))
        pytest.skip(str(error))
    with connected:
        yield connected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_spec("torch") is None:
        for item in items:
            if item.get_closest_marker("torch"):
                item.add_marker(pytest.mark.skip(reason="torch is not installed here: make setup"))
