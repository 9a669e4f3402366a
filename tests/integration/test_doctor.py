"""`harness doctor` on hosts with other GPUs: the real NVML binding reads a stand-in library in a fresh process."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.catalogue import environments
from harness.documents.run_folder import RunFolder
from harness.host import toolkit
from harness.images.engine import Engine
from harness.paths import ROOT
from tests.integration.commands import LITE, fails, harness
from tests.integration.standins import compiled
from tests.samples import job, plan

STANDIN_UUID = "GPU-00000000-0000-0000-0000-000000000001"
DRY_RUN = ["run", "--image", "local", "--model", LITE, "--weights", "random", "--dry-run"]
NATIVE = "runs natively (sm_{})"
#: Reasoned from what each wheel is compiled for; the driver is the newest that serves each GPU.
GPUS: dict[str, tuple[str, dict[str, str | None]]] = {
    "GTX 1070": (
        "6.1",
        {"cuda10.2": "60", "cuda11.1": "60", "cuda11.4": "61", "cuda11.8": "60", "cuda12.6": "60", "cuda13.0": None},
    ),
    "P100": (
        "6.0",
        {"cuda10.2": "60", "cuda11.1": "60", "cuda11.4": None, "cuda11.8": "60", "cuda12.6": "60", "cuda13.0": None},
    ),
    "T4": (
        "7.5",
        {"cuda10.2": "70", "cuda11.1": "75", "cuda11.4": None, "cuda11.8": "75", "cuda12.6": "75", "cuda13.0": "75"},
    ),
    "H100": (
        "9.0",
        {"cuda10.2": None, "cuda11.1": None, "cuda11.4": None, "cuda11.8": "90", "cuda12.6": "90", "cuda13.0": "90"},
    ),
}


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stand-in library."""
    return compiled(tmp_path_factory.mktemp("nvml"), "libnvidia-ml.so.1")


def host(standin: Path, tmp_path: Path, **values: str) -> dict[str, str]:
    """Return the variables of a host without an engine, so that only the GPU decides."""
    nowhere = f"unix://{tmp_path}/none.sock"
    return {"LD_LIBRARY_PATH": str(standin), "DOCKER_HOST": nowhere, **{f"STANDIN_{k}": v for k, v in values.items()}}


