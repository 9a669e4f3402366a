"""The suite's own rules: who reaches an engine, and that an interruption interrupts."""

import signal

import pytest

from harness.errors import CannotRunHere
from harness.images.engine import Engine
from tests.conftest import bring_the_engine


def test_without_the_marker_no_engine_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # what keeps unit tests from asking for one at all
    with pytest.raises(CannotRunHere, match="no Docker engine answers"):
        Engine.connect()


def test_without_the_marker_the_fixture_is_refused(request: pytest.FixtureRequest) -> None:
    request.node.fixturenames = ["tmp_path", "engine"]
    with pytest.raises(pytest.UsageError, match=r"mark it: @pytest\.mark\.docker"):
        bring_the_engine(request.node)


def test_the_marker_brings_the_fixture(request: pytest.FixtureRequest) -> None:
    request.node.fixturenames = ["tmp_path"]
    request.node.add_marker("docker")
    bring_the_engine(request.node)
    assert request.node.fixturenames == ["engine", "tmp_path"]


def test_an_interruption_interrupts_wherever_the_tests_were_started() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
