"""Whole models, of the lightest kind: a state that fits and states that do not."""

from pathlib import Path

import numpy
import pytest

torch = pytest.importorskip("torch")

import safetensors.numpy  # noqa: E402

from harness.data.checkpoints import weights_file  # noqa: E402
from runner import models, weights  # noqa: E402
from runner.contract import ModelSpec, Weights  # noqa: E402
from runner.errors import JobError  # noqa: E402

pytestmark = pytest.mark.torch

LITE = "ssdlite320_mobilenet_v3_large"


def test_a_state_saved_from_a_model_fills_it_again(tmp_path: Path) -> None:
    model, sha256 = models.load(ModelSpec(LITE, Weights("random", seed=7)), None)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    safetensors.numpy.save_file(state, tmp_path / "mine.safetensors")
    spec = ModelSpec(LITE, weights_file(tmp_path / "mine.safetensors"))
    again, same = models.load(spec, tmp_path)
    assert same == sha256 == weights.state_hash(again.state_dict())
    assert not again.training
    assert models.load(ModelSpec(LITE, Weights("random", seed=8)), None)[1] != sha256


@pytest.mark.parametrize(
    "state",
    [
        {"backbone.weight": numpy.zeros(3, dtype="float32")},
        {"roi_heads.box_predictor.cls_score.weight": numpy.zeros((91, 1024), dtype="float32")},
    ],
)
def test_a_state_of_another_model_is_named(tmp_path: Path, state: dict[str, numpy.ndarray]) -> None:
    safetensors.numpy.save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(JobError, match=rf"the weights other\.safetensors do not fit {LITE}: "):
        models.load(ModelSpec(LITE, weights_file(tmp_path / "other.safetensors")), tmp_path)


def test_a_builder_that_this_torchvision_lacks_is_named() -> None:
    with pytest.raises(JobError, match=r"torchvision [\d.+a-z]+ has no detr_resnet50") as caught:
        models.load(ModelSpec("detr_resnet50", Weights("random")), None)
    assert caught.value.failure.remedy == "choose a newer environment"
