"""What a test needs of the machine beyond Python: what is missing skips it, or fails it where it must be there."""

import os
import shutil
from typing import Literal, NoReturn

import pytest

#: An engine with its images and tools; Chromium; compilers and other programs, and the rights of root.
Kind = Literal["DOCKER", "BROWSER", "TOOLS"]


def lacks(kind: Kind, what: str) -> NoReturn:
    """End the test with what is missing here: as skipped, or as failed where HARNESS_REQUIRE_<kind>=1 asks for it."""
    required = os.environ.get(f"HARNESS_REQUIRE_{kind}") == "1"
    (pytest.fail if required else pytest.skip)(what)


def programs(*names: str) -> None:
    """End the test where one of the programs is not installed."""
    if missing := [name for name in names if shutil.which(name) is None]:
        lacks("TOOLS", f"not installed here: {', '.join(missing)}")
