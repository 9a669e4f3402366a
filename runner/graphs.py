"""Which graph a person's own weights were trained in: torchvision's COCO checkpoints differ from all others.

torchvision computes the batch norms of four pretrained models with epsilon 0 (compat.norms_without_eps), and with 1e-5
wherever it is given no checkpoint of its own. A state does not tell which one it was trained with.
"""

from typing import Any, Dict, List
from unittest import mock

import numpy as np
import torch
from torch import nn

from runner import compat
from runner.contract import ModelSpec
from runner.errors import JobError

#: What torch's batch norms add to a variance, if not told otherwise.
USUAL_EPS = 1e-5
#: Detections that differ by no more are the same: pixels, and scores in 0..1.
BOX_TOLERANCE, SCORE_TOLERANCE = 0.1, 0.001
#: The backbone's features may differ by this part of the largest: a picture of noise may show nothing to detect.
FEATURE_TOLERANCE = 1e-3
#: The trial's pictures: how many, their height and width, and the seed of their noise.
PICTURES, HEIGHT, WIDTH, SEED = 2, 320, 416, 0


def choose(model: nn.Module, spec: ModelSpec) -> None:
    """Set the epsilon that a person chose. Raises JobError where the model's graph leaves no choice."""
    eps = spec.weights.norm_eps
    if eps is None:
        return
    norms = compat.norms_without_eps(model)
    if not norms:
        raise JobError(f"{spec.builder} has one graph alone, in which --norm-eps says nothing", "leave it out")
    _set_eps(norms, eps)


def require_one(model: nn.Module, spec: ModelSpec, device: torch.device) -> None:
    """Raise JobError where a person's weights detect something else with epsilon 0 than with 1e-5, and none was chosen.

    Both are tried on pictures made here, noise of every scale: a container need not hold photographs, and a verdict
    that depended on a cell's own pictures could differ from cell to cell.
    """
    norms = compat.norms_without_eps(model)
    if spec.weights.kind != "file" or spec.weights.norm_eps is not None or not norms:
        return
    with torch.no_grad(), mock.patch.object(model.transform, "min_size", (HEIGHT,)):
        for picture in pictures():
            tried = []
            for eps in (USUAL_EPS, 0.0):  # the last one stays
                _set_eps(norms, eps)
                tried.append(_outcome(model, picture.to(device)))
            if not _same(*tried):
                raise JobError(
                    f"the weights {spec.weights.file} detect something else with batch norms of epsilon 0 "
                    "(--norm-eps 0: fine-tuned from torchvision's COCO checkpoint) than of 1e-5 "
                    "(--norm-eps 1e-5: any other training)",
                    "give the option with which they were trained",
                )


def pictures() -> List[torch.Tensor]:
    """Return the trial's pictures, (3, HEIGHT, WIDTH) float32 in 0..1: noise of every scale, as photographs have it."""
    draws = np.random.RandomState(SEED)  # a frozen stream: NumPy NEP 19
    made = []
    for _ in range(PICTURES):
        total = np.zeros((3, HEIGHT, WIDTH), dtype=np.float32)
        for size in (1, 4, 16, 32):
            noise = draws.random_sample((3, HEIGHT // size, WIDTH // size)).astype(np.float32)
            total += noise.repeat(size, axis=1).repeat(size, axis=2)[:, :HEIGHT, :WIDTH]
        made.append(torch.from_numpy(total / 4))
    return made


def _set_eps(norms: List[Any], eps: float) -> None:
    for norm in norms:
        norm.eps = eps


def _outcome(model: Any, picture: torch.Tensor) -> Dict[str, torch.Tensor]:
    """Return the detections in a picture, and the backbone's features of it, flat."""
    kept: List[torch.Tensor] = []

    def keep(module: nn.Module, given: Any, features: Dict[str, torch.Tensor]) -> None:
        kept.extend(level.flatten() for level in features.values())

    hook = model.backbone.register_forward_hook(keep)
    try:
        detections = model([picture])[0]
    finally:
        hook.remove()
    return {**detections, "features": torch.cat(kept)}


def _same(one: Dict[str, torch.Tensor], other: Dict[str, torch.Tensor]) -> bool:
    features, others = one["features"], other["features"]
    return (
        bool(torch.isfinite(features).all())
        and one["labels"].tolist() == other["labels"].tolist()
        and _near(features, others, FEATURE_TOLERANCE * float(features.abs().max()))
        and _near(one["boxes"], other["boxes"], BOX_TOLERANCE)
        and _near(one["scores"], other["scores"], SCORE_TOLERANCE)
    )


def _near(one: torch.Tensor, other: torch.Tensor, tolerance: float) -> bool:
    # NaN is near nothing, itself included.
    return bool(((one - other).abs() <= tolerance).all())
