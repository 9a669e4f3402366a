from typing import Any

import numpy
import pytest

pytest.importorskip("torch")

import torch
import torchvision
from torch import nn

from harness.catalogue import models
from runner import compat
from runner.contract import Thresholds

pytestmark = pytest.mark.torch


def test_the_shapes_of_a_model_are_by_canonical_name() -> None:
    rpn = nn.Module()
    rpn.head = nn.ModuleDict({"conv": nn.Sequential(nn.Sequential(nn.Conv2d(5, 4, 3)))})
    model = nn.ModuleDict({"rpn": rpn, "norm": nn.BatchNorm1d(2, affine=False)})
    assert compat.shapes_of(model) == {
        "rpn.head.conv.weight": (4, 5, 3, 3),
        "rpn.head.conv.bias": (4,),
        "norm.running_mean": (2,),
        "norm.running_var": (2,),
        "norm.num_batches_tracked": (),
    }


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.78 GiB total capacity)"),
        RuntimeError("[enforce fail at CPUAllocator.cpp:67] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=["python", "torch-1.13", "torch-1.9-gpu", "torch-1.9-cpu", "context", "cublas", "cudnn"],
)
def test_memory_that_ran_out_is_told(error: BaseException) -> None:
    assert compat.is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        ValueError("CUDA out of memory"),
        KeyError("can't allocate memory"),
        RuntimeError(),
    ],
)
def test_another_error_is_no_lack_of_memory(error: BaseException) -> None:
    assert not compat.is_out_of_memory(error)


@pytest.mark.parametrize("allocate", [torch.empty, lambda size: numpy.empty(size, dtype="uint8")])
def test_what_this_torch_and_this_numpy_raise_is_understood(allocate: Any) -> None:
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        allocate(1 << 60)
    assert compat.is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("cuda", "flags", "architectures"),
    [("10.2", "sm_60 sm_70 compute_70", ["sm_60", "sm_70", "compute_70"]), ("10.2", None, []), (None, "sm_60", [])],
)
def test_the_architectures_are_those_of_the_build(
    monkeypatch: pytest.MonkeyPatch, cuda: str | None, flags: str | None, architectures: list[str]
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch._C, "_cuda_getArchFlags", lambda: flags, raising=False)
    assert compat.compiled_architectures() == architectures


@pytest.fixture(params=models())
def untrained(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """Each catalogued builder's model without values, which takes no time and no memory."""
    with torch.device("meta"):
        return request.param, getattr(torchvision.models.detection, request.param)(weights=None, weights_backbone=None)


def thresholds_of(model: Any) -> Thresholds:
    """Read off a model what compat.set_thresholds sets."""
    if not hasattr(model, "roi_heads"):
        return Thresholds(model.score_thresh, model.nms_thresh, model.detections_per_img, model.topk_candidates)
    head, rpn = model.roi_heads, model.rpn
    limits = [each["testing"] for each in (rpn._pre_nms_top_n, rpn._post_nms_top_n)]
    return Thresholds(head.score_thresh, head.nms_thresh, head.detections_per_img, None, rpn.score_thresh, *limits)


def test_the_catalogue_s_thresholds_are_torchvision_s_defaults(untrained: tuple[str, Any]) -> None:
    builder, model = untrained
    assert thresholds_of(model) == models()[builder].thresholds


def test_thresholds_are_set(untrained: tuple[str, Any]) -> None:
    two_stage = hasattr(untrained[1], "roi_heads")
    others = Thresholds(0.4, 0.3, 7, None, 0.2, 60, 50) if two_stage else Thresholds(0.4, 0.3, 7, 60)
    compat.set_thresholds(untrained[1], others)
    assert thresholds_of(untrained[1]) == others


def test_a_model_that_keeps_its_thresholds_elsewhere_is_refused() -> None:
    with pytest.raises(AttributeError, match="score_thresh"):
        compat.set_thresholds(nn.Linear(1, 1), Thresholds(0.4, 0.3, 7, 60))
