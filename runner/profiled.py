"""Where the time of a model goes: modules by clocks, then operators by torch's profiler, in passes of their own."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import nn

from runner import compat, insides, traced
from runner.contract import ModuleTimes, Operator, Profile
from runner.errors import said
from runner.inputs import Source
from runner.insides import Place
from runner.names import canonical_name
from runner.timeline import Spent, Timeline, clock_of

WARMUP = 2
#: Iterations under the profiler at most: it keeps every event of each.
UNDER_PROFILER = 3
#: What the ranges of modules are called for the profiler, before their paths.
RANGE = "module "
#: Operators that take most are kept, this many.
MOST = 3000
OUTSIDE = "model"
#: Modules that can't be looked at are named up to this many.
NAMED = 3
UNSEEN = "nothing can stand in for {}; the time spent there is of what calls it"
#: Places that are methods or functions; the others are modules, and looked at as such.
STEPS = (
    *("normalise", "resize", "batch", "proposals", "detections", "postprocess", "nms", "paste"),
    *("mask", "keypoint"),
)


def observe(
    model: Callable[[Any], Any], source: Source, device: torch.device, iterations: int, folder: Path
) -> Tuple[Optional[Profile], Optional[str]]:
    """Return where so many iterations spent their time, or None and why; the profiler's trace goes into the folder.

    Raises nothing.
    """
    source.restart()
    try:
        places, lacking = _places(model)
        timed = _Timed(places, device)
        for _ in range(WARMUP + iterations):
            timed.call(model, source.next().argument)
        seen = _operators(model, source, device, min(iterations, UNDER_PROFILER), places, folder)
    except (Exception, SystemExit) as error:
        return None, f"the pass that profiled failed: {said(error) or type(error).__name__}"
    return replace(timed.profile(seen), modules_missing_reason=lacking), None


def _places(model: Any) -> Tuple[List[Place], Optional[str]]:
    """Return every module that can be looked at, and the steps of torchvision that are none; and why others can't."""
    modules = model.named_modules() if isinstance(model, nn.Module) else ()
    found = [Place("module", path, module, "forward") for path, module in modules if path]
    refused = [place.path for place in found if not _can_be_looked_at(place)]
    steps = insides.of(model).of(*STEPS)
    places = [place for place in found if place.path not in refused]
    places += [place for place in steps if not isinstance(place.owner, nn.Module) or place.name != "forward"]
    names = ", ".join([*refused[:NAMED], *(["others"] if len(refused) > NAMED else [])])
    return places, UNSEEN.format(names) if refused else None


def _can_be_looked_at(place: Place) -> bool:
    """Tell whether something can stand in for a module: not for one that torch.jit.trace made, say."""
    try:
        with insides.wrapped([place], lambda _, work: work):
            return True
    except (AttributeError, TypeError, RuntimeError):
        return False


def _path(place: Place) -> str:
    """Return the place's path as torchvision 0.10 has it."""
    return canonical_name(place.path + ".").rstrip(".")


