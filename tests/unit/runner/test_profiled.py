import gzip
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from runner import profiled, traced
from runner.contract import Operator, Profile
from runner.contract.profile import TRACE
from runner.profiled import summed
from tests.unit.runner.detectors import Answers, TwoStages
from tests.unit.runner.test_staged import CPU, SLOW_MS, Pictures, Tired, slow

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cell")


@pytest.fixture(scope="module")
def known(folder: Path) -> Profile:
    (folder / TRACE).write_text("of an earlier process")
    profile, reason = profiled.observe(slow(TwoStages(), "rpn.forward"), Pictures(), CPU, 2, folder)
    assert profile is not None and reason is None
    return profile


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Have no file grow beyond so many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_slow_module_has_the_time_itself_and_what_calls_it_has_not(known: Profile) -> None:
    took = {each.path: min(each.wall_ms) for each in known.modules}
    assert [path for path, ms in took.items() if ms >= SLOW_MS] == ["rpn"]
    assert {"model", "transform", "transform.resize", "backbone", "rpn.filter_proposals", "roi_heads"} < set(took)
    assert {each.path: each.calls for each in known.modules}["ops.boxes.batched_nms"] == 2
    assert len(known.wall_ms) == 2 and max(known.cpu_ms) < SLOW_MS


def test_operators_are_of_the_module_that_ran_them(known: Profile) -> None:
    suppressions = [each for each in known.operators if each.name == "torchvision::nms"]
    assert known.missing_reason is None and suppressions
    assert {each.module for each in suppressions} == {"ops.boxes.batched_nms"}
    assert sum(each.calls for each in suppressions) == 2
    assert any(each.shapes.startswith("12x4") for each in suppressions)


def test_the_profiler_s_own_trace_lies_beside_the_result_and_says_not_where(known: Profile, folder: Path) -> None:
    assert known.trace_missing_reason is None and [path.name for path in folder.iterdir()] == [TRACE]
    trace = json.loads(gzip.decompress((folder / TRACE).read_bytes()))
    names = {event.get("name") for event in trace["traceEvents"]}
    assert {"torchvision::nms", "module rpn", "module ops.boxes.batched_nms"} <= names
    assert str(folder) not in json.dumps(trace)


@pytest.mark.parametrize("size", [0, 4096])
def test_a_full_disk_under_a_trace_costs_the_trace_alone(size: int, tmp_path: Path) -> None:
    with files_of_at_most(size):
        profile, reason = profiled.observe(TwoStages(), Pictures(), CPU, 1, tmp_path)
    assert reason is None and profile is not None and profile.operators and profile.missing_reason is None
    assert profile.trace_missing_reason is not None
    assert profile.trace_missing_reason.startswith(("the trace was not written as a whole", "the trace can't be"))
    assert list(tmp_path.iterdir()) == []


def test_a_trace_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "LARGEST", 5 << 20)
    profiler = SimpleNamespace(export_chrome_trace=lambda path: Path(path).write_bytes(b" " * (6 << 20)))
    assert traced.write(profiler, tmp_path) == "the trace has 6 MB, and at most 5 are kept"
    assert list(tmp_path.iterdir()) == []


def test_a_stack_without_a_profiler_has_its_modules_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(torch, "profiler")
    profile, _ = profiled.observe(TwoStages(), Pictures(), CPU, 1, tmp_path)
    assert profile is not None and profile.operators == [] and profile.modules
    assert profile.missing_reason == f"torch {torch.__version__} has no torch.profiler"
    assert profile.trace_missing_reason == profile.missing_reason


def test_a_function_is_one_module_and_what_fails_has_its_reason(tmp_path: Path) -> None:
    def detect(images: Any) -> Answers:
        return []

    profile, _ = profiled.observe(detect, Pictures(), CPU, 1, tmp_path)
    assert profile is not None and [each.path for each in profile.modules] == ["model"]
    tired = profiled.observe(Tired(), Pictures(), CPU, 1, tmp_path)
    assert tired == (None, "the pass that profiled failed: no more calls")


class Sealed(torch.nn.Module):  # type: ignore[misc]
    """Lets nothing stand in for its forward, as what torch.jit.trace makes."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "forward":
            raise AttributeError("it is sealed")
        super().__setattr__(name, value)

    def forward(self, features: Any) -> Any:
        return features


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_modules_that_nothing_can_stand_in_for_are_named_and_cost_the_others_nothing(tmp_path: Path) -> None:
    model = TwoStages()
    model.sealed, model.traced = Sealed(), torch.jit.trace(torch.nn.ReLU(), torch.zeros(1))
    profile, reason = profiled.observe(model, Pictures(), CPU, 1, tmp_path)
    assert profile is not None and reason is None and profile.operators and profile.missing_reason is None
    assert profile.modules_missing_reason == profiled.UNSEEN.format("sealed, traced")
    assert "rpn" in {each.path for each in profile.modules}
    assert model.sealed(1) == 1 and model.traced(torch.ones(1)) == 1


def event(name: str, us: float, parent: Any = None, **more: Any) -> Any:
    plain = {"self_cpu_memory_usage": 0, "input_shapes": [], "kernels": []}
    return SimpleNamespace(name=name, self_cpu_time_total=us, cpu_parent=parent, **{**plain, **more})


def test_events_are_summed_by_module_name_and_shapes() -> None:
    module = event("module backbone", 1)
    outer = event("aten::conv2d", 10, module, input_shapes=[[1, 3, 8, 8], []])
    inner = event("aten::mkldnn_convolution", 3000, outer, self_cpu_memory_usage=64)
    kernel = SimpleNamespace(name="gemm", duration=500)
    device = event("aten::mm", 100, None, kernels=[kernel, kernel])
    assert summed([module, outer, inner, inner, device, event("[memory]", 9)], 2) == [
        Operator("backbone", "aten::mkldnn_convolution", "", 1, 3.0, 64, outer_calls=0),
        Operator("model", "aten::mm", "", 0.5, 0.05, 0, ["gemm"], 0.5, 0.5),
        Operator("backbone", "aten::conv2d", "1x3x8x8", 0.5, 0.005, 0, outer_calls=0.5),
    ]
