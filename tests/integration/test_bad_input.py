"""Bad input, and hosts that lack something: one clear sentence, a documented exit code, nothing left behind."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness import documents
from harness.documents.run_folder import RunFolder
from harness.paths import ROOT
from harness.preflight.checks import Preflight
from runner.contract import SCHEMA_VERSION
from tests import samples
from tests.integration.commands import LITE, each_fails, fails, harness
from tests.needs import lacks

BAD_INPUT, CANNOT_RUN_HERE, BAD_DOCUMENT, STORAGE_ERROR = 2, 3, 4, 5
RUN = ["run", "--image", "local", "--weights", "random", "--device", "cpu"]
ONE = ["--model", LITE]
BRIEF = ["--iterations", "1", "--threads", "1"]


def test_what_does_not_exist_is_named() -> None:
    named = {
        "did you mean ssdlite320_mobilenet_v3_large?": [*RUN, "--model", "ssdlite"],
        "did you mean cuda10.2": [*RUN, *ONE, "--image", "cuda10"],
        "did you mean published-2021": [*RUN, *ONE, "--protocol", "published-2012"],
        "there is no device 'gpu'; use auto, cpu, cuda, cuda:N or cuda:UUID.": [*RUN, *ONE, "--device", "gpu"],
        "did you mean latency?": [*RUN, *ONE, "--suite", "latencies"],
        "this process may not use CPU 4711": [*RUN, *ONE, "--cpus", "4711"],
        "'much' is no size": [*RUN, *ONE, "--memory", "much"],
        "there is no folder of pictures '/nowhere'": [*RUN, *ONE, "--images", "/nowhere"],
        "there are no weights '/nowhere.pth'": [*RUN, *ONE, "--weights", "/nowhere.pth"],
        "--norm-eps says how a file of weights was trained, not random ones": [*RUN, *ONE, "--norm-eps", "0"],
        "no model was named": RUN,
        "there is no run 'nothing'": ["run", "--resume", "nothing"],
        "there is no run 'nobody'": ["report", "nobody"],
        "there is no run 'no one'": ["report", "no one", "--gallery", "/nowhere"],
        "--gallery writes a page of each run, and --out something else": ["report", "x", "--gallery", "a", "-o", "b"],
        "local is no Docker environment": ["images", "build", "local"],
        "there is no environment 'nothing'": ["images", "verify", "nothing"],
    }
    each_fails(BAD_INPUT, named)


def test_what_is_empty_is_not_taken_for_left_out() -> None:
    empty: dict[str, Sequence[object]] = {
        "the argument after --model is empty; give it a value, or leave it out.": [*RUN, "--model", ""],
        "the argument after --image is empty": ["run", *ONE, "--image", ""],
        "the argument after --memory is empty": [*RUN, *ONE, "--memory", " "],
        "the argument after -o is empty": ["report", "latest", "-o", ""],
        "the argument after --resume is empty": ["run", "--resume", ""],
        "the argument after --input is empty": ["demo", *ONE, "--input", ""],
        "the argument after report is empty": ["report", ""],
        "the argument after --from is empty": ["data", "fetch", "weights", "--from", ""],
        "--weights is empty; give it a value, or leave it out.": [*RUN, *ONE, "--weights="],
    }
    each_fails(BAD_INPUT, empty)


def test_a_latency_has_no_shards() -> None:
    fails(BAD_INPUT, "--shards belongs to the suite accuracy; add --suite accuracy", *RUN, *ONE, "--shards", "2")


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    fails(BAD_INPUT, "exists already", *RUN, *ONE, "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_odd_files_among_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("/nowhere")
    fails(BAD_INPUT, f"the picture {tmp_path}/a.jpg is a link to nothing", *RUN, *ONE, "--images", tmp_path)
    (tmp_path / "a.jpg").unlink()
    (tmp_path / "a.jpg").mkdir()
    (tmp_path / "._b.jpg").write_bytes(b"of another system")
    fails(BAD_INPUT, "holds no pictures", *RUN, *ONE, "--images", tmp_path)


def test_no_engine(tmp_path: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    arguments = ["run", "--image", "cuda10.2", *ONE, "--weights", "random", "--out", tmp_path / "run"]
    fails(CANNOT_RUN_HERE, "no Docker engine answers", *arguments, variables=nowhere)
    fails(CANNOT_RUN_HERE, "no Docker engine answers", "images", "build", "cuda10.2", variables=nowhere)
    assert not (tmp_path / "run").exists()


def test_without_an_engine_auto_means_local_and_says_why(tmp_path: Path) -> None:
    done = harness("choose", "--device", "cpu", variables={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert done.stdout == "local\n"
    assert "measuring in local: no Docker engine answers" in done.stderr


def test_a_gpu_where_there_is_none(tmp_path: Path) -> None:
    with Preflight() as preflight:
        if preflight.gpus.found:
            pytest.skip("this host has a GPU")
    out = tmp_path / "run"
    fails(CANNOT_RUN_HERE, "NVML shows no NVIDIA GPU on this host", *RUN, *ONE, "--device", "cuda", "--out", out)
    fails(CANNOT_RUN_HERE, "NVML shows no NVIDIA GPU on this host", "choose", "--device", "cuda")
    assert not out.exists()


def test_pretrained_weights_that_can_not_be_had(tmp_path: Path) -> None:
    offline = {"HARNESS_DATA": str(tmp_path / "data"), "HARNESS_WEIGHTS_URL": "http://127.0.0.1:9/"}
    arguments = ["run", "--image", "local", "--device", "cpu", *ONE, "--out", tmp_path / "run"]
    fails(CANNOT_RUN_HERE, "or use --weights random.", *arguments, variables=offline)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def python_without_torch(tmp_path: Path) -> Path:
    """Every package of this interpreter but torch and torchvision."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in Path(pytest.__file__).parents[1].iterdir():
        if not path.name.startswith("torch"):
            (packages / path.name).symlink_to(path)
    return packages


