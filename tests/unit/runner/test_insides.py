from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torchvision.ops import boxes

from runner import insides
from runner.insides import Place
from tests.unit.runner.detectors import Dense, Transform, TwoStages

pytestmark = pytest.mark.torch

IMAGES = [torch.zeros(3, 4, 6)] * 2


def test_the_places_of_a_model_are_named_by_what_they_do() -> None:
    for model, path in ((Dense(), "postprocess_detections"), (TwoStages(), "roi_heads.postprocess_detections")):
        inside = insides.of(model)
        assert [place.path for place in inside.of("detections")] == [path]
        assert [place.path for place in inside.of("resize")] == ["transform.resize"]
        roles = {place.role for place in inside.places or []}
        assert {"transform", "backbone", "postprocess", "nms", "paste"} <= roles and "fpn" not in roles
        assert ("proposals" in roles) == ("rpn" in roles) == ("head" not in roles) == isinstance(model, TwoStages)


def test_each_call_of_a_place_is_told_with_its_arguments_and_its_result() -> None:
    model, told = Dense(), Counter[str]()

    def note(place: Place, arguments: tuple[Any, ...], result: Any) -> None:
        told[place.role] += 1
        if place.role == "nms":
            assert (len(arguments[0]), len(result)) == (5, 4)
        if place.role == "transform":
            assert arguments[0] is IMAGES and result[0].image_sizes == [(8, 12)] * 2

    inside = insides.of(model)
    with insides.watched(inside.of("transform", "resize", "detections", "nms"), note):
        model(IMAGES)
    assert told == {"transform": 1, "resize": 2, "detections": 1, "nms": 2}
    model(IMAGES)
    assert told.total() == 6


def test_what_stands_in_for_a_place_may_do_otherwise_and_leaves_nothing_behind() -> None:
    model = TwoStages()
    before = [dict(vars(module)) for module in model.modules()], boxes.batched_nms
    inside = insides.of(model)

    def wrap(place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: work(*arguments)[:1]

    with insides.wrapped(inside.of("nms"), wrap):
        assert [len(found["boxes"]) for found in model(IMAGES)] == [1, 1]
    with pytest.raises(ZeroDivisionError), insides.wrapped(inside.places or [], wrap):
        raise ZeroDivisionError
    assert ([dict(vars(module)) for module in model.modules()], boxes.batched_nms) == before
    assert [len(found["boxes"]) for found in model(IMAGES)] == [3, 3]


@pytest.mark.parametrize("model", [nn.Identity(), lambda images: [], Transform()], ids=["module", "function", "part"])
def test_a_detector_that_is_built_otherwise_has_no_places_and_says_so(model: Any) -> None:
    inside = insides.of(model)
    assert inside.places is None and inside.of("transform") == []
    assert inside.missing_reason is not None and "not built as torchvision's detectors" in inside.missing_reason
