from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import boxes

from runner import insides
from runner.insides import Place

pytestmark = pytest.mark.torch


class Transform(nn.Module):  # type: ignore[misc]
    def forward(self, images: list[torch.Tensor], targets: None = None) -> tuple[ImageList, None]:
        resized = [self.resize(image) for image in images]
        return ImageList(torch.stack(resized), [(image.shape[1], image.shape[2]) for image in resized]), targets

    def resize(self, image: torch.Tensor) -> torch.Tensor:
        return image

    def postprocess(self, found: list[Any], shapes: Any, originals: Any) -> list[Any]:
        return found


class Dense(nn.Module):  # type: ignore[misc]
    """Built as torchvision's one-stage detectors are, and finds three boxes in every picture."""

    def __init__(self) -> None:
        super().__init__()
        self.transform, self.backbone, self.head = Transform(), nn.Identity(), nn.Identity()

    def forward(self, images: list[torch.Tensor]) -> list[Any]:
        batch, _ = self.transform(images)
        found = self.postprocess_detections(self.head(self.backbone(batch.tensors)), None, batch.image_sizes)
        return list(self.transform.postprocess(found, batch.image_sizes, batch.image_sizes))

    def postprocess_detections(self, outputs: torch.Tensor, anchors: None, shapes: list[Any]) -> list[torch.Tensor]:
        corners = torch.arange(3.0)[:, None] * torch.ones(4) * 10 + torch.tensor([0.0, 0, 5, 5])
        labels = torch.zeros(3, dtype=torch.int64)
        return [boxes.batched_nms(corners, torch.ones(3), labels, 0.5) for _ in shapes]


IMAGES = [torch.zeros(3, 4, 6)] * 2


def test_the_places_of_a_model_are_named_by_what_they_do() -> None:
    places = insides.of(Dense()).places
    assert places is not None
    roles = {place.role: place.path for place in places}
    assert roles["resize"] == "transform.resize" and roles["detections"] == "postprocess_detections"
    assert {"transform", "backbone", "head", "postprocess", "nms"} <= set(roles)
    assert not {"rpn", "proposals", "fpn", "box"} & set(roles)


def test_each_call_of_a_place_is_told_with_its_arguments_and_its_result() -> None:
    model, told = Dense(), Counter[str]()

    def note(place: Place, arguments: tuple[Any, ...], result: Any) -> None:
        told[place.role] += 1
        if place.role == "nms":
            assert len(arguments[0]) == len(result) == 3
        if place.role == "transform":
            assert arguments[0] is IMAGES and result[0].image_sizes == [(4, 6)] * 2

    inside = insides.of(model)
    with insides.watched(inside.of("transform", "resize", "detections", "nms"), note):
        model(IMAGES)
    assert told == {"transform": 1, "resize": 2, "detections": 1, "nms": 2}
    model(IMAGES)
    assert told.total() == 6


def test_what_stands_in_for_a_place_may_do_otherwise_and_leaves_nothing_behind() -> None:
    model = Dense()
    before = [dict(vars(module)) for module in model.modules()], boxes.batched_nms
    inside = insides.of(model)

    def wrap(place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: work(*arguments)[:1]

    with insides.wrapped(inside.of("nms"), wrap):
        assert [len(found) for found in model(IMAGES)] == [1, 1]
    with pytest.raises(ZeroDivisionError), insides.wrapped(inside.places or [], wrap):
        raise ZeroDivisionError
    assert ([dict(vars(module)) for module in model.modules()], boxes.batched_nms) == before
    assert [len(found) for found in model(IMAGES)] == [3, 3]


@pytest.mark.parametrize("model", [nn.Identity(), lambda images: [], Transform()], ids=["module", "function", "part"])
def test_a_detector_that_is_built_otherwise_has_no_places_and_says_so(model: Any) -> None:
    inside = insides.of(model)
    assert inside.places is None and inside.of("transform") == []
    assert inside.missing_reason is not None and "not built as torchvision's detectors" in inside.missing_reason
