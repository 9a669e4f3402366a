"""The one place that knows which torchvision is installed.

Works unchanged with torchvision 0.10 (torch 1.9, Python 3.9) and with
torchvision 0.14 and newer (checked with 0.29).  Nothing here downloads.
"""

import importlib
import inspect
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from unittest import mock

import torch
import torchvision.io
from torch import nn
from torchvision.models.detection import transform
from torchvision.ops.misc import FrozenBatchNorm2d

from runner.contract import ResizeRule, Thresholds
from runner.errors import said
from runner.names import canonical_name

Shapes = Mapping[str, Tuple[int, ...]]
State = Dict[str, torch.Tensor]

_DETECTION = "torchvision.models.detection"


def shapes_of(model: nn.Module) -> Dict[str, Tuple[int, ...]]:
    """Return the shape of every state entry of ``model`` by canonical name."""
    return {canonical_name(name): tuple(value.shape) for name, value in model.state_dict().items()}


def has(builder: str) -> bool:
    """Tell whether this torchvision has the builder."""
    return hasattr(importlib.import_module(_DETECTION), builder)


def build(builder: str, num_classes: int, load_state: Callable[[Shapes], State]) -> nn.Module:
    """Build the pretrained graph of ``builder`` in eval mode with own weights.

    ``builder`` is a function of torchvision.models.detection and
    ``num_classes`` counts the background.  ``load_state`` gets the shapes by
    canonical name and returns the state under canonical names; a reader of
    checkpoints can ignore its argument.

    The graph differs from the untrained one (frozen batch norms with eps 0,
    SSDlite's tail), so the builder is asked for its published weights; only
    its two steps "download" and "load" are taken out.  The state is then
    loaded strictly, through torchvision's own hooks for old checkpoints.

    Raises RuntimeError if the builder no longer takes exactly these two
    steps, or (from torch) if names or shapes of the state do not fit.
    """
    with ExitStack() as stack:
        download, arguments = _pretrained(builder, num_classes, stack)
        load = stack.enter_context(mock.patch.object(nn.Module, "load_state_dict"))
        function = getattr(importlib.import_module(_DETECTION), builder)
        model = function(progress=False, **arguments)
    if (download.call_count, load.call_count) != (1, 1):
        raise RuntimeError(f"{builder} does not load weights in one step")
    model.load_state_dict(load_state(shapes_of(model)))
    return model.eval()


def _pretrained(builder: str, num_classes: int, stack: ExitStack) -> Tuple[mock.Mock, Dict[str, Any]]:
    """Stop the download while ``stack`` is open; return (its mock, arguments).

    The arguments are those with which ``builder`` makes its pretrained graph
    for ``num_classes`` classes.
    """
    function = getattr(importlib.import_module(_DETECTION), builder)
    if "weights" not in inspect.signature(function).parameters:  # before 0.13
        module = importlib.import_module(function.__module__)
        target = mock.patch.object(module, "load_state_dict_from_url")
        return stack.enter_context(target), {
            "pretrained": True,
            "num_classes": num_classes,
        }
    from torchvision.models import _api  # absent before 0.13

    weights = _coco_weights(builder)
    # The builder takes the number of classes from the published weights.
    classes = {"categories": [str(number) for number in range(num_classes)]}
    stack.enter_context(mock.patch.dict(weights.meta, classes))
    target = mock.patch.object(_api.WeightsEnum, "get_state_dict")
    return stack.enter_context(target), {"weights": weights}


def _coco_weights(builder: str) -> Any:
    """Return the COCO_V1 entry of the weights enum of ``builder`` (0.13 on)."""
    from torchvision.models import get_model_weights  # absent before 0.14

    return get_model_weights(builder).COCO_V1


def norms_without_eps(model: nn.Module) -> List[nn.Module]:
    """Return the frozen batch norms of a pretrained graph that compute with epsilon 0.

    torchvision's overwrite_eps sets it in fasterrcnn_resnet50_fpn, maskrcnn_resnet50_fpn, keypointrcnn_resnet50_fpn
    and retinanet_resnet50_fpn, and in no other catalogued model (0.10 and 0.29 alike): their COCO checkpoints are
    older than the epsilon of its frozen batch norms.
    """
    return [module for module in model.modules() if isinstance(module, FrozenBatchNorm2d) and module.eps == 0]


#: torch.load(weights_only=True) came with torch 1.13.
HAS_WEIGHTS_ONLY = "weights_only" in inspect.signature(torch.load).parameters


def load_checkpoint(path: Path) -> Any:
    """Read a .pth file to the CPU; without running its code wherever torch can do so."""
    safely = {"weights_only": True} if HAS_WEIGHTS_ONLY else {}
    with path.open("rb") as stream:  # not by its name, whose end the newest torch goes by
        return torch.load(stream, map_location="cpu", **safely)


