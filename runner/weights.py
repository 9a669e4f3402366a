"""Random weights with which detection models do a trained model's work.

Trained weights cannot always be had, and torchvision's own random start finds
either nothing or the allowed maximum.  The weights made here are a pure
function of (builder, shapes, seed): they were the same bits with every
version of Python, NumPy and torch tried, and with them every model keeps about as
many proposals and detections in a photograph as a trained one.

How: every filter sums to zero, so it measures contrast and the networks do
not drift to one constant answer for all pictures; gains keep activations
near one; and a class must stand out against a multiple of the mean feature,
so that the number of detections does not follow the contrast of a picture.
"""

import hashlib
import math
import re
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import torch

from runner.compat import Shapes, State
from runner.names import canonical_name

# A ReLU of a unit normal has variance 1/2 - 1/(2 pi); 1.71 is one over its
# root: the gain that keeps the variance through filters that sum to zero.
_RELU = 1.71
# He et al. 2015 (arXiv:1502.01852): root of 2, for filters that do not.
_HE = 1.41
# Standard deviation of a uniform 16 bit integer.
_DRAW_STD = 65536 / math.sqrt(12)

# (pattern searched in "builder:canonical name", gain), the first one counts.
# Filters that match none read the output of a ReLU and get _RELU.
_GAINS: Tuple[Tuple[str, float], ...] = (
    # SSD feeds pixel values (0 to 255, less their mean) instead of 0 to 1.
    (r"ssd300.*:backbone\.features\.0\.weight", 1 / 60),
    # MobileNetV3: far above 3, a hardswish works as a ReLU at any contrast.
    (r":backbone\.(body|features\.0)\.0\.0\.", 30.0),
    # Squeeze-and-excitation gates stay nearly open (see _GATE_BIAS).
    (r"\.fc2\.", 0.02),
    # Expansions read linear sums; projections are summed up over blocks.
    (r"mobilenet.*\.block\.0\.0\.|body\.16\.0\.|features\.(0\.13|1\.3)\.0\.", 1.0),
    (r"mobilenet.*(\.block\.[123]\.0\.|features\.1\.0\.3\.0\.)", 1.3),
    (r"ssdlite.*:backbone\.extra\.0\.0\.0\.", 1.0),
    # ResNet: the last batch norm of a block, so that the sums grow slowly.
    (r"layer\d\.\d+\.bn3\.weight", 0.5),
    # Feature pyramids: sums of several maps, brought back to order one.
    (r"fasterrcnn_mobilenet.*:backbone\.fpn\.layer_blocks", 0.8),
    (r"fpn\.layer_blocks\.\d\.weight", 0.2),
    # First layers of the heads read the linear pyramid.
    (r"rpn\.head\.conv\.weight|fc6|box_head\.0\.0\.|mask_fcn1|keypoint_head\.0\.|_head\.conv\.0\.", 1.0),
    # Box changes: a fraction of the anchor's size.
    (r"rpn\.head\.bbox_pred|bbox_reg", 0.4),
    # Class scores: several units apart, so that they differ clearly.
    (r"cls_score|classification_head\.(cls_logits|module_list\.\d+(\.1)?\.weight)", 3.4),
    # Stride 2: an output pixel of these meets a quarter of the kernel.
    (r"conv5_mask|kps_score_lowres", 2 * _RELU),
)
_TRANSPOSED = re.compile(r"conv5_mask|kps_score_lowres")
_CLASS_HEAD = re.compile(r"cls_score\.|classification_head\.(cls_logits|module_list\.\d+(\.1)?)\.(weight|bias)$")
# hardsigmoid(2) = 5/6 of a channel passes a gate.
_GATE_BIAS = 2.0
# RoI boxes grow by exp(5 / 5) (the coder divides by 5): proposals are small.
_GROWTH_BIAS = 5.0
# FCOS boxes reach two strides from their location to each side: without, half of the distances would be cut at 0.
_DISTANCE_BIAS = 2.0
# Initial value in torchvision (ssd.py), after Liu et al. 2016, section 3.1.
_SSD_SCALE = 20.0


