"""The batch norms' epsilon that a person's weights were trained with: chosen, or found not to matter, or asked for."""

from collections import OrderedDict
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops.misc import FrozenBatchNorm2d

from runner import compat, graphs
from runner.contract import ModelSpec, Weights
from runner.errors import JobError

pytestmark = pytest.mark.torch
CPU = torch.device("cpu")


class Backbone(nn.Module):  # type: ignore[misc]
    """One level of features behind a batch norm with epsilon 0, as in the graphs of the COCO checkpoints."""

    out_channels = 4

    def __init__(self, variance: list[float]):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 16, stride=16), FrozenBatchNorm2d(4, eps=0.0)
        self.norm.running_var = torch.tensor(variance)

    def forward(self, pictures: Any) -> Any:
        return OrderedDict([("0", self.norm(self.conv(pictures)))])


def detector(variance: list[float], score_bias: float) -> Any:
    torch.manual_seed(3)
    anchors = AnchorGenerator(((64,),), ((1.0,),))
    model = RetinaNet(Backbone(variance), 3, anchor_generator=anchors, detections_per_img=5).eval()
    nn.init.constant_(model.head.classification_head.cls_logits.bias, score_bias)
    return model


def spec(eps: float | None = None, kind: Any = "file") -> ModelSpec:
    return ModelSpec("retinanet_resnet50_fpn", Weights(kind, file="mine.pth", norm_eps=eps))


NOTHING, SOMETHING = -20.0, 0.0
USUAL, SMALL, DEAD = [1.0, 2.0, 0.5, 3.0], [1e-5, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("score_bias", [NOTHING, SOMETHING])
def test_where_both_graphs_agree_the_one_of_the_checkpoints_is_taken(score_bias: float) -> None:
    model = detector(USUAL, score_bias)
    graphs.require_one(model, spec(), CPU)
    assert model.backbone.norm.eps == 0
    assert model.transform.min_size == (800,)


@pytest.mark.parametrize("score_bias", [NOTHING, SOMETHING])
@pytest.mark.parametrize("variance", [SMALL, DEAD], ids=["small", "dead"])
def test_where_they_do_not_the_option_is_named(variance: list[float], score_bias: float) -> None:
    with pytest.raises(JobError, match=r"^the weights mine\.pth detect .*\(--norm-eps 0: .*\(--norm-eps 1e-5: "):
        graphs.require_one(detector(variance, score_bias), spec(), CPU)


@pytest.mark.parametrize("which", [spec(eps=1e-5), spec(kind="pretrained"), spec(kind="random")])
def test_nothing_is_tried_where_the_graph_is_known(which: ModelSpec) -> None:
    graphs.require_one(detector(SMALL, SOMETHING), which, CPU)


def test_the_chosen_epsilon_is_computed_with() -> None:
    model, picture = detector(SMALL, SOMETHING), torch.rand(1, 3, 64, 64)
    graphs.choose(model, spec(eps=1e-5))
    own = nn.BatchNorm2d(4, eps=1e-5).eval()
    own.running_var = torch.tensor(SMALL)
    assert torch.allclose(model.backbone(picture)["0"], own(model.backbone.conv(picture)), rtol=1e-5)
    untouched = detector(SMALL, SOMETHING)
    graphs.choose(untouched, spec())
    assert untouched.backbone.norm.eps == 0


@pytest.mark.parametrize(("builder", "norms"), [("retinanet_resnet50_fpn", 53), ("ssdlite320_mobilenet_v3_large", 0)])
def test_the_graphs_of_four_checkpoints_compute_with_epsilon_0(builder: str, norms: int) -> None:
    model = compat.build(builder, 3, lambda shapes: {name: torch.zeros(shape) for name, shape in shapes.items()})
    assert len(compat.norms_without_eps(model)) == norms
    if not norms:
        with pytest.raises(JobError, match="has one graph alone"):
            graphs.choose(model, ModelSpec(builder, Weights("file", norm_eps=0.0)))


def test_the_pictures_are_the_same_every_time() -> None:
    first, again = graphs.pictures(), graphs.pictures()
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert {tuple(picture.shape) for picture in first} == {(3, graphs.HEIGHT, graphs.WIDTH)}
    assert 0 <= min(picture.min() for picture in first) < max(picture.max() for picture in first) <= 1
