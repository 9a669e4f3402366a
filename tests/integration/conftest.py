"""What the tests of whole commands share."""

import pytest

from harness import images
from harness.catalogue import environments
from harness.engine import Engine
from tests.conftest import REQUIRE_DOCKER


@pytest.fixture(scope="session")
def cuda102(engine: Engine) -> str:
    """The published stack's environment, its image built."""
    environment = environments()["cuda10.2"]
    if images.find(engine, environment) is None:
        (pytest.fail if REQUIRE_DOCKER else pytest.skip)("the image of cuda10.2 is not built: make images")
    return environment.name
