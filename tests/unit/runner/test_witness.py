from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import boxes

from runner import compat
from runner.contract.rows import UNSEEN, Seen
from runner.witness import Witness

pytestmark = pytest.mark.torch


class Resizing(nn.Module):  # type: ignore[misc]
    def forward(self, images: list[torch.Tensor]) -> tuple[ImageList, None]:
        return ImageList(torch.zeros(1), [(10 + len(images), 20 + i) for i in range(len(images))]), None


class Proposing(nn.Module):  # type: ignore[misc]
    def forward(self, images: list[torch.Tensor]) -> tuple[list[torch.Tensor], dict[str, float]]:
        return [suppressed(30 + i)[:, :4] for i in range(len(images))], {}


class Model(nn.Module):  # type: ignore[misc]
    """As torchvision's are: it resizes, proposes if it has two stages, and suppresses once a picture at the end."""

    def __init__(self, counts: list[int], *, two_stage: bool):
        super().__init__()
        self.transform = Resizing()
        if two_stage:
            self.rpn = Proposing()
        self.counts = counts

    def forward(self, images: list[torch.Tensor]) -> None:
        self.transform(images)
        if hasattr(self, "rpn"):
            self.rpn(images)
        for count in self.counts[: len(images)]:
            suppressed(count)


def suppressed(count: int) -> torch.Tensor:
    corners = torch.arange(count, dtype=torch.float32)[:, None] * 10
    found = torch.cat([corners, corners, corners + 5, corners + 5], dim=1)
    boxes.batched_nms(found, torch.ones(count), torch.zeros(count, dtype=torch.int64), 0.5)
    return found


IMAGES = [torch.full((3, 4, 4), 0.2)] * 2
GREY: Any = pytest.approx((51.0, 51.0, 51.0))
#: More than a thousand boxes on a CPU, and torchvision takes another way.
MANY = 1500


@pytest.mark.parametrize("n", [1, 2])
def test_a_one_stage_model_has_candidates_and_no_proposals(n: int) -> None:
    model = Model([7, MANY], two_stage=False)
    with Witness(model) as witness:
        model(IMAGES[:n])
        assert (
            witness.take(n)
            == [
                Seen(10 + n, 20, None, 7, "coordinate trick", channel_means=GREY),
                Seen(10 + n, 21, None, MANY, "vanilla", channel_means=GREY),
            ][:n]
        )


@pytest.mark.parametrize("n", [1, 2])
def test_a_two_stage_model_has_both_and_the_last_suppression_counts(n: int) -> None:
    model = Model([MANY, 7], two_stage=True)
    with Witness(model) as witness:
        for _ in range(2):
            model(IMAGES[:n])
            assert (
                witness.take(n)
                == [
                    Seen(10 + n, 20, 30, MANY, "vanilla", 30, "coordinate trick", None, GREY),
                    Seen(10 + n, 21, 31, 7, "coordinate trick", 31, "coordinate trick", None, GREY),
                ][:n]
            )


def test_what_can_not_be_told_apart_is_none() -> None:
    model = Model([7], two_stage=False)
    with Witness(model) as witness:
        model(IMAGES)
        assert witness.take(2) == [Seen(12, 20, channel_means=GREY), Seen(12, 21, channel_means=GREY)]


def test_a_detector_that_is_built_otherwise_is_watched_as_far_as_it_goes() -> None:
    def model(images: list[torch.Tensor]) -> None:
        for _ in images:
            suppressed(7)

    with Witness(model) as witness:
        model(IMAGES)
        assert witness.take(2) == [Seen(candidates=7, nms_route="coordinate trick")] * 2
        assert witness.take(2) == [UNSEEN, UNSEEN]


def test_another_part_of_a_known_name_is_let_be() -> None:
    model = Model([7], two_stage=False)
    model.transform, model.backbone = nn.Identity(), nn.Flatten()
    with Witness(model) as witness:
        assert torch.equal(model.transform(IMAGES[0]), IMAGES[0])
        suppressed(7)
        assert witness.take(1) == [Seen(candidates=7, nms_route="coordinate trick")]


def test_nothing_is_left_behind() -> None:
    model = Model([7], two_stage=True)
    before = [getattr(boxes, name) for name in compat.NMS_ROUTES]
    with Witness(model):
        assert [getattr(boxes, name) for name in compat.NMS_ROUTES] != before
    assert [getattr(boxes, name) for name in compat.NMS_ROUTES] == before
    assert not [module for module in model.modules() if "forward" in vars(module)]


def test_the_detections_are_the_same_under_watch() -> None:
    for count in (7, MANY):
        found = torch.rand(count, 4, generator=torch.Generator().manual_seed(0)).cumsum(1)
        arguments = found, torch.arange(count, dtype=torch.float32), torch.zeros(count, dtype=torch.int64), 0.5
        alone = boxes.batched_nms(*arguments)
        with Witness(nn.Identity()):
            assert torch.equal(boxes.batched_nms(*arguments), alone)


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float32])
def test_what_the_model_was_given_and_computed_in_is_seen(half: torch.dtype) -> None:
    model = Model([7], two_stage=False)
    model.backbone = nn.Identity()
    picture = torch.stack([torch.full((40, 40), value / 255) for value in (10.0, 20.0, 30.0)])
    with Witness(model) as witness:
        model([picture])
        model.backbone({"0": picture.to(half)})
        (seen,) = witness.take(1)
        assert seen.channel_means == pytest.approx((10, 20, 30), abs=1e-3)
        assert seen.precision == str(half).removeprefix("torch.")
        model([picture])
        assert witness.take(1)[0].precision is None
