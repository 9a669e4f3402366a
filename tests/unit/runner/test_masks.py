"""Masks are encoded by pycocotools: only there is it needed, and its lack is named."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from runner import hardware, job, models  # noqa: E402
from runner.contract import Dataset, Result  # noqa: E402
from tests import samples  # noqa: E402

pytestmark = pytest.mark.torch

DATASET = Dataset("painted", "0" * 64, [1], [1], ["no such picture.png"])


def model(*heads: str) -> nn.Module:
    """Return a module with a tensor in each of these heads, named as in torchvision's Mask R-CNN."""
    classes = nn.ModuleDict({"cls_score": nn.Linear(1, 91)})
    parts = {"box_predictor": classes, **{head: nn.Linear(1, 91) for head in heads}}
    return nn.ModuleDict({"roi_heads": nn.ModuleDict(parts)})


def passed(monkeypatch: pytest.MonkeyPatch, folder: Path, environment: str, *heads: str) -> Result:
    """Run a detection pass of a picture that is not there: it ends right after what is asked before."""
    monkeypatch.setattr(hardware, "observe", lambda: samples.hardware())
    monkeypatch.setattr(models, "load", lambda *given: (model(*heads), "0" * 64))
    of = samples.job(environment=environment, suite="accuracy", dataset=DATASET)
    return job.execute(of, job.Folders(folder, None, folder), lambda *event, **fields: None)


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ("local", "install it into the Python that runs the runner: pip install pycocotools"),
        ("cuda10.2", "build the image again: harness images build cuda10.2"),
    ],
)
def test_a_model_with_masks_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    result = passed(monkeypatch, tmp_path, environment, "mask_predictor")
    assert (result.status, result.failure and result.failure.cause) == ("failed", "infrastructure")
    assert result.failure
    assert result.failure.message.startswith("pycocotools encodes masks, and can't be imported here (")
    assert result.failure.remedy == remedy


def test_one_of_another_numpy_is_missing_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Compiled(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")

    monkeypatch.setitem(sys.modules, "pycocotools", Compiled("pycocotools"))
    result = passed(monkeypatch, tmp_path, "local", "mask_predictor")
    assert result.failure
    assert "(numpy.dtype size changed, may indicate binary incompatibility)" in result.failure.message


def test_a_model_without_masks_needs_it_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    result = passed(monkeypatch, tmp_path, "local")
    assert result.failure
    assert "no such picture.png" in result.failure.message
