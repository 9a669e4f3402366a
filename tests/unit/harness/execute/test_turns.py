import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness.documents import PlannedCell
from harness.errors import StorageError
from harness.execute import turns
from harness.host import machine
from harness.host.gpus import HostGpu
from runner.contract import Variant, pseudonym
from tests import samples
from tests.fakes import FakeExecutor

GPU = HostGpu("GPU-aaa", "A100", (8, 0), 5 << 30, False, "580.95.05")
INSTANCES = [replace(GPU, uuid=f"MIG-{n}", mig_enabled=True, whole="GPU-aaa") for n in (1, 2)]


def executor(name: str, gpu: HostGpu | None = None) -> FakeExecutor:
    made = FakeExecutor()
    made.name, made.gpu = name, gpu
    return made


@pytest.fixture
def many_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of twelve CPUs of which this process may use three."""
    online = tmp_path / "online"
    online.write_text("0-11\n")
    monkeypatch.setattr(machine, "ONLINE_CPUS", online)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {10, 2, 3})


@pytest.mark.usefixtures("many_cpus")
@pytest.mark.parametrize(
    ("name", "cpus", "held"),
    [
        ("local", None, [2, 3, 10]),
        ("docker", None, list(range(12))),
        ("local", "2,10", [2, 10]),
        ("docker", "2,10", [2, 10]),
    ],
)
def test_a_cell_has_the_cpus_that_it_may_use_to_itself_by_number(name: str, cpus: str | None, held: list[int]) -> None:
    of = samples.job(variant=Variant(cpus=cpus))
    assert turns.devices(of, executor(name)) == [f"CPU {number}" for number in held]


def test_a_gpu_comes_last_and_an_instance_stands_for_all_of_it() -> None:
    of = samples.job(variant=Variant(cpus="3"), device="cuda")
    assert turns.devices(of, executor("local", GPU)) == ["CPU 3", f"GPU {pseudonym('GPU-aaa')}"]
    one, other = (turns.devices(of, executor("docker", instance)) for instance in INSTANCES)
    assert one == other == turns.devices(of, executor("docker", GPU))
    unknown = replace(GPU, uuid=None, index="1")
    assert turns.devices(of, executor("local", unknown))[-1] == f"GPU {pseudonym('1')}"


def test_a_detection_pass_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", "/proc/nowhere")
    passed = samples.job(suite="accuracy")
    assert turns.devices(passed, executor("local", GPU)) == []
    with turns.taken(passed, executor("local", GPU), "a", lambda text: None):
        turns.require(samples.plan(passed, PlannedCell(samples.job(), named=True, skipped="no torch here")))


def test_where_nothing_can_be_locked_no_latency_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", "/proc/nowhere")
    with pytest.raises(StorageError, match="HARNESS_LOCKS"):
        turns.require(samples.plan(samples.job()))
    with pytest.raises(StorageError, match="HARNESS_LOCKS"), turns.taken(samples.job(), executor("local"), "a", print):
        raise AssertionError("it was measured all the same")


def test_cells_on_other_cpus_do_not_wait_for_one_another() -> None:
    first, second = (samples.job(variant=Variant(cpus=cpus)) for cpus in ("0", "1"))
    done = threading.Event()

    def measure() -> None:
        with turns.taken(second, executor("local"), "b", print):
            done.set()

    with turns.taken(first, executor("local"), "a", print):
        thread = threading.Thread(target=measure)
        thread.start()
        assert done.wait(30)
    thread.join()


def test_what_was_waited_for_a_turn_is_known(tmp_path: Path) -> None:
    of, waited = samples.job(variant=Variant(cpus="0")), threading.Event()

    def wait() -> None:
        with turns.taken(of, executor("local"), "b", lambda text: waited.set()) as seconds:
            seen.append(seconds)

    seen: list[float | None] = []
    with turns.taken(of, executor("local"), "a", print) as none:
        thread = threading.Thread(target=wait)
        thread.start()
        assert waited.wait(30)
        assert not seen
    thread.join()
    assert none is not None
    assert seen[0] is not None
    assert seen[0] > 0
    with turns.taken(samples.job(suite="accuracy"), executor("local"), "a", print) as seconds:
        assert seconds is None
