"""The last part of the check of a GPU, which runs the harness, over stand-ins: with wheels, without, with a fault."""

import os
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from harness.paths import ROOT
from runner.contract import pseudonym
from tests.gpu.parts import HERE
from tests.integration.standins import LEAN_TORCH, SOURCES, bare_venv, compiled
from tests.integration.test_gpu_check import MACHINE, PACKAGES, failed, summary

pytestmark = pytest.mark.torch

#: What of tests/gpu/requirements.in the machine's Python has already, by chance, and what it gets as a wheel alone.
HAS = ("docker", "filelock", "httpx", "platformdirs", "pydantic", "rich", "scipy", "typer", "pip")
LACKS = "tenacity"


def wheel(name: str, folder: Path) -> Path:
    """Pack a pure package of this interpreter into the wheel that it came from."""
    distribution = metadata.distribution(name)
    path = folder / f"{name}-{distribution.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in distribution.files or ():
            if file.suffix != ".pyc" and file.parts[0] != "..":
                archive.write(str(distribution.locate_file(file)), str(file))
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    wheel(LACKS, folder)
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_venv(tmp_path_factory.mktemp("venv"), *PACKAGES, *HAS)


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("machine")
    own = {
        "PYTHONPATH": str(LEAN_TORCH),
        "LD_LIBRARY_PATH": str(compiled(folder, *SOURCES)),
        "STANDIN_MEMORY": str(tmp_path_factory.mktemp("memory")),
        "DOCKER_HOST": f"unix://{folder}/no-engine",
    }
    return {**os.environ, **MACHINE, **own, "GPU_CHECK_SMALL": "1", "ONLY": "harness"}


def check(python: Path, out: Path, variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    environment = {**variables, "OUT": str(out / "report")}
    return subprocess.run(
        [python, "-m", "tests.gpu"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500
    )


def test_with_the_wheels_the_harness_measures_and_compares(
    python: Path, variables: dict[str, str], wheels: Path, tmp_path: Path
) -> None:
    done = check(python, tmp_path, {**variables, "WHEELS": str(wheels)})
    assert (done.returncode, failed(tmp_path)) == (0, {}), done.stdout + done.stderr
    seen = {test["name"]: test["seen"] for test in summary(tmp_path)["harness"]["tests"]}
    assert seen["test_doctor_finds_the_gpu_and_that_this_python_runs_on_it"]["local"] == "runs"
    ratios = seen["test_they_stand_to_each_other_as_in_the_published_column"]
    assert all(", ratio 0." in text for text in ratios.values()), ratios


def test_without_them_it_is_left_out_and_says_what_is_missing(
    python: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    done = check(python, tmp_path, variables)
    assert done.returncode == 1
    reason = "this Python lacks tenacity; name a folder that make gpu-wheels has filled: WHEELS=DIR"
    assert f"skipped: harness: {reason}" in done.stdout.splitlines()
    assert check(python, tmp_path, {**variables, "ALLOW_SKIP": "harness"}).returncode == 0


def test_a_cell_that_another_gpu_computed_is_found(
    python: Path, variables: dict[str, str], wheels: Path, tmp_path: Path
) -> None:
    own = ["-c", HERE / "pytest.ini", "--rootdir", ROOT, "--confcutdir", HERE, "-k", "on_that_gpu"]
    environment = {**variables, "WHEELS": str(wheels), "STANDIN_CUDA": "7", "GPU_CHECK_FOLDER": str(tmp_path)}
    command = [python, "-m", "pytest", *own, HERE / "part8_harness.py"]
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 1, done.stdout + done.stderr
    planned = pseudonym("GPU-00000000-0000-0000-0000-000000000001")
    assert f"was computed by {pseudonym('GPU-00000000-0000-0000-0000-000000000007')}, and planned for {planned}" in (
        done.stdout
    )
