"""Which GPU computed, by the real bindings of NVML and libcuda over stand-in libraries in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.paths import ROOT
from runner.contract import pseudonym
from runner.contract.serialise import to_dict
from tests import samples
from tests.integration.commands import LITE
from tests.integration.standins import SOURCES, compiled

CODE = """
import dataclasses, json
from runner import hardware, used_gpu
seen = dataclasses.replace(hardware.observe(), used_gpu=used_gpu.observe())
print(json.dumps(dataclasses.asdict(seen)))
"""


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("standins"), *SOURCES)


def observed(standins: Path, variables: dict[str, str]) -> Any:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(standins), **variables}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def uuid(kind: str, number: int) -> str:
    return f"{kind}-00000000-0000-0000-0000-{number:012}"


TWO = {"STANDIN_NAME": "NVIDIA RTX A6000;NVIDIA GTX 1070", "STANDIN_CAPABILITY": "6.1", "STANDIN_DRIVER": "580.95.05"}


def test_the_second_of_two_unlike_gpus_is_named_where_it_computes(standins: Path) -> None:
    seen = observed(standins, {**TWO, "STANDIN_CUDA": "2", "STANDIN_CUDA_NAME": "NVIDIA GTX 1070"})
    assert [gpu["name"] for gpu in seen["gpus"]] == TWO["STANDIN_NAME"].split(";")
    used = seen["used_gpu"]
    assert (used["name"], used["uuid"]) == ("NVIDIA GTX 1070", pseudonym(uuid("GPU", 2)))
    assert (used["pci_bus_id"], seen["gpus"][1]["pci_bus_id"]) == ("00000000:02:00.0", "00000000:02:00.0")


def test_what_cuda_may_not_use_is_not_listed(standins: Path) -> None:
    visible = {"CUDA_VISIBLE_DEVICES": uuid("GPU", 2), "STANDIN_CUDA": "2"}
    assert [gpu["name"] for gpu in observed(standins, {**TWO, **visible})["gpus"]] == ["NVIDIA GTX 1070"]


def test_an_instance_of_a_gpu_is_told_from_the_other(standins: Path) -> None:
    seen = observed(
        standins, {**TWO, "STANDIN_MIG": "2", "STANDIN_CUDA": "102", "STANDIN_CUDA_NAME": "A100 MIG 1g.5gb"}
    )
    assert [gpu["mig_profile"] for gpu in seen["gpus"]] == [None, "1g.5gb", "1g.5gb", None]
    assert (seen["used_gpu"]["uuid"], seen["used_gpu"]["mig_profile"]) == (pseudonym(uuid("MIG", 102)), "1g.5gb")


def test_a_lost_gpu_and_a_refused_question_hide_nothing_else(standins: Path) -> None:
    seen = observed(standins, {**TWO, "STANDIN_LOST": "0", "STANDIN_REFUSED": "m", "STANDIN_CUDA": "2"})
    lost, other = seen["gpus"]
    assert lost["failure"]
    assert (other["name"], other["memory_bytes"], other["failure"]) == ("NVIDIA GTX 1070", None, None)
    assert seen["used_gpu"]["uuid"] == other["uuid"]


def test_without_a_device_of_cuda_nothing_computed(standins: Path) -> None:
    assert observed(standins, TWO)["used_gpu"] is None


@pytest.mark.torch
def test_a_driver_that_is_too_old_for_torch_is_named_by_torch(standins: Path, tmp_path: Path) -> None:
    old = {"LD_LIBRARY_PATH": str(standins), "STANDIN_CUDA": "1", "STANDIN_CUDA_VERSION": "9000"}
    (tmp_path / "job.json").write_text(json.dumps(to_dict(samples.job(LITE, "local", device="cuda"))))
    done = subprocess.run(
        [sys.executable, "-m", "runner", tmp_path / "job.json", tmp_path],
        cwd=ROOT,
        env={**os.environ, **TWO, **old},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    if result["software"]["cuda"] is None:
        assert "is built without CUDA" in result["failure"]["message"]
    else:
        assert "(The NVIDIA driver on your system is too old (found version 9000))" in result["failure"]["message"]
        assert result["failure"]["remedy"].startswith("update the driver, or choose an environment of an older CUDA")
    assert result["hardware"]["used_gpu"] is None  # nothing computed