def set_thresholds(model: Any, thresholds: Thresholds) -> None:
    """Set what decides which boxes the model returns. Raises AttributeError where it keeps that under another name."""
    two_stage = hasattr(model, "roi_heads")
    head = model.roi_heads if two_stage else model
    _replace(head, "score_thresh", thresholds.score)
    _replace(head, "nms_thresh", thresholds.nms_iou)
    _replace(head, "detections_per_img", thresholds.detections)
    if two_stage:
        _replace(model.rpn, "score_thresh", thresholds.rpn_score)
        _replace(model.rpn, "_pre_nms_top_n", {"testing": thresholds.rpn_pre_nms_top_n})
        _replace(model.rpn, "_post_nms_top_n", {"testing": thresholds.rpn_post_nms_top_n})
    else:
        _replace(model, "topk_candidates", thresholds.topk_candidates)


def _replace(module: Any, name: str, value: Any) -> None:
    getattr(module, name)  # a module takes any new attribute in silence
    setattr(module, name, value)


def set_matmul_precision(precision: str) -> None:
    """Set how exactly float32 matrices are multiplied: highest, high, or medium, which before torch 1.12 is high."""
    if hasattr(torch, "set_float32_matmul_precision"):
        torch.set_float32_matmul_precision(precision)
    else:
        torch.backends.cuda.matmul.allow_tf32 = precision != "highest"


def matmul_precision() -> str:
    """Return how exactly float32 matrices are multiplied now."""
    if hasattr(torch, "get_float32_matmul_precision"):
        return str(torch.get_float32_matmul_precision())
    return "high" if torch.backends.cuda.matmul.allow_tf32 else "highest"


def cudnn_version() -> Optional[int]:
    """Return the number of cuDNN's version, None in a build without it.

    Not by torch.backends.cudnn.version(): in newer torch it starts CUDA, and raises where one of the machine's GPUs is
    older than this cuDNN supports, whatever computes.
    """
    cudnn = getattr(torch._C, "_cudnn", None)
    return None if cudnn is None else int(cudnn.getVersionInt())


def compiled_architectures() -> List[str]:
    """Return the CUDA architectures of this build, also where no GPU is present (get_arch_list is empty there)."""
    flags = torch._C._cuda_getArchFlags() if torch.version.cuda else None
    return flags.split() if flags else []


#: decode_image learned EXIF with torchvision 0.20. Before, it knew JPEG and PNG alone, filled some subsampled channels
#: in a simpler way than the other readers, mixed up the lines of interlaced PNGs, and wrote beyond its memory for PNGs
#: of 16 bits (all seen with 0.10).
HAS_RENEWED_DECODERS = "apply_exif_orientation" in inspect.signature(torchvision.io.decode_image).parameters
#: The private functions of torchvision.ops.boxes, in 0.10 as in the newest, one of which batched_nms takes to keep the
#: classes apart, and what they are called here.
NMS_ROUTES = {"_batched_nms_coordinate_trick": "coordinate trick", "_batched_nms_vanilla": "vanilla"}


def sums_memory() -> bool:
    """Tell whether torch.profiler sums up what operators allocate in time that grows with their number (torch 1.10).

    torch 1.9 looks through every record of memory for every operator, for many minutes.
    """
    return hasattr(getattr(torch.autograd, "profiler_util", None), "MemRecordsAcc")


def flop_counter() -> Any:
    """Return a context that counts the floating-point operations within it, None before torch 2.1, which brought it."""
    try:
        from torch.utils.flop_counter import FlopCounterMode
    except ImportError:
        return None
    return FlopCounterMode(display=False)


def own_resize_rule() -> ResizeRule:
    """Return how this torchvision computes the scale of a picture: in float32 (0.10), or in Python's floats (0.29).

    Asked of a picture that becomes a row smaller by the first, where 7 / 5 is 7 times the nearest number to 1 / 5.
    """
    tiny, _ = transform._resize_image_and_masks(torch.zeros(1, 5, 5), 7.0, 7.0)
    return "float64" if tiny.shape[-1] == 7 else "float32"


#: What errors of memory say: torch's allocators, CUDA where it makes its context, cuBLAS and cuDNN.
_NO_MEMORY = (
    "CUDA out of memory",
    "can't allocate memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether the error means that memory ran out, on the GPU or the host."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, getattr(torch.cuda, "OutOfMemoryError", ())):  # torch 1.13
        return True
    text = said(error)  # before, on the CPU, and where CUDA itself allocates, only the text tells
    return isinstance(error, RuntimeError) and any(words in text for words in _NO_MEMORY)
