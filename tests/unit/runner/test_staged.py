import time
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from harness.catalogue import protocols
from runner import staged
from runner.contract import Input, Stages
from runner.inputs import Source
from runner.staged import WARMUP, copied
from runner.timeline import Moment, Timeline
from tests.unit.runner.detectors import Answers, Dense, Transform, TwoStages

pytestmark = pytest.mark.torch

#: How long a step that was made slow takes, in ms: beside it, all else here is nothing.
SLOW_MS = 4.0
CPU = torch.device("cpu")


class Pictures(Source):
    """Two pictures, which are slow to read anew."""

    def __init__(self) -> None:
        super().__init__(["4x6", "5x5"], protocols()["quick-1"], CPU)

    def _read(self, name: str) -> tuple[torch.Tensor, Input]:
        height, width = map(int, name.split("x"))
        return torch.zeros(3, height, width), Input(name, height, width, "")

    def _read_anew(self, name: str) -> torch.Tensor:
        time.sleep(SLOW_MS / 1000)
        return super()._read_anew(name)


def observed(model: Any, iterations: int = 3) -> Stages:
    stages, reason = staged.observe(model, Pictures(), CPU, iterations)
    assert stages is not None and reason is None
    return stages


def slow(model: Any, path: str) -> Any:
    """Have a step of a model take so much longer."""
    *where, name = path.split(".")
    owner = model
    for step in where:
        owner = getattr(owner, step)
    work = getattr(owner, name)

    def slowly(*arguments: Any, **named: Any) -> Any:
        time.sleep(SLOW_MS / 1000)
        return work(*arguments, **named)

    object.__setattr__(owner, name, slowly)
    return model


@pytest.mark.parametrize(
    ("model", "path", "stage"),
    [
        (Dense, "head.forward", "dense head"),
        (Dense, "transform.resize", "resize"),
        (Dense, "postprocess_detections", "detections"),
        (TwoStages, "rpn.forward", "RPN"),
        (TwoStages, "rpn.filter_proposals", "proposals"),
        (TwoStages, "roi_heads.forward", "RoI heads"),
        (TwoStages, "transform.postprocess", "scaling back"),
    ],
)
def test_what_takes_long_is_charged_to_its_own_stage_alone(model: Any, path: str, stage: str) -> None:
    took = {each.name: min(each.wall_ms) for each in observed(slow(model(), path), 2).stages}
    assert {name for name, ms in took.items() if ms >= SLOW_MS} == {"decode", stage}


def test_stages_sum_to_their_iteration_and_cpu_time_is_not_wall_time() -> None:
    stages = observed(slow(TwoStages(), "rpn.forward"))
    assert stages.image == ["4x6", "5x5", "4x6"]
    for turn, whole in enumerate(stages.wall_ms):
        assert sum(each.wall_ms[turn] for each in stages.stages) == pytest.approx(whole, rel=0.05)
    assert sum(stages.cpu_ms) < sum(stages.wall_ms) / 2  # asleep is not busy
    assert all(each.device_ms is None and len(each.cpu_ms) == 3 for each in stages.stages)


def test_each_suppression_is_a_stage_of_what_calls_it() -> None:
    names = [each.name for each in observed(TwoStages()).stages]
    assert names == [
        *("decode", "copy in", "transform", "resize", "backbone", "RPN", "proposals", "proposals NMS", "RoI heads"),
        *("detections", "detections NMS", "scaling back", "copy out", "remainder"),
    ]


def test_a_detector_that_is_built_otherwise_is_one_stage_with_the_reason() -> None:
    def detect(images: Any) -> Answers:
        return [{"boxes": torch.zeros(1, 4)}]

    stages = observed(detect)
    assert [each.name for each in stages.stages] == ["decode", "copy in", "copy out", "remainder"]
    assert stages.missing_reason is not None and "not built as torchvision's" in stages.missing_reason


class Tired(Dense):
    """Answers as often as it warms up."""

    calls = 0

    def forward(self, images: Any) -> Answers:
        self.calls += 1
        if self.calls > WARMUP:
            raise SystemExit("no more calls")
        return super().forward(images)


def test_a_call_that_fails_costs_no_measurement_and_leaves_nothing_behind() -> None:
    model = Tired()
    stages, reason = staged.observe(model, Pictures(), CPU, 3)
    assert stages is None and reason == "the pass that looked at the stages failed: no more calls"
    assert "forward" not in vars(model.transform) and type(model.transform).forward is Transform.forward


def test_answers_are_brought_to_the_host_whatever_holds_them() -> None:
    boxes = torch.zeros(1, 4)
    assert copied([{"boxes": boxes, "name": "cat"}, None]) == [{"boxes": boxes, "name": "cat"}, None]


class Ticking:
    """A clock that goes on by one ms each time, with an event that tells the device's time as twice that."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> Moment:
        self.ms += 1
        return Moment(self.ms * 1_000_000, 0, Event(self.ms))


class Event:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def elapsed_time(self, later: "Event") -> float:
        return 2.0 * (later.ms - self.ms)


def test_each_moment_is_of_the_innermost_and_counted_once() -> None:
    timeline = Timeline(Ticking())
    with timeline.within("outer"):
        with timeline.within("inner"):
            assert timeline.innermost == "inner"
        with pytest.raises(KeyError), timeline.within("inner"):
            raise KeyError
    taken = timeline.taken()
    assert {name: (spent.wall_ms, spent.device_ms) for name, spent in taken.items()} == {
        "outer": (3.0, 6.0),
        "inner": (2.0, 4.0),
    }
    assert timeline.taken() == {} and timeline.innermost is None
