"""What the tests of a part are given."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gpu.runs import Runs

Seen = Callable[[str, object], None]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the part, which is packed into the report; a temporary one where pytest is run by hand."""
    named = os.environ.get("GPU_CHECK_FOLDER")
    return Path(named) if named else tmp_path_factory.mktemp("part")


@pytest.fixture(scope="session")
def report(folder: Path) -> Path:
    """The folder of the report, for a file that is to lie there by itself."""
    return folder.parents[1] if "GPU_CHECK_FOLDER" in os.environ else folder


@pytest.fixture(scope="session")
def runs(folder: Path) -> Runs:
    """The runner's cells, of all parts together."""
    return Runs(folder.with_name("runs") if "GPU_CHECK_FOLDER" in os.environ else folder / "runs")


@pytest.fixture
def seen(record_property: Callable[[str, object], None]) -> Seen:
    """Write a value into the summary (by junit, whose first version alone has a place for it), and print it."""

    def note(name: str, value: object) -> None:
        record_property(name, value)
        print(f"{name}: {value}")

    return note
