"""What may make sides differ: how each cause is taken away, and when there is reason to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.contract import Result

ONE_THREAD = "one thread"


@dataclass(frozen=True)
class Cause:
    """What may make sides differ: the knobs that take it away, and the circumstances by whose difference it is tried.

    `there` tells of two results, one a side, whether there is anything to take away; `nothing` says that there is not.
    """

    what: str
    knobs: Mapping[str, Any]
    circumstances: frozenset[str]
    there: Callable[[Result, Result], bool]
    nothing: str


def _either(has: Callable[[Result], bool]) -> Callable[[Result, Result], bool]:
    return lambda a, b: has(a) or has(b)


def _has_threads(result: Result) -> bool:
    return result.job.device == "cpu" and bool(result.software and result.software.threads > 1)


def _has_own_threads(result: Result) -> bool:
    libraries = result.software.shared_libraries if result.software else []
    used = [each for each in libraries if not each.is_bundled]
    return result.job.device == "cpu" and any((each.threads or 1) > 1 for each in used)


def _has_onednn(result: Result) -> bool:
    return result.job.device == "cpu" and bool(result.software and result.software.numerics.get("onednn") == "True")


def _routes_differ(a: Result, b: Result) -> bool:
    return _seen(a, "nms_route") != _seen(b, "nms_route")


def _sizes_differ(a: Result, b: Result) -> bool:
    return any(_seen(a, name) != _seen(b, name) for name in ("resized_height", "resized_width"))


def _seen(result: Result, name: str) -> dict[str, object]:
    """Return what was seen of each picture, by its name."""
    contents = (result.latency.contents if result.latency else None) or []
    return {each.name: getattr(each, name) for each in contents}


CAUSES = (
    Cause(
        ONE_THREAD,
        {"threads": 1},
        frozenset({"threads", "BLAS", "OpenMP runtimes", "CPU quota", "other load", "torch", "processor"}),
        _either(_has_threads),
        "neither side computes with several threads of a CPU",
    ),
    Cause(
        "BLAS on one thread alone",
        {"blas_threads": 1},
        frozenset({"BLAS"}),
        _either(_has_own_threads),
        "neither side's BLAS has threads of its own, beside torch's",
    ),
    Cause(
        "oneDNN off",
        {"onednn": "off"},
        frozenset({"oneDNN", "instruction set"}),
        _either(_has_onednn),
        "neither side computes with oneDNN",
    ),
    Cause(
        "NMS by one route",
        {"nms_route": "vanilla"},
        frozenset({"NMS route"}),
        _routes_differ,
        "both sides take one route",
    ),
    Cause(
        "one resize rule",
        {"resize_rule": "float64"},
        frozenset({"resized sizes"}),
        _sizes_differ,
        "both sides resize pictures alike",
    ),
)
