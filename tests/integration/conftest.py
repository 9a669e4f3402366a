"""What the tests of whole commands share."""

import os
from collections.abc import Callable, Iterator

import pytest

from harness.catalogue import environments
from harness.images import recipes
from harness.images.engine import Engine
from tests.integration.standins import LEAN_TORCH
from tests.leftovers import MADE_HERE, own_tag
from tests.needs import lacks


@pytest.fixture(scope="session")
def cuda102(engine: Engine) -> str:
    """The published stack's environment, its image built."""
    environment = environments()["cuda10.2"]
    if recipes.find(engine, environment) is None:
        lacks("DOCKER", "the image of cuda10.2 is not built: make images")
    return environment.name


@pytest.fixture(scope="session")
def base_of(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Give a function that returns the base of an environment, or its stand-in, with the tests' own label on it.

    What is built on it inherits the label, the layers that a failed build leaves, too.
    """

    def labelled(name: str) -> str:
        available = recipes.available_base(engine, environments()[name])
        if available is None:
            lacks("DOCKER", f"there is no base of {name}: make standin-bases")
        folder, tag = tmp_path_factory.mktemp("base"), own_tag(f"base-of-{name}")
        (folder / "Dockerfile").write_text(f"FROM {available}\n")
        for _ in engine.build(folder, "Dockerfile", tag, MADE_HERE, {}):
            pass
        return tag

    return labelled


@pytest.fixture(scope="module")
def lean_torch() -> Iterator[None]:
    """Have the processes that a test starts leave torch's compiler out: for tests that look at something else.

    What a model computes or how fast torch starts is shown by the real one.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(LEAN_TORCH), os.environ.get("PYTHONPATH")])))
        yield
