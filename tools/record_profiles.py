r"""Records profiles of a small model as it is and with causes planted in it, into tests/data/profiles.

    python -m tools.record_profiles                    all that this machine can record, on its newest torch
    python -m tools.record_profiles NAME RUN:PART ...  of cells that were measured with --profile, each under its name

On an idle machine, some minutes. Tests judge by them how causes are named. Each has the stack beside it, as the runner
observed it while the cause was planted. The reference BLAS is planted by an image of Debian's torch, beside the plain
one (docs/commands.md):

    harness run --image cpu-debian13,cpu-debian13:TAG --model ssdlite320_mobilenet_v3_large --weights random \
        --threads 1 --iterations 10 --profile --out RUN
    python -m tools.record_profiles openblas RUN:cpu-debian13 reference-blas RUN:cpu-debian13:TAG
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest import mock

from harness.analysis.sides import side_of
from harness.catalogue import models
from harness.paths import ROOT
from runner.contract import Profile, Software, Weights
from runner.contract.serialise import to_dict

FOLDER = ROOT / "tests" / "data" / "profiles"
BUILDER = "ssdlite320_mobilenet_v3_large"
#: As many as `harness run --profile` looks at: of fewer, one that other work lengthens is in the median's interval.
ITERATIONS = 12
#: Operators that others called and that take less, in ms, tell nothing.
LEAST_MS = 0.002
DIGITS = 4
#: The slow module takes so many times its time: it is a twentieth of the whole, whose difference is to be beyond noise.
TIMES = 10
PLAIN = "plain"


class Recorded(NamedTuple):
    """A profile, and the stack that it was made on."""

    profile: Profile
    software: Software


class Cause(NamedTuple):
    """What plants a cause in a model, and the place that it makes slower, "" where it makes none."""

    plant: Callable[[Any], AbstractContextManager[object]]
    where: str = ""


class Pictures:
    """One picture of noise, again and again."""

    def __init__(self) -> None:
        import torch

        torch.manual_seed(0)
        self.argument = [torch.rand(3, 320, 320)]

    def next(self) -> "Pictures":
        """Return the next picture."""
        return self

    def restart(self) -> None:
        """Begin again."""


@contextmanager
def slow_module(model: Any) -> Iterator[None]:
    """Have the head that finds boxes take so many times its time, and be busy all of it."""
    head = model.head.regression_head
    forward = head.forward

    def slowly(*arguments: Any) -> Any:
        begin = time.perf_counter()
        result = forward(*arguments)
        until = begin + TIMES * (time.perf_counter() - begin)
        while time.perf_counter() < until:
            pass
        return result

    with mock.patch.object(head, "forward", slowly):
        yield


@contextmanager
def without_onednn(model: Any) -> Iterator[None]:
    """Have torch compute without oneDNN."""
    import torch

    torch.backends.mkldnn.enabled = False
    yield
    torch.backends.mkldnn.enabled = True


@contextmanager
def two_threads(model: Any) -> Iterator[None]:
    """Have torch compute with two threads that share one CPU: each waits, spinning, for the other's turn."""
    import torch

    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)
    os.sched_setaffinity(0, cpus)


@contextmanager
def more_candidates(model: Any) -> Iterator[None]:
    """Have the suppression, with a lower threshold, judge ten times the boxes, or more."""
    with mock.patch.multiple(model, score_thresh=0.0, nms_thresh=0.3, topk_candidates=1000):
        yield


@contextmanager
def larger(model: Any) -> Iterator[None]:
    """Have pictures resized to twice the side."""
    with mock.patch.multiple(model.transform, fixed_size=(640, 640)):
        yield


CAUSES: dict[str, Cause] = {
    "again": Cause(nullcontext),
    PLAIN: Cause(nullcontext),
    "slow-module": Cause(slow_module, "head.regression_head"),
    "onednn-off": Cause(without_onednn, "backbone.features"),
    "more-candidates": Cause(more_candidates, "batched_nms"),
    "larger": Cause(larger, "backbone.features"),
    "two-threads": Cause(two_threads, "backbone.features"),  # the last: its second thread keeps its one CPU
}


def recorded(name: str, model: Any) -> Recorded:
    """Return the profile of the model with a cause planted in it, and the stack with it."""
    import torch

    from runner import profiled, software

    with CAUSES[name].plant(model), torch.no_grad(), TemporaryDirectory() as folder:
        profile, reason = profiled.observe(model, Pictures(), torch.device("cpu"), ITERATIONS, Path(folder))  # type: ignore[arg-type]
        stack = software.observe()
    if profile is None or profile.missing_reason:
        raise RuntimeError(f"{name}: {reason or (profile and profile.missing_reason)}")
    return Recorded(profile, stack)


def model_of_one_thread() -> Any:
    """Return the model that causes are planted in; torch computes with one thread from now on."""
    import torch

    from runner import models as builders

    torch.set_num_threads(1)
    model, _ = builders.load(models()[BUILDER].spec(Weights(kind="random", seed=0)), None)
    return model


def write(name: str, of: Recorded) -> Path:
    """Write a profile, without the operators that tell nothing, and the stack beside it; return the file."""
    FOLDER.mkdir(exist_ok=True)
    kept = [each for each in of.profile.operators if each.wall_ms >= LEAST_MS or each.outer_calls]
    profile = replace(of.profile, operators=kept, trace_missing_reason=None)
    data = _rounded({"profile": to_dict(profile), "software": to_dict(replace(of.software, packages={}))})
    path = FOLDER / f"{name}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(data, separators=(",", ":")).encode(), mtime=0))
    return path


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_rounded(each) for each in data]
    return round(data, DIGITS) if isinstance(data, float) else data


def of_run(part: str) -> Recorded:
    """Return the first profile of a part of a run, and its stack. Raises StopIteration where it has none."""
    side = side_of(part)
    results = (cell.result for cell in side.folder.cells() if side.has(cell))
    return next(
        Recorded(each.latency.profile, each.software)
        for each in results
        if each and each.latency and each.latency.profile and each.software
    )


def main(arguments: list[str]) -> None:
    """Record what the arguments name."""
    for name, part in zip(arguments[::2], arguments[1::2], strict=True):
        print(write(name, of_run(part)))
    if not arguments:
        model = model_of_one_thread()
        recorded(PLAIN, model)  # until it is warm
        for name in CAUSES:
            print(write(name, recorded(name, model)))


if __name__ == "__main__":
    main(sys.argv[1:])
