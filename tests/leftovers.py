"""What tests make on an engine carries a label, and so does all that is built on it; in the end it is removed.

A build that fails leaves the layers of the steps before it, the engine's cache, from which the next build goes on.
Where an engine must be there (HARNESS_REQUIRE_DOCKER=1) it serves nobody else, and whatever is left on it is a failure.
"""

import os
import uuid
from contextlib import suppress
from http import HTTPStatus

import pytest
from docker.errors import APIError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from harness.errors import CannotRunHere
from harness.images.containers import LABEL
from harness.images.engine import Engine

#: The same in every worker of a session, another in every session.
SESSION = os.environ.setdefault("HARNESS_TEST_SESSION", uuid.uuid4().hex[:12])
MADE_HERE = {f"{LABEL}.test": SESSION}
_WANTED = [f"{name}={value}" for name, value in MADE_HERE.items()]


def own_tag(name: str) -> str:
    """Return the tag of an image that the tests of this session share."""
    return f"{LABEL}/{name}:test-{SESSION}"


def remove(engine: Engine) -> None:
    """Remove the images that the tests of this session made, and the layers that failed builds left of them."""
    client = engine._client
    for image in engine.images(MADE_HERE):
        for tag in image.tags:
            client.images.remove(tag)
    for attempt in Retrying(
        retry=retry_if_exception(_is_pruning), wait=wait_fixed(1), stop=stop_after_delay(60), reraise=True
    ):
        with attempt:
            client.images.prune(filters={"label": _WANTED, "dangling": True})


def _is_pruning(error: BaseException) -> bool:
    """Tell whether the engine refuses since another session prunes just now: it does one at a time."""
    return isinstance(error, APIError) and error.status_code == HTTPStatus.CONFLICT


def census(engine: Engine) -> dict[str, str]:
    """Return what is on the engine, by id: images with every layer, containers, networks and volumes."""
    client = engine._client
    images = {str(image["Id"]): f"image {image['RepoTags']}" for image in client.api.images(all=True)}
    containers = {str(each.id): f"container {each.name}" for each in client.containers.list(all=True)}
    networks = {str(each.id): f"network {each.name}" for each in client.networks.list()}
    volumes = {str(each.id): "volume" for each in client.volumes.list()}
    return images | containers | networks | volumes


class Leftovers:
    """A plugin of the process that leads the session, so that it comes after every worker's end."""

    def __init__(self) -> None:
        self._before: dict[str, str] | None = None
        self._engine_was_used = False
        self._left: list[str] = []

    def pytest_sessionstart(self) -> None:
        """Take stock where the engine is the tests' own."""
        if os.environ.get("HARNESS_REQUIRE_DOCKER") == "1":
            with suppress(CannotRunHere), Engine.connect() as engine:
                self._before = census(engine)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether an engine was there for a test."""
        ran = report.when == "call" and report.outcome != "skipped"
        self._engine_was_used |= ran and "docker" in report.keywords

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remove what was made, and fail where something else is left."""
        if not self._engine_was_used:
            return
        with suppress(CannotRunHere), Engine.connect() as engine:  # where it has gone, nothing can be left on it
            remove(engine)
            if self._before is not None:
                self._left = [f"{key}: {what}" for key, what in census(engine).items() if key not in self._before]
        if self._left:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what is left."""
        if self._left:
            terminalreporter.section("left on the engine", red=True)
            terminalreporter.write("\n".join([*self._left, ""]))
