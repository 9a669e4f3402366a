"""People's own detectors in a plan: what goes with what, and what can be told without running their code."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness import plan
from harness.errors import BadInput
from harness.plan import Request, own
from runner.contract import Weights
from runner.contract.code import folder_sha256
from tests.unit.harness.plan.test_cells import FakeHost, nothing

SSDLITE = "ssdlite320_mobilenet_v3_large"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "mine").mkdir(parents=True)
    (root / "mine" / "tiny.py").write_text("def build(): ...\nfrom json import loads as other\n")
    return root


def request(folder: Path | None, *models: str, **changes: object) -> Request:
    return replace(Request(["cuda10.2", "local"], list(models), device="cpu", code=folder), **changes)  # type: ignore[arg-type]


def made(asked: Request) -> tuple[list[tuple[str, Weights]], list[str]]:
    planned, remarks = plan.make(asked, ["run"], FakeHost(), nothing)
    return [(cell.job.model.builder, cell.job.model.weights) for cell in planned.cells], remarks


def refused(asked: Request) -> str:
    with pytest.raises(BadInput) as caught:
        made(asked)
    return str(caught.value)


def test_a_detector_is_planned_by_its_name_and_the_hash_of_its_folder(folder: Path) -> None:
    planned, remarks = plan.make(request(folder, "mine.tiny:build"), ["run"], FakeHost(), nothing)
    assert planned.code_folder == str(folder.resolve())
    assert planned.weights_folder is None
    sha256 = folder_sha256(folder)
    for cell, stack in zip(planned.cells, ("cuda10.2", "local"), strict=True):
        model = cell.job.model
        assert model.builder == f"mine.tiny:build@{sha256[:12]}"
        assert model.code is not None
        assert (model.code.module, model.code.function, model.code.sha256) == ("mine.tiny", "build", sha256)
        assert (model.weights, model.thresholds) == (Weights("own"), None)
        assert cell.job.cell.startswith(f"{stack}--mine.tiny_build_{sha256[:12]}--")
    assert remarks == [
        "mine.tiny:build: the weights are those that its function gives it",
        "local: your own code runs as you, without the isolation of a container",
    ]


def test_it_stands_beside_catalogued_models(folder: Path) -> None:
    asked = request(folder, "mine.tiny:build", "mine.tiny:other", SSDLITE, images=["cuda10.2"], weights="random")
    builders, _ = zip(*made(asked)[0], strict=True)
    assert [builder.partition("@")[0] for builder in builders] == [SSDLITE, "mine.tiny:build", "mine.tiny:other"]
    assert [weights.kind for _, weights in made(asked)[0]] == ["random", "own", "own"]
    every = made(replace(asked, published_models=True))[0]
    assert len(every) == 8 + 2


def test_a_file_fills_it(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(b"x")
    asked = request(folder, "mine.tiny:build", images=["cuda10.2"], weights=str(file))
    ((_, weights),), remarks = made(asked)
    assert (weights.kind, weights.file, remarks) == ("file", "mine.safetensors", [])
    assert "--norm-eps is of torchvision's models" in refused(replace(asked, norm_eps=0.0))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mine.tinny:build", "has no module mine.tinny; did you mean mine.tiny?"),
        ("mine.tiny:bild", "the module mine.tiny has no function bild; did you mean build?"),
        ("mine:build", "has no module mine; did you mean mine.tiny?"),
        ("mine/tiny.py:build", "'mine/tiny.py:build' names no function of a module; name it as --model package"),
        ("mine.tiny:", "'mine.tiny:' names no function of a module"),
        (":build", "':build' names no function of a module"),
        ("a:b:c", "'a:b:c' names no function of a module"),
        ("json:loads", "Python has a module json of its own; give the one in "),
        ("runner.models:load", "the harness's runner has a module runner of its own"),
    ],
)
def test_a_name_that_is_none_of_the_folder(folder: Path, name: str, sentence: str) -> None:
    assert sentence in refused(request(folder, name))


def test_a_folder_and_a_name_belong_together(folder: Path, tmp_path: Path) -> None:
    assert refused(request(None, "mine.tiny:build")) == (
        "nothing says where the code of mine.tiny:build is; name its folder with --code DIR."
    )
    assert "--code belongs to a detector of your own, and none is named" in refused(request(folder, SSDLITE))
    assert "there is no folder of code" in refused(request(tmp_path / "gone", "mine.tiny:build"))
    file = tmp_path / "file"
    file.write_text("")
    assert "is a file; name the folder that it lies in" in refused(request(file, "mine.tiny:build"))
    (folder / "link").symlink_to("/etc")
    assert "leads out of the folder; copy" in refused(request(folder, "mine.tiny:build"))


@pytest.mark.parametrize("weights", ["random", "shapes"])
def test_what_only_catalogued_models_have_is_not_asked_of_it_alone(folder: Path, weights: str) -> None:
    said = refused(request(folder, "mine.tiny:build", weights=weights))
    assert said.startswith(f"there are no {weights} weights for mine.tiny:build; leave --weights out")


@pytest.mark.parametrize(
    "text",
    [
        "from elsewhere import *",
        "def __getattr__(name): ...",
        "globals()['build'] = 1",
        "def make():\n    global build\n    build = 1",
        "def of another Python",
        "if True:\n    build = None",
        "class build: ...",
        "import json as build",
        f"build = {'-' * 200_000}1",  # deeper than Python's own parser goes
    ],
)
def test_a_function_that_may_be_there_is_left_to_the_runner(folder: Path, text: str) -> None:
    (folder / "mine" / "tiny.py").write_text(text)
    assert len(made(request(folder, "mine.tiny:build"))[0]) == 2


def test_none_of_its_code_runs_here(folder: Path) -> None:
    (folder / "mine" / "__init__.py").write_text("raise SystemExit")
    (folder / "mine" / "tiny.py").write_text("def build(): ...\nraise SystemExit")
    assert len(made(request(folder, "mine.tiny:build"))[0]) == 2


def test_a_run_goes_on_with_the_same_code_alone(folder: Path) -> None:
    planned, _ = plan.make(request(folder, "mine.tiny:build"), ["run"], FakeHost(), nothing)
    own.require_unchanged(planned)
    (folder / "mine" / "more.py").write_text("")
    with pytest.raises(BadInput, match="changed after the run was planned; restore it, or start a new run"):
        own.require_unchanged(planned)
