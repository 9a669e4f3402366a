"""Runs that are interrupted, killed, or started twice: nothing keeps running, and what is missing can be had."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness import documents
from harness.documents.run_folder import RunFolder
from harness.host.interruptions import SIGNALS
from harness.images.engine import Engine
from harness.paths import ROOT
from tests.integration.commands import HARNESS, LITE, harness, owned

RUN = ["run", "--model", LITE, "--device", "cpu", "--weights", "random", "--threads", "1"]
LONG = ["--protocol", "published-2021"]
INTERRUPTED = 130

Started = tuple[Path, Callable[..., "subprocess.Popen[str]"]]

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]


def wait_for(condition: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def runners(run: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "runner" in command and any(str(run.resolve()) in word for word in command):
            found.append(process)
    return found


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Starts `harness run` with a long measurement and hands out its folder and a way to start it."""
    processes: list[subprocess.Popen[str]] = []
    run = tmp_path / "run"

    def start(environment: str, *iterations: str, before: Sequence[str] = ()) -> "subprocess.Popen[str]":
        command = [*before, *HARNESS, *RUN, "--image", environment, *iterations, "--out", str(run)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        processes.append(process)
        return process

    yield run, start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("how", SIGNALS)
def test_an_interruption_leaves_no_process_and_can_go_on(started: Started, how: signal.Signals) -> None:
    run, start = started
    process = start("local", *LONG)
    wait_for(lambda: (run / "plan.json").exists() and runners(run))
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED, err
    assert f"harness run --resume {run}" in out.replace("\n", "")
    assert runners(run) == []


def test_a_terminal_that_is_closed_leaves_no_process(started: Started) -> None:
    run, start = started
    screen, theirs = pty.openpty()
    # A process without a terminal makes the first one that it opens its own.
    process = start("local", *LONG, before=["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(theirs)])
    wait_for(lambda: (run / "plan.json").exists() and runners(run))
    os.close(theirs)
    os.close(screen)
    process.wait(timeout=30)
    assert runners(run) == []
    RunFolder(run).require_idle()


def test_under_nohup_a_run_outlives_its_terminal(started: Started) -> None:
    run, start = started
    process = start("local", *LONG, before=["nohup"])
    wait_for(lambda: (run / "plan.json").exists() and runners(run))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    assert runners(run)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert runners(run) == []


@pytest.mark.docker
def test_an_interruption_leaves_no_container(started: Started, engine: Engine, cuda102: str) -> None:
    run, start = started
    process = start(cuda102, *LONG)
    wait_for(lambda: owned(engine, run))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert owned(engine, run) == []


@pytest.mark.docker
def test_a_killed_run_goes_on_and_removes_what_it_left(started: Started, engine: Engine, cuda102: str) -> None:
    run, start = started
    process = start(cuda102, "--iterations", "2")
    wait_for(lambda: owned(engine, run))
    os.killpg(process.pid, signal.SIGKILL)  # while the container still imports torch
    process.communicate()
    (orphan,) = owned(engine, run) or [""]
    done = harness("run", "--resume", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert orphan not in owned(engine, run)
    assert [cell.result.status for cell in RunFolder(run).cells()] == ["ok"]


def test_a_resume_that_is_killed_loses_no_measurement_and_leaves_no_runner(tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = harness(*RUN, "--image", "local", "--iterations", "1", "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = RunFolder(run).cells()
    by_another_runner = replace(cell.result, runner_sha256="ab" * 32)
    documents.write(RunFolder(run).cell_folder(cell.job) / "result.json", by_another_runner)
    process = subprocess.Popen([*HARNESS, "run", "--resume", str(run)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: runners(run))
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not runners(run))
    assert [each.result for each in RunFolder(run).cells()] == [by_another_runner]
    done = harness("run", "--resume", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each.result.runner_sha256 for each in RunFolder(run).cells()] == [cell.result.runner_sha256]
    assert sorted(path.name for path in run.iterdir() if path.name != ".lock") == ["cells", "plan.json", "table.md"]


def test_one_run_is_not_executed_twice_at_once(started: Started) -> None:
    run, start = started
    start("local", *LONG)
    wait_for(lambda: (run / "plan.json").exists() and runners(run))
    second = harness("run", "--resume", run)
    assert second.returncode == 2
    assert "is being executed by another process" in second.stderr