class _Head(NamedTuple):
    """How hard it is for a class to be found; both values act on class rows.

    lean: the multiple of the mean feature against which it has to stand out,
        set by trial for 3 to 40 detections in photographs; the more
        candidates, the higher.
    evidence: the logit that it lacks then; minus the logit of the model's
        default score threshold.
    """

    lean: float
    evidence: float


_HEADS: Dict[str, _Head] = {
    "fasterrcnn_resnet50_fpn": _Head(6.8, 3.0),  # 1000 proposals, threshold 0.05
    "maskrcnn_resnet50_fpn": _Head(6.8, 3.0),
    "keypointrcnn_resnet50_fpn": _Head(3.6, 3.0),  # one class
    "fasterrcnn_mobilenet_v3_large_fpn": _Head(7.0, 3.0),
    "fasterrcnn_mobilenet_v3_large_320_fpn": _Head(5.7, 3.0),  # 150 proposals
    "retinanet_resnet50_fpn": _Head(8.0, 3.0),
    "fasterrcnn_resnet50_fpn_v2": _Head(7.7, 3.0),
    "maskrcnn_resnet50_fpn_v2": _Head(7.7, 3.0),
    "retinanet_resnet50_fpn_v2": _Head(8.0, 3.0),
    "fcos_resnet50_fpn": _Head(7.0, 2.4),  # threshold 0.2 on the root of class score by centerness
    "ssd300_vgg16": _Head(11.0, 4.6),  # threshold 0.01
    "ssdlite320_mobilenet_v3_large": _Head(10.5, 6.9),  # threshold 0.001
}


def random_state(builder: str, shapes: Shapes, seed: int = 0) -> State:
    """Return a state for the pretrained graph of ``builder``.

    ``shapes`` are those of the graph by canonical name (compat.build passes
    them).  Each tensor depends only on builder, its name, its shape and
    ``seed``.  The counts of detections are tuned for COCO's classes, two for
    the keypoint model; other numbers of classes work, with other counts.

    Raises ValueError for a builder or head that is not among _HEADS.
    """
    if builder not in _HEADS:
        raise ValueError(f"no random weights for {builder!r}")
    foreground = _foreground_period(shapes, builder)
    return {name: torch.from_numpy(_values(builder, name, shapes, seed, foreground)) for name in shapes}