class _Timed:
    """Iterations whose time is charged to modules."""

    def __init__(self, places: List[Place], device: torch.device):
        self._places, self._clock = places, clock_of(device)
        self._timeline = Timeline(self._clock)
        self._calls: Dict[str, int] = defaultdict(int)
        self._whole: List[Spent] = []
        self._by_path: List[Dict[str, Spent]] = []

    def call(self, model: Callable[[Any], Any], argument: Any) -> None:
        with insides.wrapped(self._places, self._charging):
            begin = self._clock()
            with self._timeline.within(OUTSIDE):
                model(argument)
            self._whole.append(begin.until(self._clock()))
        self._by_path.append(self._timeline.taken())

    def _charging(self, place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
        path = _path(place)

        def charged(*arguments: Any, **named: Any) -> Any:
            self._calls[path] += 1
            with self._timeline.within(path):
                return work(*arguments, **named)

        return charged

    def profile(self, seen: "_ByOperator") -> Profile:
        whole, by_path = self._whole[WARMUP:], self._by_path[WARMUP:]
        paths = dict.fromkeys(path for turn in by_path for path in turn)
        spent = {path: [turn.get(path, Spent()) for turn in by_path] for path in paths}
        return Profile(
            wall_ms=[each.wall_ms for each in whole],
            cpu_ms=[each.cpu_ms for each in whole],
            modules=[
                ModuleTimes(
                    path,
                    self._calls[path] / len(self._whole) if path != OUTSIDE else 1.0,
                    [each.wall_ms for each in turns],
                    [each.cpu_ms for each in turns],
                )
                for path, turns in spent.items()
            ],
            operators=seen.operators,
            missing_reason=seen.missing_reason,
            trace_missing_reason=seen.trace_missing_reason,
        )


class _ByOperator(NamedTuple):
    """The operators of an iteration; why there are none, and why there is no trace."""

    operators: List[Operator]
    missing_reason: Optional[str] = None
    trace_missing_reason: Optional[str] = None


def _operators(
    model: Callable[[Any], Any],
    source: Source,
    device: torch.device,
    iterations: int,
    places: List[Place],
    folder: Path,
) -> _ByOperator:
    profiler = getattr(torch, "profiler", None)
    if profiler is None:
        return _nothing(f"torch {torch.__version__} has no torch.profiler")
    activities = [profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(profiler.ProfilerActivity.CUDA)
    try:
        looking = profiler.profile(activities=activities, record_shapes=True, profile_memory=compat.sums_memory())
        with insides.wrapped(places, _ranged), looking as seen:
            for _ in range(iterations):
                model(source.next().argument)
        operators = summed(seen.events(), iterations, with_memory=compat.sums_memory())
    except RuntimeError as error:  # built without kineto, say, or another profiler is at work
        return _nothing(f"torch.profiler failed: {said(error)}")
    return _ByOperator(operators, None, traced.write(seen, folder))


def _nothing(reason: str) -> _ByOperator:
    return _ByOperator([], reason, reason)


def _ranged(place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
    name = RANGE + _path(place)

    def ranged(*arguments: Any, **named: Any) -> Any:
        with torch.profiler.record_function(name):
            return work(*arguments, **named)

    return ranged


class _Sum(NamedTuple):
    calls: int
    wall_us: float
    allocated: int
    device_us: float
    outer_calls: int


def summed(events: Any, iterations: int, *, with_memory: bool = True) -> List[Operator]:
    """Return the operators of a profiler's events by module, name and shapes, those that take most first."""
    sums: Dict[Tuple[str, str, str], _Sum] = {}
    kernels: Dict[Tuple[str, str, str], List[str]] = {}
    for event in events:
        if event.name.startswith((RANGE, "[", "ProfilerStep", "cuda")):
            continue
        key = (_module_of(event), event.name, _shapes(event))
        before = sums.get(key, _Sum(0, 0.0, 0, 0.0, 0))
        ran = list(getattr(event, "kernels", None) or [])
        kernels[key] = list(dict.fromkeys([*kernels.get(key, []), *(str(kernel.name) for kernel in ran)]))
        sums[key] = _Sum(
            before.calls + 1,
            before.wall_us + float(event.self_cpu_time_total),
            before.allocated + max(0, int(event.self_cpu_memory_usage)),
            before.device_us + sum(float(kernel.duration) for kernel in ran),
            before.outer_calls + (event.cpu_parent is None or event.cpu_parent.name.startswith(RANGE)),
        )
    rows = [_operator(key, each, kernels[key], iterations, with_memory) for key, each in sums.items()]
    return sorted(rows, key=lambda row: -row.wall_ms - (row.device_ms or 0.0))[:MOST]


def _operator(
    key: Tuple[str, str, str], each: _Sum, kernels: List[str], iterations: int, with_memory: bool
) -> Operator:
    return Operator(
        *key,
        calls=each.calls / iterations,
        wall_ms=each.wall_us / 1000 / iterations,
        allocated_bytes=each.allocated / iterations if with_memory else None,
        kernels=kernels or None,
        device_ms=each.device_us / 1000 / iterations if kernels else None,
        outer_calls=each.outer_calls / iterations,
    )


def _module_of(event: Any) -> str:
    """Return the path of the innermost module in whose range an event lies."""
    parent = event.cpu_parent
    while parent is not None and not parent.name.startswith(RANGE):
        parent = parent.cpu_parent
    return OUTSIDE if parent is None else str(parent.name[len(RANGE) :])


def _shapes(event: Any) -> str:
    return " ".join("x".join(map(str, shape)) for shape in (event.input_shapes or []) if shape)
