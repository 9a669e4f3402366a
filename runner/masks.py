"""Masks as COCO stores them. pycocotools encodes them, and nothing else of the runner needs it."""

from typing import Any, List

import numpy
import torch
from torch import nn

from runner.errors import JobError

#: From this probability on a pixel belongs to the object, as in torchvision's reference evaluation.
THRESHOLD = 0.5


#: What the names of a mask head's tensors begin with, in every torchvision.
HEAD = "roi_heads.mask_predictor."


def require_encoder(model: nn.Module, environment: str) -> None:
    """Raise JobError where the model makes masks and pycocotools can't be imported.

    Asked before a pass, which would end at its first picture.
    """
    if any(name.startswith(HEAD) for name in model.state_dict()):
        require_pycocotools(environment)


def require_pycocotools(environment: str) -> None:
    """Raise JobError where pycocotools can't be imported. The environment decides what helps."""
    try:
        from pycocotools import mask  # noqa: F401
    except (ImportError, ValueError) as error:  # ValueError: compiled for another NumPy
        reason = " ".join(str(error).split())
        remedy = "install it into the Python that runs the runner: pip install pycocotools"
        if environment != "local":
            remedy = f"build the image again: harness images build {environment}"
        raise JobError(f"pycocotools encodes masks, and can't be imported here ({reason})", remedy) from error


def encode(probabilities: torch.Tensor) -> List[bytes]:
    """Return the compressed run-length counts of each mask of an (n, 1, H, W) tensor of probabilities."""
    from pycocotools import mask

    inside = (probabilities[:, 0] > THRESHOLD).to("cpu", torch.uint8).permute(1, 2, 0).numpy()
    encoded: Any = mask.encode(numpy.asfortranarray(inside)) if inside.size else []
    return [rle["counts"] for rle in encoded]
