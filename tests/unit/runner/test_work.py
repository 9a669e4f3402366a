"""What a call computes is counted beside what is measured, and never in its way."""

from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from harness.catalogue import models as catalogued
from harness.catalogue.entries import FLOPS_OF
from runner import compat, content, models, work
from runner.contract import ModelSpec, Weights, Work
from tests.unit.runner.detectors import Answers, Dense
from tests.unit.runner.test_content import Pictures, handed_out

pytestmark = pytest.mark.torch

#: Of a call on a picture: a convolution of 3 to 4 channels by 3 times 3, and a product of 4 by 5.
PARAMETERS = (3 * 9 + 1) * 4 + (4 + 1) * 5


def flops(height: int, width: int) -> int:
    return 2 * (3 * 9 * 4) * height * width + 2 * 4 * 5


class Small(nn.Module):  # type: ignore[misc]
    """Computes what is known, and is built otherwise than torchvision's detectors."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.product, self.calls = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5), 0

    def forward(self, images: Any) -> Answers:
        self.calls += 1
        features = self.convolution(images[0][None]).relu()
        return [{"boxes": self.product(features.mean(dim=(2, 3)))[:, :4]}]


def observed(model: Any, source: Pictures) -> Work:
    counter = work.Counter(model)
    with torch.no_grad():
        content.observe(model, source, call=counter.call)
        return work.observe(model, counter, source)


def test_a_multiplication_and_an_addition_are_two_in_each_input() -> None:
    assert observed(Small(), handed_out("4x6", "5x5")) == Work(PARAMETERS, [flops(4, 6), flops(5, 5)])


class Convolved(Dense):
    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.calls = Small(), 0

    def forward(self, images: Any) -> Answers:
        self.calls += 1
        return super().forward(images)


def test_calls_that_look_at_the_content_are_counted_and_none_is_made_again() -> None:
    model = Convolved()
    model.backbone.forward = lambda batch: model.backbone.convolution(batch)
    known = observed(model, handed_out("4x6", "5x5"))
    assert known == Work(PARAMETERS, [2 * 3 * 9 * 4 * 10 * 20, 2 * 3 * 9 * 4 * 10 * 10])
    assert model.calls == 2


def test_a_torch_without_a_counter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat, "flop_counter", lambda: None)
    model = Small()
    assert observed(model, handed_out("4x6")) == Work(PARAMETERS, None, work.NO_COUNTER.format(torch.__version__))
    assert model.calls == 1


class Odd(Convolved):
    """Refuses to be looked at by torch's counter."""

    def forward(self, images: Any) -> Answers:
        if torch.utils._python_dispatch._get_current_dispatch_mode() is not None:
            raise ValueError("not under a mode")
        return super().forward(images)


def test_a_count_that_fails_costs_no_content() -> None:
    model, source = Odd(), handed_out("4x6", "5x5")
    model.backbone.forward = lambda batch: batch
    counter = work.Counter(model)
    contents, reason = content.observe(model, source, call=counter.call)
    assert (contents, reason) == content.observe(model, source)
    assert contents is not None
    assert work.observe(model, counter, source) == Work(PARAMETERS, None, "torch's counter failed: not under a mode")


def test_what_has_no_operation_that_is_counted_is_not_said_to_take_none() -> None:
    assert observed(Dense(), handed_out("4x6")) == Work(0, None, work.NOTHING)


def test_counting_alone_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_S", -1.0)
    assert observed(Small(), handed_out("4x6")) == Work(PARAMETERS, None, "counting took more than -1 s")


class Inferring(Small):
    """Computes its product under torch.inference_mode, and its convolution outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.product.forward = torch.inference_mode()(self.product.forward)


class Undivided(TorchDispatchMode):  # type: ignore[misc]
    """Counts as torch before 2.6 did: operators by the names they come with, and none by its parts."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        self.total += count(*args, **(kwargs or {}), out_val=result) if count else 0
        return result

    def get_total_flops(self) -> int:
        return self.total


def test_what_is_computed_under_inference_mode_is_counted_or_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert observed(Inferring(), handed_out("4x6")) == Work(PARAMETERS, [flops(4, 6)])
    monkeypatch.setattr(compat, "flop_counter", Undivided)
    assert observed(Small(), handed_out("4x6")) == Work(PARAMETERS, [flops(4, 6)])
    model = Inferring()
    assert observed(model, handed_out("4x6")) == Work(PARAMETERS, None, work.INFERENCE.format(torch.__version__))
    assert model.calls == 1


class Tired(Small):
    def forward(self, images: Any) -> Answers:
        raise SystemExit("no more calls")


def test_a_call_that_fails_leaves_a_reason() -> None:
    reason = "a call that was to be counted failed: no more calls"
    assert observed(Tired(), handed_out("4x6")) == Work(PARAMETERS, None, reason)


def test_what_torchvision_publishes_is_half_of_what_is_counted_for_its_picture() -> None:
    entry = catalogued()["ssdlite320_mobilenet_v3_large"]
    model, _ = models.load(ModelSpec(entry.builder, Weights("random", seed=0)), None)
    known = observed(model, handed_out(f"{FLOPS_OF}x{FLOPS_OF}"))
    assert known.parameters == entry.parameters
    assert known.flops is not None and known.flops[0] == pytest.approx(entry.published_flops, abs=1e6)
