"""What a model does with each picture of a latency, looked at in calls of their own: no sample pays for it."""

from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Tuple

from runner import insides
from runner.compat import NMS_ROUTES
from runner.contract import Content
from runner.errors import said
from runner.inputs import Frame, Source
from runner.insides import Place
from runner.own.answers import Check, ShownPicture, trusted

#: Counts and sizes by the name of their field.
Counts = Dict[str, int]
#: The routes of suppression by the role of their place.
ROUTES = {f"nms by {route}": route for route in NMS_ROUTES.values()}
ONE_STAGE = "the model has one stage, and no proposals"
OTHER_STEPS = "the model goes through other steps than torchvision's"


def observe(
    model: Callable[[Any], Any],
    source: Source,
    check: Check = trusted,
    call: Optional[Callable[[Any], Any]] = None,
) -> Tuple[Optional[List[Content]], Optional[str]]:
    """Return the content of each input that the source has handed out, or None and why.

    `call` is how the model is called, where another looks at the same calls.
    Raises nothing, whatever a person's own code does: what was measured by then is worth more than this.
    """
    inside = insides.of(model)
    if inside.places is None:
        return None, inside.missing_reason
    watched = inside.of("transform", "proposals", "nms", *ROUTES)
    two_stages = bool(inside.of("proposals"))
    source.restart()
    try:
        return [_content(call or model, source.next(), watched, two_stages, check) for _ in source.seen()], None
    except (Exception, SystemExit) as error:
        return None, f"the call that looked at them failed: {said(error) or type(error).__name__}"


def _content(call: Callable[[Any], Any], frame: Frame, watched: List[Place], two_stages: bool, check: Check) -> Content:
    counts: Counts = {}
    routes: List[Optional[str]] = [None]

    def note(place: Place, arguments: Tuple[Any, ...], result: Any) -> None:
        if place.role in ROUTES:
            routes.append(ROUTES[place.role])
            return
        with suppress(AttributeError, IndexError, KeyError, TypeError):  # a person's own part of that name
            counts.update(_NOTES[place.role](arguments, result))

    with insides.watched(watched, note):
        outputs = call(frame.argument)
    answers = check(outputs, [ShownPicture(frame.name, frame.height, frame.width)])
    expected = len(_COUNTED) - (0 if two_stages else 1)
    lacking = OTHER_STEPS if len(counts) < expected else None if two_stages else ONE_STAGE
    found = sum(len(answer["boxes"]) for answer in answers)
    return Content(name=frame.name, detections=found, missing_reason=lacking, nms_route=routes[-1], **counts)


def _resized(arguments: Tuple[Any, ...], result: Any) -> Counts:
    batch = result[0]
    height, width = map(int, batch.image_sizes[0])
    padded = int(batch.tensors.shape[-2]) * int(batch.tensors.shape[-1]) - height * width
    return {"resized_height": height, "resized_width": width, "padded_pixels": padded}


def _proposed(arguments: Tuple[Any, ...], result: Any) -> Counts:
    return {"proposals": len(result[0][0])}


def _suppressed(arguments: Tuple[Any, ...], result: Any) -> Counts:
    """Note a suppression; that of a second stage, which comes later, replaces that of the first."""
    return {"candidates": len(arguments[0]), "uncut": len(result)}


#: What is noted of each step, by the role of its place: (arguments, result) -> counts.
_NOTES = {"transform": _resized, "proposals": _proposed, "nms": _suppressed}
_COUNTED = ("resized_height", "resized_width", "padded_pixels", "proposals", "candidates", "uncut")
