"""Masks as COCO stores them."""

from typing import Any, List

import numpy
import torch

#: From this probability on a pixel belongs to the object, as in torchvision's reference evaluation.
THRESHOLD = 0.5


def encode(probabilities: torch.Tensor) -> List[bytes]:
    """Return the compressed run-length counts of each mask of an (n, 1, H, W) tensor of probabilities."""
    from pycocotools import mask

    inside = (probabilities[:, 0] > THRESHOLD).to("cpu", torch.uint8).permute(1, 2, 0).numpy()
    encoded: Any = mask.encode(numpy.asfortranarray(inside)) if inside.size else []
    return [rle["counts"] for rle in encoded]