def state_hash(state: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 (hex) of a state, the same for every torchvision.

    Covers canonical name, dtype, shape and bytes of each entry, in the order
    of the canonical names.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted((canonical_name(k), v) for k, v in state.items()):
        header = f"{name} {tensor.dtype} {tuple(tensor.shape)}\n"
        digest.update(header.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def class_count(state: Mapping[str, Any], builder: str) -> int:
    """Return the number of classes, with background, in a checkpoint's head.

    Only ``shape`` of the entries is used, so that a lazily read checkpoint
    does.  Raises ValueError if no head of a known model is there.
    """
    return _class_count({name: tuple(t.shape) for name, t in state.items()}, builder)


def _class_count(shapes: Shapes, builder: str) -> int:
    """Like class_count, from shapes."""
    score = "roi_heads.box_predictor.cls_score.weight"
    if score in shapes:
        return shapes[score][0]
    for layer in ("cls_logits", "module_list.0", "module_list.0.1"):
        rows = shapes.get(f"head.classification_head.{layer}.weight")
        boxes = layer.replace("cls_logits", "bbox_reg")
        coordinates = shapes.get(f"head.regression_head.{boxes}.weight")
        if rows and coordinates:  # both for every anchor, which has 4 coordinates
            return rows[0] * 4 // coordinates[0]
    first = f", which begins with {next(iter(shapes))}" if shapes else ""
    raise ValueError(f"no class head for {builder} in the state{first}")


def _foreground_period(shapes: Shapes, builder: str) -> Optional[int]:
    """Return n if each n-th class row is background, None if no row is."""
    # RetinaNet and FCOS have a sigmoid for each class and no row for the background.
    return None if builder.startswith(("retinanet", "fcos")) else _class_count(shapes, builder)


def _values(builder: str, name: str, shapes: Shapes, seed: int, period: Optional[int]) -> np.ndarray:
    """Return the array for one entry; ``period`` is of _foreground_period."""
    shape, (layer, _, leaf) = shapes[name], name.rpartition(".")
    if leaf == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    if leaf == "scale_weight":
        return np.full(shape, _SSD_SCALE, dtype=np.float32)
    if layer + ".running_var" in shapes:  # a batch norm, which only scales
        scale = _gain(builder, name, 1.0) if leaf == "weight" else 1.0
        ones = leaf in ("weight", "running_var")
        return np.full(shape, scale if ones else 0.0, dtype=np.float32)
    if leaf == "weight" and len(shape) == 1:  # a group norm, which scales what it has normalised
        return np.ones(shape, dtype=np.float32)
    if leaf == "weight":
        return _weight(builder, name, shape, seed, period)
    return _bias(builder, name, shape, period)


def _weight(builder: str, name: str, shape: Tuple[int, ...], seed: int, period: Optional[int]) -> np.ndarray:
    """Return a uniform weight (float32); each filter sums to zero.

    Only integer sums and single IEEE operations are used, in which no version
    or machine differs.
    """
    stored = (shape[1], shape[0], *shape[2:]) if _TRANSPOSED.search(name) else shape
    fan_in = int(np.prod(stored[1:]))
    draws = _draws(name, seed, stored[0] * fan_in).reshape(stored[0], fan_in)
    weight = draws.astype(np.float32)
    # Nine weights that sum to zero would only see edges (3 x 3 depthwise).
    centred = fan_in > 9
    if centred:
        mean = draws.sum(axis=1, dtype=np.int64) / fan_in
        weight -= mean.astype(np.float32)[:, None]
    gain = _gain(builder, name, _RELU) if centred else _HE
    weight *= np.float32(gain / (_DRAW_STD * math.sqrt(fan_in)))
    if _CLASS_HEAD.search(name):
        lean = np.float32(_HEADS[builder].lean * gain / fan_in)
        weight[_foreground(stored[0], period)] -= lean
    weight = weight.reshape(stored)
    # Transposed convolutions store their input channels first.
    return weight if stored == shape else np.ascontiguousarray(weight.swapaxes(0, 1))


def _bias(builder: str, name: str, shape: Tuple[int, ...], period: Optional[int]) -> np.ndarray:
    """Return a bias (float32): zero except in gates and last layers of heads."""
    bias = np.zeros(shape, dtype=np.float32)
    if _CLASS_HEAD.search(name):
        bias[_foreground(shape[0], period)] = -_HEADS[builder].evidence
    elif "box_predictor.bbox_pred" in name:
        bias.reshape(-1, 4)[:, 2:] = _GROWTH_BIAS  # (dx, dy, dw, dh) by class
    elif builder.startswith("fcos") and "bbox_reg" in name:
        bias[:] = _DISTANCE_BIAS
    elif name.endswith(".fc2.bias"):
        bias[:] = _GATE_BIAS
    return bias


def _foreground(rows: int, period: Optional[int]) -> np.ndarray:
    """Return a mask of the rows of a class head that are no background."""
    mask = np.ones(rows, dtype=bool)
    if period is not None:
        mask[::period] = False
    return mask


def _gain(builder: str, name: str, default: float) -> float:
    """Return the first gain in _GAINS for an entry, or ``default``."""
    key = f"{builder}:{name}"
    gains = (gain for pattern, gain in _GAINS if re.search(pattern, key))
    return next(gains, default)


def _draws(name: str, seed: int, count: int) -> np.ndarray:
    """Return ``count`` uniform 16 bit integers for one entry and seed.

    RandomState's streams are frozen (NumPy NEP 19); its raw bytes involve no
    function whose last bit may differ between machines.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    generator = np.random.RandomState(np.frombuffer(digest, dtype="<u4"))
    return np.frombuffer(generator.bytes(2 * count), dtype="<i2")
