"""One behaviour suite over every executor: the local process, the container, and the fake that stands for both."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.execute.executors import local
from harness.execute.executors.base import Executor, ExitReport
from harness.execute.executors.docker import DockerExecutor
from harness.execute.executors.local import LocalExecutor
from harness.host.gpus import HostGpu
from harness.images import owners
from harness.images.engine import Engine
from harness.images.owners import HOST, OWNER, remove_orphans
from harness.paths import ROOT
from tests.fakes import FakeExecutor
from tests.leftovers import MADE_HERE, own_tag

ACTING_RUNNER = Path(__file__).parents[1] / "data" / "acting_runner"
MEMORY_BYTES = 128 << 20


@pytest.fixture(scope="session")
def acting_image(engine: Engine, base_of: Callable[[str], str]) -> ImageIdentity:
    base, tag = base_of("cuda10.2"), own_tag("acting-runner")
    for _ in engine.build(ACTING_RUNNER, "Dockerfile", tag, MADE_HERE, {"BASE": base}):
        pass
    built = engine.image(tag)
    assert built is not None
    return ImageIdentity(tag, built.id, [], "", base, {}, [])


@pytest.fixture(params=["fake", "local", pytest.param("docker", marks=pytest.mark.docker)])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Executor]:
    if request.param == "fake":
        yield FakeExecutor()
    elif request.param == "local":
        yield LocalExecutor(memory_bytes=MEMORY_BYTES, runner_root=ACTING_RUNNER)
    else:
        engine, image = (request.getfixturevalue(name) for name in ("engine", "acting_image"))
        lock = tmp_path / ".lock"
        with FileLock(lock):
            yield DockerExecutor(engine, image, lock, memory_bytes=MEMORY_BYTES)
        assert str(lock) not in engine.labelled(OWNER).values(), "a container was left behind"


def act(executor: Executor, tmp_path: Path, behaviour: str, timeout_s: float = 60) -> tuple[ExitReport, list[str]]:
    (tmp_path / "job.json").write_text(json.dumps({"behaviour": behaviour}))
    lines: list[str] = []
    return executor.run(tmp_path / "job.json", tmp_path, timeout_s, lines.append), lines


def test_success(executor: Executor, tmp_path: Path) -> None:
    report, lines = act(executor, tmp_path, "success")
    assert (report.exit_code, report.timed_out, report.out_of_memory) == (0, False, False)
    assert (tmp_path / "result.json").read_text() == "{}"
    assert json.loads(lines[0]) == {"event": "loaded"}
    assert (tmp_path / "log.txt").stat().st_size > 0
    assert report.wall_seconds > 0


def test_a_model_error_leaves_its_result_and_its_exit_code(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "model-error")
    assert report.exit_code == 1
    assert (tmp_path / "result.json").exists()


def test_a_time_out_ends_the_process(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "sleep", timeout_s=2)
    assert report.timed_out
    assert not report.out_of_memory
    assert report.wall_seconds < 30
    assert not (tmp_path / "result.json").exists()


def test_passing_the_memory_limit_is_told_apart(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "eat-memory")
    assert report.out_of_memory
    assert not report.timed_out


def test_missing_output_is_no_error_of_the_executor(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "no-output")
    assert report.exit_code == 0
    assert not (tmp_path / "result.json").exists()


def test_what_the_runner_leaves_running_ends_with_it(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "leave-a-child")
    assert (report.exit_code, report.timed_out) == (0, False)
    assert report.wall_seconds < 30
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in (p.info["cmdline"] or [])]


def test_an_unexplained_kill_is_neither_time_nor_memory(executor: Executor, tmp_path: Path) -> None:
    report, _ = act(executor, tmp_path, "killed")
    assert report.exit_code != 0
    assert not report.timed_out
    assert not report.out_of_memory


def test_an_interruption_ends_what_was_started(executor: Executor, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"behaviour": "sleep"}))

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.run(tmp_path / "job.json", tmp_path, 60, interrupt)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in (p.info["cmdline"] or [])]


@pytest.mark.docker
def test_an_interruption_while_the_engine_creates_a_container_leaves_none(
    engine: Engine, acting_image: ImageIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create: Callable[..., object] = engine._client.api.create_container_from_config

    def interrupted(*args: object, **options: object) -> object:
        made = create(*args, **options)
        signal.raise_signal(signal.SIGINT)  # Ctrl-C after the engine created it, before its id arrives here
        time.sleep(0.2)
        return made

    monkeypatch.setattr(engine._client.api, "create_container_from_config", interrupted)
    with pytest.raises(KeyboardInterrupt):
        act(DockerExecutor(engine, acting_image, tmp_path / ".lock"), tmp_path, "sleep")
    assert str(tmp_path / ".lock") not in engine.labelled(OWNER).values()


def test_an_interruption_while_a_process_starts_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)  # Ctrl-C after the process started, before it is known here
            time.sleep(0.2)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        act(LocalExecutor(runner_root=ACTING_RUNNER), tmp_path, "sleep")
    (process,) = started
    assert process.poll() is not None


KILLED = """
import os, signal, sys
from pathlib import Path
from harness.execute.executors.local import LocalExecutor
cell = Path(sys.argv[1])
kill = lambda line: os.kill(os.getpid(), signal.SIGKILL)
LocalExecutor(runner_root=Path(sys.argv[2])).run(cell / "job.json", cell, 60, kill)
"""


def test_a_runner_ends_with_its_harness_though_that_is_killed(tmp_path: Path) -> None:
    """Else it would measure beside the next, or wait for pictures that nobody hands over any more."""
    (tmp_path / "job.json").write_text(json.dumps({"behaviour": "sleep"}))
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, ACTING_RUNNER], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "log.txt").exists()
    deadline = time.monotonic() + 30
    while [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in (p.info["cmdline"] or [])]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_interruption_while_a_process_is_ended_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[subprocess.Popen[bytes]] = []
    kill = local.kill_session

    def interrupted(process: "subprocess.Popen[bytes]") -> None:
        ended.append(process)
        signal.raise_signal(signal.SIGINT)  # Ctrl-C once more, before the process is killed
        kill(process)

    def interrupt(line: str) -> None:
        monkeypatch.setattr(local, "kill_session", interrupted)
        raise KeyboardInterrupt

    (tmp_path / "job.json").write_text(json.dumps({"behaviour": "sleep"}))
    with pytest.raises(KeyboardInterrupt):
        LocalExecutor(runner_root=ACTING_RUNNER).run(tmp_path / "job.json", tmp_path, 60, interrupt)
    assert ended[0].returncode is not None


@pytest.mark.docker
def test_an_interruption_while_a_container_is_removed_leaves_none(
    engine: Engine, acting_image: ImageIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove: Callable[..., object] = engine._client.api.remove_container

    def interrupted(*args: object, **options: object) -> object:
        signal.raise_signal(signal.SIGINT)  # Ctrl-C once more, before the engine is asked
        return remove(*args, **options)

    monkeypatch.setattr(engine._client.api, "remove_container", interrupted)
    with pytest.raises(KeyboardInterrupt):
        act(DockerExecutor(engine, acting_image, tmp_path / ".lock"), tmp_path, "success")
    assert str(tmp_path / ".lock") not in engine.labelled(OWNER).values()


@pytest.mark.docker
def test_an_orphan_of_a_killed_run_is_removed_and_another_machine_s_container_is_not(
    engine: Engine, acting_image: ImageIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "host_id", lambda: "here")
    (tmp_path / ".lock").touch()
    made = {
        host: engine._client.containers.create(
            acting_image.id, ["x", "y"], labels={OWNER: str(tmp_path / ".lock"), HOST: host}
        )
        for host in ("here", "elsewhere")
    }
    try:
        assert remove_orphans(engine, tmp_path / "another" / ".lock") >= 1
        left = engine.labelled(OWNER)
        assert [made[host].id in left for host in made] == [False, True]
    finally:
        engine.remove(str(made["elsewhere"].id))


@pytest.mark.docker
def test_a_gpu_that_the_engine_can_not_hand_out(engine: Engine, acting_image: ImageIdentity, tmp_path: Path) -> None:
    if "nvidia" in engine._client.info().get("Runtimes", {}):
        pytest.skip("this engine has the NVIDIA runtime")
    executor = DockerExecutor(engine, acting_image, tmp_path / ".lock", gpu=HostGpu(None, None, None, None, None, None))
    with pytest.raises(CannotRunHere, match=r"could not select device driver.*NVIDIA Container Toolkit"):
        act(executor, tmp_path, "success")
    assert str(tmp_path / ".lock") not in engine.labelled(OWNER).values()


@pytest.mark.docker
def test_a_container_is_hardened(engine: Engine, acting_image: ImageIdentity, tmp_path: Path) -> None:
    executor = DockerExecutor(engine, acting_image, tmp_path / ".lock", memory_bytes=MEMORY_BYTES, cpus="0")
    seen: list[dict[str, object]] = []

    def look(line: str) -> None:
        for name, owner in engine.labelled(OWNER).items():
            if owner == str(tmp_path / ".lock"):
                seen.append(engine._client.containers.get(name).attrs["HostConfig"])

    (tmp_path / "job.json").write_text(json.dumps({"behaviour": "success"}))
    with FileLock(tmp_path / ".lock"):
        executor.run(tmp_path / "job.json", tmp_path, 60, look)
    host = seen[0]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["CpusetCpus"] == "0"
    assert host["Memory"] == host["MemorySwap"] == MEMORY_BYTES
    assert host["PidsLimit"] == 4096


def test_a_folder_of_any_name_holds_a_cell(executor: Executor, tmp_path: Path) -> None:
    folder = tmp_path / "a:ro b,z #?%25"
    folder.mkdir()
    report, _ = act(executor, folder, "success")
    assert report.exit_code == 0
    assert (folder / "result.json").read_text() == "{}"
