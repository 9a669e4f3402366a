import pytest

pytest.importorskip("torch")

import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import boxes

from runner import compat, rules
from runner.contract import SharedLibrary, Variant
from runner.contract.job import NmsRoute, ResizeRule
from tests.samples import software

pytestmark = pytest.mark.torch


class Model(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, **changes: object):
        super().__init__()
        self.transform = GeneralizedRCNNTransform(800, 1333, [0.0] * 3, [1.0] * 3, **changes)


@pytest.mark.parametrize(
    ("size", "old", "new"),
    [
        ((427, 640), (799, 1199), (800, 1199)),
        ((375, 500), (799, 1066), (800, 1066)),
        ((480, 640), (800, 1066), (800, 1066)),
    ],
)
def test_the_rules_round_as_torchvision_0_10_and_newer_ones_do(
    size: tuple[int, int], old: tuple[int, int], new: tuple[int, int]
) -> None:
    assert rules.resized(size, 800.0, 1333.0, "float32") == old
    assert rules.resized(size, 800.0, 1333.0, "float64") == new


@pytest.mark.parametrize("rule", ["float32", "float64"])
def test_a_rule_holds_while_it_is_asked_for(rule: ResizeRule) -> None:
    picture = torch.zeros(3, 30, 37)
    small = GeneralizedRCNNTransform(41, 60, [0.0] * 3, [1.0] * 3).eval()
    own = rules.resized((30, 37), 41, 60, compat.own_resize_rule())
    with rules.held(Variant(resize_rule=rule), Model()):
        assert small.resize(picture)[0].shape[-2:] == rules.resized((30, 37), 41, 60, rule)
        assert compat.own_resize_rule() == rule
    assert small.resize(picture)[0].shape[-2:] == own


@pytest.mark.parametrize("route", ["vanilla", "coordinate-trick"])
@pytest.mark.parametrize("count", [5, 1500])
def test_a_route_is_taken_whatever_the_number_of_boxes(
    route: NmsRoute, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    for name, said in compat.NMS_ROUTES.items():
        monkeypatch.setattr(boxes, name, lambda *given, said=said: taken.append(said.replace(" ", "-")))
    with rules.held(Variant(nms_route=route), Model()):
        boxes.batched_nms(torch.zeros(count, 4), torch.zeros(count), torch.zeros(count), 0.5)
    assert taken == [route]


def test_a_model_that_resizes_to_one_size_has_no_rule() -> None:
    scaled, fixed = Model(), Model(fixed_size=(320, 320))
    chosen = Variant(resize_rule="float32")
    assert (rules.rule_of(chosen, scaled), rules.rule_of(Variant(), scaled)) == ("float32", compat.own_resize_rule())
    assert rules.rule_of(chosen, fixed) is None
    assert rules.remarks(chosen, scaled) == rules.remarks(Variant(), fixed) == []
    (remark,) = rules.remarks(chosen, fixed)
    assert remark.startswith("--resize-rule float32 changed nothing")
    assert rules.rule_of(chosen, lambda images: images) is None


def test_a_choice_that_the_stack_could_not_follow_is_said() -> None:
    own = software(shared_libraries=[SharedLibrary("libopenblas.so.0", "/o", threads=2)], numerics={"onednn": "none"})
    assert rules.unheeded(Variant(), own) == rules.unheeded(Variant(blas_threads=2), own) == []
    assert rules.unheeded(Variant(blas_threads=1), own) == ["--blas-threads 1 was not followed: libopenblas.so.0 has 2"]
    numpy_s = [SharedLibrary("libopenblas64_.so", "/venv/numpy.libs/libopenblas64_.so", threads=2)]
    without = software(shared_libraries=numpy_s, numerics={"onednn": "False"})
    assert rules.unheeded(Variant(blas_threads=1, onednn="off"), without) == [
        "--blas-threads 1 changed nothing: no BLAS with threads of its own was loaded"
    ]
    assert rules.unheeded(Variant(onednn="on"), own) == [
        "--onednn on changed nothing: this torch is built without oneDNN"
    ]
