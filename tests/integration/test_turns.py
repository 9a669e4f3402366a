"""Several harnesses on one machine: their cells of latency never overlap, and who waits says for whom."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from harness.documents.run_folder import RunFolder
from harness.execute import turns
from harness.host import locks
from harness.paths import ROOT
from tests.fakes import FakeExecutor
from tests.integration.commands import HARNESS, LITE, fails, harness
from tests.samples import job

RUN = ["run", "--image", "local", "--model", LITE, "--device", "cpu", "--weights", "random", "--threads", "1"]
DEVICES = turns.devices(job(environment="local"), FakeExecutor())

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

Start = Callable[..., "tuple[subprocess.Popen[bytes], Path]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `harness run` into a folder of this name, and hands out what it prints as a file, too."""
    with ExitStack() as stack:

        def started(name: str, *options: str) -> "tuple[subprocess.Popen[bytes], Path]":
            said = tmp_path / f"{name}.txt"
            with said.open("wb") as output:
                command = [*HARNESS, *RUN, "--iterations", "2", *options, "--out", str(tmp_path / name)]
                process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process, said

        yield started


def wait_until_it_says(words: str, *logs: Path) -> None:
    deadline = time.monotonic() + 120
    while not all(words in log.read_text() for log in logs):
        assert time.monotonic() < deadline, [log.read_text() for log in logs]
        time.sleep(0.05)


def test_two_runs_at_once_measure_one_cell_at_a_time_in_turn(start: Start, tmp_path: Path) -> None:
    with locks.held(DEVICES, "run of the test", print):
        (one, one_said), (other, other_said) = start("one"), start("other")
        wait_until_it_says("run of the test, process", one_said, other_said)
    assert [one.wait(240), other.wait(240)] == [0, 0], one_said.read_text() + other_said.read_text()
    results = [cell.result for name in ("one", "other") for cell in RunFolder(tmp_path / name).cells()]
    spans = sorted(
        (datetime.fromisoformat(result.started_at), datetime.fromisoformat(result.finished_at)) for result in results
    )
    assert len(spans) == 2
    for (began, ended), (next_began, _) in pairwise(spans):
        assert began < ended <= next_began
    said = one_said.read_text() + other_said.read_text()
    assert re.search(r": waiting for CPU \d+, held by .+ since \d\d:\d\d:\d\d .*, run (one|other), process \d+\n", said)


def test_an_interruption_while_it_waits_ends_at_once_and_can_go_on(start: Start, tmp_path: Path) -> None:
    with locks.held(DEVICES, "run of the test", print):
        process, said = start("one")
        wait_until_it_says("run of the test, process", said)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    text = said.read_text()
    assert f"harness run --resume {tmp_path / 'one'}" in text
    assert "Traceback" not in text


def test_doctor_says_who_measures() -> None:
    with locks.held(DEVICES, "run of the test", print):
        said = harness("doctor").stdout
    more = f" and {len(DEVICES) - 1} more" if DEVICES[1:] else ""
    assert re.search(rf"^latency   {DEVICES[0]}{more} held by .+ since .+, run of the test, process \d+", said, re.M)


def test_without_a_place_for_locks_nothing_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    place = str(tmp_path / "file")
    sentence = "can't be taken: File exists; move what is there, or set HARNESS_LOCKS to a folder in which everyone"
    fails(5, sentence, *RUN, "--out", tmp_path / "run", variables={"HARNESS_LOCKS": place})
    assert not (tmp_path / "run").exists()
