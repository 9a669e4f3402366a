from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from harness.catalogue import protocols
from runner import content, rules
from runner.contract import Content, Input
from runner.inputs import Source
from tests.unit.runner.detectors import Answers, Dense, Transform, TwoStages

pytestmark = pytest.mark.torch

#: The route of so few boxes.
TRICK = "coordinate trick"


class Pictures(Source):
    def _read(self, name: str) -> tuple[torch.Tensor, Input]:
        height, width = map(int, name.split("x"))
        return torch.zeros(3, height, width), Input(name, height, width, "")


def handed_out(*names: str) -> Pictures:
    source = Pictures(list(names), protocols()["quick-1"], torch.device("cpu"))
    for _ in range(len(names) + 1):
        source.next()
    return source


def test_each_picture_is_seen_once_with_what_a_model_of_one_stage_did() -> None:
    contents, reason = content.observe(Dense(), handed_out("4x6", "5x5"))
    assert contents == [
        Content("4x6", 3, 4, 5, None, 8, 12, 10 * 20 - 8 * 12, content.ONE_STAGE, TRICK),
        Content("5x5", 3, 4, 5, None, 10, 10, 0, content.ONE_STAGE, TRICK),
    ]
    assert reason is None


def test_two_stages_have_proposals_and_the_last_suppression_counts() -> None:
    contents, _ = content.observe(TwoStages(), handed_out("4x6"))
    assert contents == [Content("4x6", 3, 9, 9, 9, 8, 12, 104, None, TRICK)]
    with rules.suppressing("vanilla"):
        contents, _ = content.observe(TwoStages(), handed_out("4x6"))
    assert contents == [Content("4x6", 3, 9, 9, 9, 8, 12, 104, None, "vanilla")]


def test_a_detector_that_is_built_otherwise_is_not_called_at_all() -> None:
    def detect(images: Any) -> Answers:
        raise AssertionError

    contents, reason = content.observe(detect, handed_out("4x6"))
    assert contents is None and reason is not None and "not built as torchvision's" in reason


class OddTransform(Transform):
    def forward(self, images: Any, targets: None = None) -> Any:
        return images, targets


class Odd(Dense):
    """Has a transform of its own, which answers otherwise, and no suppression."""

    def __init__(self) -> None:
        super().__init__()
        self.transform = OddTransform()

    def forward(self, images: Any) -> Answers:
        self.transform(images)
        return [{"boxes": torch.zeros(1, 4)}]


def test_what_goes_through_other_steps_has_none_of_their_counts() -> None:
    contents, _ = content.observe(Odd(), handed_out("4x6"))
    assert contents == [Content("4x6", 1, missing_reason=content.OTHER_STEPS)]


class Tired(Dense):
    def forward(self, images: Any) -> Answers:
        raise SystemExit("no more calls")


@pytest.mark.parametrize("refuse", [True, False])
def test_a_call_that_fails_costs_no_measurement(refuse: bool) -> None:
    def check(outputs: Any, pictures: Any) -> Any:
        raise ValueError("not that again")

    model: nn.Module = Dense() if refuse else Tired()
    contents, reason = content.observe(model, handed_out("4x6"), check)
    assert contents is None
    assert reason == f"the call that looked at them failed: {'not that again' if refuse else 'no more calls'}"
