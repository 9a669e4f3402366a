"""The check of a machine with a GPU, against stand-ins: where all is well it holds, and each planted fault is found.

Its Python holds what such a machine has and no more; libcuda and NVML are compiled stand-ins, and torch's device is one
of Python (tests/data/lean_torch), which it finds by its path alone.
"""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.paths import ROOT
from tests.gpu.parts import PARTS
from tests.integration.standins import LEAN_TORCH, SOURCES, bare_venv, compiled

pytestmark = pytest.mark.torch

#: What the runner needs, and pytest; not the harness.
PACKAGES = (
    "nvidia-ml-py",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "psutil",
    "pytest",
    "safetensors",
    "torch",
    "torchvision",
)
OWN = [part.name for part in PARTS if part.name != "harness"]
#: A healthy machine of two GPUs.
MACHINE = {
    "STANDIN_NAME": "NVIDIA H100;NVIDIA H100",
    "STANDIN_CAPABILITY": "9.0",
    "STANDIN_DRIVER": "580.95.05",
    "STANDIN_CUDA": "visible",
    "STANDIN_CUDA_NAME": "NVIDIA H100",
}


@dataclass(frozen=True)
class Machine:
    """The stand-ins: a Python, and the variables that put them in the place of a GPU."""

    python: Path
    variables: dict[str, str]

    def start(self, out: Path, **variables: str) -> "subprocess.Popen[str]":
        """Start the check; SIGINT reaches it alone."""
        (out / "memory").mkdir(parents=True)
        places = {"OUT": str(out / "report"), "STANDIN_MEMORY": str(out / "memory"), "ONLY": ",".join(OWN)}
        return subprocess.Popen(
            [self.python, "-m", "tests.gpu"],
            cwd=ROOT,
            env={**os.environ, **self.variables, **places, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def check(self, out: Path, **variables: str) -> tuple[int, str]:
        """Return the check's exit status and what it said."""
        with self.start(out, **variables) as process:
            said, _ = process.communicate(timeout=500)
        return process.returncode, said


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    python = bare_venv(folder / "venv", *PACKAGES)
    own = {
        "PYTHONPATH": str(LEAN_TORCH),
        "LD_LIBRARY_PATH": str(compiled(folder, *SOURCES)),
    }
    return Machine(python, {**MACHINE, **own, "GPU_CHECK_SMALL": "1"})


def summary(out: Path) -> dict[str, Any]:
    parts = json.loads((out / "report" / "summary.json").read_bytes())["parts"]
    return {part["part"]: part for part in parts}


def failed(out: Path) -> dict[str, str]:
    """Return each test that failed, by its name without its model, and why."""
    tests = [test for part in summary(out).values() for test in part["tests"]]
    return {test["name"]: test["reason"] for test in tests if test["outcome"] == "failed"}


def test_where_all_is_well_every_part_holds_and_leaves_a_report_that_can_be_sent(
    machine: Machine, tmp_path: Path
) -> None:
    code, said = machine.check(tmp_path)
    assert (code, failed(tmp_path)) == (0, {}), said
    assert {name: part["verdict"] for name, part in summary(tmp_path).items()} == dict.fromkeys(OWN, "holds")
    files = list((tmp_path / "report").rglob("*"))
    assert len(files) <= 8
    assert sum(file.stat().st_size for file in files) < 16_000_000
    answers = json.loads((tmp_path / "report" / "nvml.json").read_bytes())
    assert answers["samples"][-1]["power_mw"] == 300_000
    with tarfile.open(tmp_path / "report" / "runs.tar.gz") as packed:
        kept = {Path(name).name for name in packed.getnames()}
    assert {"job.json", "result.json", "log.txt", "detections.sqlite"} <= kept


def test_each_planted_fault_is_found_by_its_part_and_by_no_other(machine: Machine, tmp_path: Path) -> None:
    faults = {
        "STANDIN_ARCHITECTURES": "sm_50 sm_60",
        "STANDIN_CUDA": "7",
        "STANDIN_FAULT": "model,loop,events,boxes,leak",
        "STANDIN_REFUSED": "p",
    }
    code, said = machine.check(tmp_path, **faults)
    assert code == 1, said
    found = {name.partition("[")[0] if "power" not in name else name: why for name, why in failed(tmp_path).items()}
    expected = {
        "test_this_torch_has_code_for_the_gpu": "none of ['sm_50', 'sm_60'] runs on a GPU of (9, 0)",
        "test_the_gpu_of_a_result_is_one_of_nvml_s": "libcuda's UUID is ",
        "test_a_uuid_leaves_that_device_alone": "libcuda's UUID is ",
        "test_a_number_means_nvml_s_where_the_order_is_that_of_the_bus": "libcuda's UUID is ",
        "test_of_several_the_first_computes_and_cuda_1_is_the_second": "libcuda's UUID is ",
        "test_what_is_hidden_computes_nothing": "hides all",
        "test_a_model_detects_and_is_timed": "expected ok: CUDA error: an illegal memory access",
        "test_the_runner_takes_what_a_plain_loop_takes": "is outside 0.97 to 1.03: 1.05",
        "test_events_tell_what_the_clock_on_the_wall_tells": "expected 0.95 or more",
        "test_the_gpu_detects_what_the_cpu_does": "within 3.0000 px",
        "test_what_a_cell_had_is_freed_at_its_end": "of the cell are in use",
        "test_it_tells[power]": "NVML tells no power",
    }
    assert found.keys() == expected.keys(), said
    for name, why in expected.items():
        assert why in found[name], name


def test_instances_are_told_apart_and_a_wait_that_does_not_wait_is_found_by_its_part(
    machine: Machine, tmp_path: Path
) -> None:
    """Two parts of one check: the second has the cell of the first."""
    code, said = machine.check(tmp_path, ONLY="identity,synchronisation", STANDIN_MIG="2", STANDIN_FAULT="wait")
    assert code == 1, said
    parts = summary(tmp_path)
    assert [part["verdict"] for part in parts.values()] == ["holds", "broken"], said
    tests = {test["name"]: test["seen"] for test in parts["identity"]["tests"]}
    alone = tests["test_a_uuid_leaves_that_device_alone"]
    assert [named.split(",")[0].partition(" MIG ")[2] for named in alone.values()] == ["1g.5gb", "1g.5gb", ""]
    assert "60.0 ms of work were queued, and the wall clock tells" in said


def test_a_part_that_hangs_is_ended_and_those_after_it_are_said_not_to_be_reached(
    machine: Machine, tmp_path: Path
) -> None:
    hanging = {"ONLY": "there,nvml", "STANDIN_FAULT": "hang", "BUDGET": "24", "ALLOW_SKIP": "nvml"}
    code, said = machine.check(tmp_path, **hanging)
    assert code == 1, said
    assert {name: part["verdict"] for name, part in summary(tmp_path).items()} == {
        "there": "not ended",
        "nvml": "not reached",
    }
    assert "1 of what was checked does not hold" in said


def test_an_interruption_ends_it_with_what_it_has(machine: Machine, tmp_path: Path) -> None:
    with machine.start(tmp_path, ONLY="there,nvml", STANDIN_FAULT="hang") as process:
        for line in process.stdout or ():
            if "collected" in line:
                break
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert [part["reason"] for part in summary(tmp_path).values()] == ["interrupted"] * 2


@pytest.fixture
def without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("OUT", str(tmp_path / "report"))
    return tmp_path / "report"


def plain(**variables: str) -> "subprocess.CompletedProcess[str]":
    command, environment = [sys.executable, "-m", "tests.gpu"], {**os.environ, **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_without_a_gpu_it_says_so_soon(without_a_gpu: Path) -> None:
    began = time.monotonic()
    done = plain()
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("test-gpu: no NVIDIA GPU can be used here (")
    assert done.stderr.count("\n") == 1
    assert time.monotonic() - began < 10
    assert not without_a_gpu.exists()


def test_a_python_without_what_it_needs_is_told_what_it_lacks(tmp_path: Path) -> None:
    python = bare_venv(tmp_path / "venv", "psutil")
    done = subprocess.run(
        [python, "-m", "tests.gpu"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 3
    assert "lacks torch, torchvision, numpy, pynvml, safetensors, PIL, cv2, pytest; name a Python" in done.stderr


def test_the_parts_are_listed_with_what_they_take() -> None:
    done = plain(LIST="1")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [part.name for part in PARTS]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ONLY": "model"}, "there is no part 'model' as ONLY has it; the parts are there, "),
        ({"ALLOW_SKIP": "all"}, "there is no part 'all' as ALLOW_SKIP has it"),
        ({"BUDGET": "soon"}, "BUDGET=soon is no time for it"),
        ({"BUDGET": "nan"}, "BUDGET=nan is no time for it"),
    ],
)
def test_what_it_does_not_know_is_a_sentence(variables: dict[str, str], sentence: str) -> None:
    done = plain(**variables)
    assert done.returncode == 2
    assert sentence in done.stderr