def examined(variables: dict[str, str]) -> Any:
    done = harness("doctor", "--json", variables=variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", GPUS)
def test_each_gpu_gets_its_verdict_on_each_environment(standin: Path, name: str) -> None:
    capability, expected = GPUS[name]
    variables = {"LD_LIBRARY_PATH": str(standin), "STANDIN_NAME": name, "STANDIN_CAPABILITY": capability}
    code = (
        "import json; from harness.catalogue import environments\n"
        "from harness.host import gpus; from harness.preflight import compatibility\n"
        "(gpu,) = gpus.observe().found\n"
        "stacks = [e for e in environments().values() if e.base and 'cuda' in e.devices]\n"
        "print(json.dumps({e.name: compatibility.verdict(e, gpu).reason for e in stacks}))"
    )
    verdicts = json.loads(in_python(code, {**variables, "STANDIN_DRIVER": "580.95.05"}))
    assert set(verdicts) == set(expected)
    for environment, architecture in expected.items():
        if architecture is None:
            torch = environments()[environment].expected["torch"]
            assert verdicts[environment].startswith(f"torch {torch} is compiled for compute capability ")
            assert verdicts[environment].endswith(f"{name} has {capability}")
        else:
            assert verdicts[environment] == NATIVE.format(architecture)


def in_python(code: str, variables: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_doctor_shows_the_gpu(standin: Path, tmp_path: Path) -> None:
    found = examined(host(standin, tmp_path, NAME="Tesla T4", CAPABILITY="7.5", DRIVER="535.104.05"))
    (gpu,) = found["gpus"]
    assert (gpu["name"], gpu["compute_capability"], gpu["driver"]) == ("Tesla T4", [7, 5], "535.104.05")
    (line,) = [line for line in found["matrix"] if line["environment"] == "cuda13.0"]
    assert line["gpus"][STANDIN_UUID] == (
        "can't run: driver 535.104.05 is too old for CUDA 13.0, which needs 580 or newer"
    )
    assert "no Docker engine answers" in found["engine_reason"]


def test_a_gpu_that_does_not_tell_its_capability_is_listed(standin: Path, tmp_path: Path) -> None:
    found = examined(host(standin, tmp_path, NAME="NVIDIA X", DRIVER="580.95.05"))
    (gpu,) = found["gpus"]
    assert (gpu["name"], gpu["compute_capability"], gpu["failure"]) == ("NVIDIA X", None, None)
    assert set(found["matrix"][-1]["gpus"]) == {STANDIN_UUID}


def test_a_lost_gpu_hides_no_other(standin: Path, tmp_path: Path) -> None:
    variables = host(standin, tmp_path, NAME="T4;P100", LOST="0", CAPABILITY="7.5", DRIVER="580.95.05", REFUSED="m")
    lost, other = examined(variables)["gpus"]
    assert lost["failure"].startswith("does not answer (")
    assert (other["name"], other["memory_bytes"], other["failure"]) == ("P100", None, None)
    planned = harness(*DRY_RUN, variables=variables)
    first, second, *_ = planned.stdout.splitlines()
    assert first.startswith("left out: GPU 0 does not answer (")
    assert second.startswith("local on cuda: ")
    fails(3, "GPU 0 does not answer (", *DRY_RUN, "--device", "cuda:0", variables=variables)


def test_the_cpu_is_not_taken_for_a_lost_gpu_without_a_word(standin: Path, tmp_path: Path) -> None:
    planned = harness(*DRY_RUN, variables=host(standin, tmp_path, NAME="T4", LOST="0", DRIVER="580.95.05"))
    text = " ".join(planned.stdout.split())
    assert text.startswith("measuring on the CPU: no GPU of this host can compute: GPU 0 does not answer (")
    assert " local on cpu: " in text


def test_instances_take_the_place_of_their_gpu(standin: Path, tmp_path: Path) -> None:
    variables = host(standin, tmp_path, NAME="A100;T4", MIG="2", CAPABILITY="8.0", DRIVER="580.95.05")
    first, second, other = examined(variables)["gpus"]
    assert (first["mig_profile"], first["index"], second["index"], other["name"]) == ("1g.5gb", "0:0", "0:2", "T4")
    assert first["uuid"].startswith("MIG-")
    assert len({gpu["uuid"] for gpu in (first, second, other)}) == 3
    assert harness(*DRY_RUN, "--device", f"cuda:{second['uuid']}", variables=variables).returncode == 0
    fails(3, f"choose one of {first['uuid']}", *DRY_RUN, "--device", f"cuda:{STANDIN_UUID}", variables=variables)


def test_a_run_whose_gpu_is_gone_does_not_go_on(standin: Path, tmp_path: Path) -> None:
    """Its plan names the GPU by a pseudonym, which none of this host's UUIDs has."""
    folder = RunFolder.create(tmp_path / "run", "run")
    planned = plan(job(environment="local", device="cuda"))
    documents.write(folder.path / "plan.json", replace(planned, gpu="0123456789ab"))
    variables = host(standin, tmp_path, NAME="Tesla T4", CAPABILITY="7.5", DRIVER="535.104.05")
    fails(3, "the GPU of this run, 0123456789ab, is not here", "run", "--resume", folder.path, variables=variables)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("9", "load the driver"),
        ("18", "reboot: the driver was updated"),
        ("999", "start this container"),
    ],
)
def test_what_keeps_nvml_from_answering_is_recognised(standin: Path, tmp_path: Path, code: str, remedy: str) -> None:
    found = examined(host(standin, tmp_path, INIT=code))
    assert found["gpus"] == []
    assert remedy in found["gpus_reason"]


def test_a_driver_without_a_gpu(standin: Path, tmp_path: Path) -> None:
    found = examined(host(standin, tmp_path))
    assert (found["gpus"], found["gpus_reason"]) == (
        [],
        "NVML shows no NVIDIA GPU on this host; measure with --device cpu.",
    )


def test_a_gpu_that_no_image_fits_stops_the_run_with_the_reason(standin: Path, tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": str(standin), "STANDIN_NAME": "GTX 1070", "STANDIN_CAPABILITY": "6.1"}
    arguments = ["run", "--image", "cuda13.0", "--model", LITE, "--weights", "random", "--dry-run"]
    fails(3, "GTX 1070 has 6.1", *arguments, variables={**variables, "STANDIN_DRIVER": "580.95.05"})


@pytest.mark.docker
def test_an_engine_without_the_toolkit_can_not_hand_out_the_gpu(engine: Engine, standin: Path) -> None:
    if engine.traits.nvidia_runtime or engine.traits.nvidia_cdi:
        pytest.skip("this engine has the toolkit")
    variables = {"LD_LIBRARY_PATH": str(standin), "STANDIN_NAME": "T4", "STANDIN_CAPABILITY": "7.5"}
    found = examined({**variables, "STANDIN_DRIVER": "580.95.05"})
    (line,) = [line for line in found["matrix"] if line["environment"] == "cuda12.6"]
    assert line["gpus"][STANDIN_UUID] == "can't run: the Docker engine knows no way to a GPU"
    assert (found["nvidia_runtime"], found["nvidia_cdi"], found["nvidia_toolkit"]) == (False, False, None)


def test_a_toolkit_that_can_not_be_started_tells_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-ctk"
    program.write_text("#!/bin/sh\necho 'NVIDIA Container Toolkit CLI version 1.17.8'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolkit.version() == "1.17.8"
    program.write_bytes(b"\x7fELF of another machine")
    assert toolkit.version() is None


def test_a_person_reads_it_in_80_columns() -> None:
    done = harness("doctor", variables={"COLUMNS": "80"})
    assert done.returncode == 0
    for name in environments():
        assert f"\n{name} " in done.stdout