def test_no_torch_in_local(python_without_torch: Path, tmp_path: Path) -> None:
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    done = subprocess.run(
        [python, "-m", "harness", *RUN, *ONE, "--out", str(tmp_path / "run")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(python_without_torch)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == CANNOT_RUN_HERE, done.stderr
    assert (
        done.stderr == "harness: the environment local has no torch and torchvision; install them with: make setup.\n"
    )
    assert not (tmp_path / "run").exists()


@pytest.fixture
def finished_run(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "run", "test")
    job = samples.job()
    documents.write(folder.path / "plan.json", samples.plan(job))
    documents.write(folder.clear(job) / "result.json", samples.ok_result(job))
    return folder


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a usable result document"),
        ('{"schema_version": 1, "status": "ok"', "is not a usable result document"),
        ('{"schema_version": 99}', f"has schema version 99, this harness reads up to {SCHEMA_VERSION}; update"),
        ('{"schema_version": 1}', "is not a usable result document: job: Field required"),
    ],
)
def test_a_result_that_can_not_be_read(finished_run: RunFolder, text: str, sentence: str) -> None:
    path = finished_run.cell_folder(samples.job()) / "result.json"
    path.write_text(text)
    fails(BAD_DOCUMENT, sentence, "report", finished_run.path)
    assert path.read_text() == text


def test_a_plan_that_can_not_be_read(finished_run: RunFolder) -> None:
    (finished_run.path / "plan.json").write_text("[]")
    fails(BAD_DOCUMENT, "plan.json is not a usable plan document", "report", finished_run.path)
    fails(BAD_DOCUMENT, "plan.json is not a usable plan document", "run", "--resume", finished_run.path)


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk with as many kilobytes as the parameter says."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param}k", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        lacks("TOOLS", "a small disk can't be mounted here, which takes root")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.torch
@pytest.mark.usefixtures("lean_torch")
@pytest.mark.parametrize("small_disk", [4, 20], indirect=True)
def test_a_full_disk(small_disk: Path) -> None:
    fails(STORAGE_ERROR, "No space left on device; free some space", *RUN, *ONE, *BRIEF, "--out", small_disk / "run")
    for path in small_disk.rglob("*.json"):
        assert path.read_text().endswith("}\n"), f"{path} is half-written"
    assert not [path for path in small_disk.rglob(".*") if path.name != ".lock"], "a part was left behind"
