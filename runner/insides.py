"""The places inside torchvision's detectors, by what they do, and how to stand between one and whoever calls it.

A place is a module, a method or a function of torchvision. All have had one name from torchvision 0.10 to 0.29: were
one to move, runner.compat would say where. While none is wrapped, nothing of this is in a model's way.
"""

import importlib
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple
from unittest import mock

from torch import nn

from runner.compat import NMS_ROUTES


class Place(NamedTuple):
    """One place: what it does there, its path from the model (from torchvision for functions), and what holds it.

    Several may have one role: RoI heads pool, compute features and predict. `owner.name` is what is called.
    """

    role: str
    path: str
    owner: Any
    name: str


class Insides(NamedTuple):
    """The places of a model in the order of the first call, None where it has none, and why."""

    places: Optional[List[Place]]
    missing_reason: Optional[str] = None

    def of(self, *roles: str) -> List[Place]:
        """Return the places with one of the roles; without places none."""
        return [place for place in self.places or [] if place.role in roles]


#: What stands in for a place: (place, its own work) -> a callable that takes the same arguments.
Wrap = Callable[[Place, Callable[..., Any]], Callable[..., Any]]
#: Told of a call after it: the place, its positional arguments and its result.
Note = Callable[[Place, Tuple[Any, ...], Any], None]

#: Roles and paths from the model; what a model lacks is left out, as the pyramid in SSD's backbone.
_BEFORE = (
    ("transform", "transform"),
    ("normalise", "transform.normalize"),
    ("resize", "transform.resize"),
    ("batch", "transform.batch_images"),
    ("backbone", "backbone"),
    ("body", "backbone.body"),
    ("fpn", "backbone.fpn"),
)
_DENSE = (
    ("head", "head"),
    ("anchors", "anchor_generator"),
    ("detections", "postprocess_detections"),
)
_TWO_STAGES = (
    ("rpn", "rpn"),
    ("rpn head", "rpn.head"),
    ("anchors", "rpn.anchor_generator"),
    ("proposals", "rpn.filter_proposals"),
    ("roi heads", "roi_heads"),
    ("box", "roi_heads.box_roi_pool"),
    ("box", "roi_heads.box_head"),
    ("box", "roi_heads.box_predictor"),
    ("detections", "roi_heads.postprocess_detections"),
    ("mask", "roi_heads.mask_roi_pool"),
    ("mask", "roi_heads.mask_head"),
    ("mask", "roi_heads.mask_predictor"),
    ("keypoint", "roi_heads.keypoint_roi_pool"),
    ("keypoint", "roi_heads.keypoint_head"),
    ("keypoint", "roi_heads.keypoint_predictor"),
)
_AFTER = (("postprocess", "transform.postprocess"),)
#: Functions that every model of this process shares: batched_nms takes one of the two routes, and that calls nms.
_FUNCTIONS = (
    ("mask", "models.detection.roi_heads.maskrcnn_inference"),
    ("keypoint", "models.detection.roi_heads.keypointrcnn_inference"),
    ("nms", "ops.boxes.batched_nms"),
    *((f"nms by {route}", f"ops.boxes.{name}") for name, route in NMS_ROUTES.items()),
    ("paste", "models.detection.transform.paste_masks_in_image"),
)
#: Without one of these a model is none of torchvision's, nor built as they are.
_NEEDED = {"transform", "backbone", "detections", "postprocess"}


def of(model: Any) -> Insides:
    """Return the places of a detector: torchvision's own, or a person's that is built as they are."""
    places = _own(model)
    second = "proposals" if _has_two_stages(model) else "head"
    missing = sorted((_NEEDED | {second}) - {place.role for place in places})
    if missing:
        return Insides(None, f"it is not built as torchvision's detectors are: it has no {missing[0]} of their kind")
    return Insides(places + _shared())


def parts(model: Any, *roles: str) -> List[Place]:
    """Return the modules with one of the roles that a model has, however else it is built, and such shared functions.

    What is at a place may be another part of that name, which takes and returns other things.
    """
    modules = [place for place in _own(model) if isinstance(place.owner, nn.Module) and place.name == "forward"]
    return [place for place in modules + _shared() if place.role in roles]


@contextmanager
def wrapped(places: Iterable[Place], wrap: Wrap) -> Iterator[None]:
    """Have `wrap(place, work)` called in each place's stead while the context is open, and nothing left behind it.

    Contexts may be nested; the inner one is called first.
    """
    with ExitStack() as stack:
        for place in places:
            work = getattr(place.owner, place.name)
            stack.enter_context(mock.patch.object(place.owner, place.name, wrap(place, work)))
        yield


@contextmanager
def watched(places: Iterable[Place], note: Note) -> Iterator[None]:
    """Have `note` told of every call of the places while the context is open."""

    def wrap(place: Place, work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            result = work(*arguments, **named)
            note(place, arguments, result)
            return result

        return noted

    with wrapped(places, wrap):
        yield


def _has_two_stages(model: Any) -> bool:
    return isinstance(getattr(model, "rpn", None), nn.Module)


def _own(model: Any) -> List[Place]:
    """Return what a model has of the places that are not shared."""
    paths = (*_BEFORE, *(_TWO_STAGES if _has_two_stages(model) else _DENSE), *_AFTER)
    found = [_in_model(model, role, path) for role, path in paths]
    return [place for place in found if place is not None]


def _in_model(model: Any, role: str, path: str) -> Optional[Place]:
    """Return the place at the path from the model, None where nothing is there that can be called."""
    owner: Any = None
    found = model
    for name in path.split("."):
        owner, found = found, getattr(found, name, None)
    if isinstance(found, nn.Module):
        return Place(role, path, found, "forward")
    return Place(role, path, owner, name) if callable(found) else None


def _shared() -> List[Place]:
    modules: Dict[str, Any] = {}
    places = []
    for role, path in _FUNCTIONS:
        where, _, name = path.rpartition(".")
        module = modules.setdefault(where, importlib.import_module(f"torchvision.{where}"))
        if hasattr(module, name):
            places.append(Place(role, path, module, name))
    return places
