"""What each stage of an iteration takes, looked at in a pass of its own: no sample of the latency pays for it."""

from contextlib import ExitStack
from typing import Any, Callable, ContextManager, Dict, List, NamedTuple, Optional, Tuple

import torch

from runner import insides
from runner.contract import Stages, StageTimes
from runner.contract.inside import STAGES
from runner.errors import said
from runner.inputs import Source
from runner.insides import Place
from runner.own.answers import Check, ShownPicture, trusted
from runner.timeline import Clock, Spent, Timeline, clock_of

#: Iterations that are looked at before those that count, so that what is done once is over.
WARMUP = 2
REMAINDER = "remainder"
#: The stage of each place, by its role; the suppression is a stage of what calls it.
STAGE_OF = {
    "transform": "transform",
    "normalise": "normalise",
    "resize": "resize",
    "batch": "batch",
    "backbone": "backbone",
    "body": "backbone",
    "fpn": "FPN",
    "head": "dense head",
    "rpn": "RPN",
    "rpn head": "RPN",
    "anchors": "anchors",
    "proposals": "proposals",
    "roi heads": "RoI heads",
    "box": "box head",
    "detections": "detections",
    "mask": "mask head",
    "keypoint": "keypoint head",
    "postprocess": "scaling back",
    "paste": "mask paste",
}
NMS = "nms"


class _Turn(NamedTuple):
    """One iteration: its picture, what all of it took by clocks of their own, and what each stage took."""

    image: str
    whole: Spent
    by_stage: Dict[str, Spent]


def observe(
    model: Callable[[Any], Any], source: Source, device: torch.device, iterations: int, check: Check = trusted
) -> Tuple[Optional[Stages], Optional[str]]:
    """Return what the stages of so many iterations took, or None and why.

    Raises nothing, whatever a person's own code does: what was measured by then is worth more than this.
    """
    clock = clock_of(device)
    timeline = Timeline(clock)
    source.restart()
    turns: List[_Turn] = []
    try:
        with charging(model, timeline):
            for _ in range(WARMUP + iterations):
                turns.append(_turn(model, source, timeline, clock, check))
    except (Exception, SystemExit) as error:
        return None, f"the pass that looked at the stages failed: {said(error) or type(error).__name__}"
    return _stages(turns[WARMUP:], insides.of(model).missing_reason), None


def charging(model: Any, timeline: Timeline) -> ContextManager[None]:
    """Have the time of each place of a model charged to its stage while the context is open."""
    return insides.wrapped(insides.of(model).of(*STAGE_OF, NMS), _charging(timeline))


def _charging(timeline: Timeline) -> insides.Wrap:
    """Have the time of each place charged to its stage."""

    def wrap(place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
        stage = STAGE_OF.get(place.role)

        def charged(*arguments: Any, **named: Any) -> Any:
            with ExitStack() as stack:
                name = stage or f"{timeline.innermost} NMS"
                if name in STAGES:
                    stack.enter_context(timeline.within(name))
                return work(*arguments, **named)

        return charged

    return wrap


def _turn(model: Callable[[Any], Any], source: Source, timeline: Timeline, clock: Clock, check: Check) -> _Turn:
    begin = clock()
    with timeline.within("decode"):
        name, pixels = source.read_anew()
    with timeline.within("copy in"):
        frame = source.framed(name, pixels)
    with timeline.within(REMAINDER):
        outputs = model(frame.argument)
    with timeline.within("copy out"):
        copied(outputs)
    whole = begin.until(clock())
    check(outputs, [ShownPicture(frame.name, frame.height, frame.width)])
    return _Turn(frame.name, whole, timeline.taken())


def copied(outputs: Any) -> Any:
    """Return what a model answered with its tensors on the host."""
    if isinstance(outputs, torch.Tensor):
        return outputs.to("cpu")
    if isinstance(outputs, dict):
        return {name: copied(value) for name, value in outputs.items()}
    return [copied(value) for value in outputs] if isinstance(outputs, (list, tuple)) else outputs


def _stages(turns: List[_Turn], missing_reason: Optional[str]) -> Stages:
    seen = {name for turn in turns for name in turn.by_stage}
    return Stages(
        image=[turn.image for turn in turns],
        wall_ms=[turn.whole.wall_ms for turn in turns],
        cpu_ms=[turn.whole.cpu_ms for turn in turns],
        stages=[_of(name, [turn.by_stage.get(name, Spent()) for turn in turns]) for name in STAGES if name in seen],
        missing_reason=missing_reason,
    )


def _of(name: str, spent: List[Spent]) -> StageTimes:
    on_device = any(each.device_ms is not None for each in spent)
    return StageTimes(
        name=name,
        wall_ms=[each.wall_ms for each in spent],
        cpu_ms=[each.cpu_ms for each in spent],
        device_ms=[each.device_ms or 0.0 for each in spent] if on_device else None,
    )
