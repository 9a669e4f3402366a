"""The rules in which versions of torchvision differ, held to one: how pictures are resized and boxes suppressed.

Nothing of this is in a model's way while no rule is chosen.
"""

import math
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, List, Optional, Tuple
from unittest import mock

import torch
from torchvision.models.detection import transform
from torchvision.ops import boxes

from runner.compat import NMS_ROUTES, own_resize_rule
from runner.contract import NmsRoute, ResizeRule, Software, Variant

_RESIZE = "_resize_image_and_masks"


@contextmanager
def held(variant: Variant, model: Any) -> Iterator[None]:
    """Have torchvision detect by the rules of the variant, if it has any, while the context is open."""
    with ExitStack() as stack:
        if variant.resize_rule:
            stack.enter_context(resizing(variant.resize_rule))
        if variant.nms_route:
            stack.enter_context(suppressing(variant.nms_route))
        yield


def remarks(variant: Variant, model: Any) -> List[str]:
    """Say which rule of the variant bears on nothing in this model."""
    if variant.resize_rule is None or resizes(model):
        return []
    return [f"--resize-rule {variant.resize_rule} changed nothing: the model does not scale pictures by such a rule"]


def unheeded(variant: Variant, software: Software) -> List[str]:
    """Say which choice of the variant the stack, as it was seen after all else, could not follow."""
    said = []
    own = [each for each in software.shared_libraries if each.threads is not None and not each.is_bundled]
    if variant.blas_threads is not None and not own:
        said.append(
            f"--blas-threads {variant.blas_threads} changed nothing: no BLAS with threads of its own was loaded"
        )
    said += [
        f"--blas-threads {variant.blas_threads} was not followed: {each.name} has {each.threads}"
        for each in own
        if variant.blas_threads not in (None, each.threads)
    ]
    if variant.onednn is not None and software.numerics.get("onednn") == "none":
        said.append(f"--onednn {variant.onednn} changed nothing: this torch is built without oneDNN")
    return said


def rule_of(variant: Variant, model: Any) -> Optional[ResizeRule]:
    """Return the rule by which the model's pictures are resized; None where it is none of torchvision's."""
    return (variant.resize_rule or own_resize_rule()) if resizes(model) else None


def resizes(model: Any) -> bool:
    """Tell whether torchvision's transform scales the model's pictures, and not all to one size."""
    own = getattr(model, "transform", None)
    return isinstance(own, transform.GeneralizedRCNNTransform) and getattr(own, "fixed_size", None) is None


@contextmanager
def resizing(rule: ResizeRule) -> Iterator[None]:
    """Have torchvision compute the scale of pictures by the rule while the context is open."""
    work = getattr(transform, _RESIZE)

    def by_rule(image: Any, least: float, most: float, target: Any = None, fixed: Any = None) -> Any:
        height, width = resized((image.shape[-2], image.shape[-1]), least, most, rule)
        return work(image, least, most, target, fixed or (width, height))

    with mock.patch.object(transform, _RESIZE, by_rule):
        yield


def resized(size: Tuple[int, int], least: float, most: float, rule: ResizeRule) -> Tuple[int, int]:
    """Return the height and width of a picture whose shorter side becomes `least`, or else its longer `most`.

    The scale is computed in float32 as by torchvision 0.10, where torch divides by multiplying with the reciprocal, or
    in Python's floats as by newer ones; interpolate rounds down.
    """
    if rule == "float64":
        scale = min(least / min(size), most / max(size))
    else:
        inverse = torch.tensor([min(size), max(size)], dtype=torch.float32).reciprocal()
        scale = float((inverse * torch.tensor([least, most], dtype=torch.float32)).min())
    return math.floor(size[0] * scale), math.floor(size[1] * scale)


@contextmanager
def suppressing(route: NmsRoute) -> Iterator[None]:
    """Have torchvision keep classes apart in one way, whatever the number of boxes, while the context is open."""
    (name,) = [name for name, said in NMS_ROUTES.items() if said.replace(" ", "-") == route]

    def by_route(*arguments: Any) -> Any:
        return getattr(boxes, name)(*arguments)

    with mock.patch.object(boxes, "batched_nms", by_route):
        yield
