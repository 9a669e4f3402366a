"""What a model does with each picture between its input and its detections, watched without touching it.

Nothing of it waits for the device.
"""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

import torch

from runner import insides
from runner.compat import NMS_ROUTES
from runner.contract.rows import Seen
from runner.insides import Place

#: Channels are averaged over every so many rows and columns: enough to tell one from another.
GRID = 16


@dataclass
class _Call:
    """What was noted of one call of the model, each list in the order of its pictures."""

    sizes: List[Tuple[int, int]] = field(default_factory=list)
    means: List[torch.Tensor] = field(default_factory=list)
    dtypes: List[str] = field(default_factory=list)
    proposals: List[int] = field(default_factory=list)
    suppressions: List[Tuple[str, int]] = field(default_factory=list)


class Witness:
    """Watches a model while the context is open, as far as it has parts of the names of torchvision's."""

    def __init__(self, model: Any):
        self._model = model
        self._stack = ExitStack()
        self._call = _Call()

    def __enter__(self) -> "Witness":
        self._stack.enter_context(insides.watched(insides.parts(self._model, *_NOTES), self._note))
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stack.close()

    def _note(self, place: Place, arguments: Tuple[Any, ...], result: Any) -> None:
        with suppress(AttributeError, IndexError, KeyError, TypeError):  # a person's own part of that name
            _NOTES[place.role](self._call, arguments, result)

    def take(self, n: int) -> List[Seen]:
        """Return what was seen of each of the n pictures of the call just made, and forget it.

        Two-stage models suppress once a picture among the proposals, then once a picture among the detections; what
        is not so many times there can't be told apart, and is None.
        """
        call, self._call = self._call, _Call()
        two_stage = len(call.proposals) == n
        sizes = call.sizes if len(call.sizes) == n else [(None, None)] * n
        proposals = call.proposals if two_stage else [None] * n
        each = call.suppressions if len(call.suppressions) == n * (1 + two_stage) else [(None, None)] * n
        firsts = [(count, way) for way, count in each[:n]] if len(each) == 2 * n else [(None, None)] * n
        precision = call.dtypes[-1] if call.dtypes else None
        means = [(255 * mean).tolist() for mean in call.means] if len(call.means) == n else [None] * n
        return [
            Seen(*size, proposed, candidates, route, *first, precision, mean and tuple(mean))
            for size, proposed, (route, candidates), first, mean in zip(sizes, proposals, each[-n:], firsts, means)
        ]


def _pictures(call: _Call, arguments: Tuple[Any, ...], result: Any) -> None:
    call.sizes.extend(result[0].image_sizes)
    call.means.extend(image[:, ::GRID, ::GRID].mean(dim=(1, 2)) for image in arguments[0])


def _precision(call: _Call, arguments: Tuple[Any, ...], result: Any) -> None:
    maps = list(result.values()) if isinstance(result, dict) else [result]
    call.dtypes.append(str(maps[0].dtype).replace("torch.", ""))


def _proposed(call: _Call, arguments: Tuple[Any, ...], result: Any) -> None:
    call.proposals.extend(len(boxes) for boxes in result[0])


def _suppressed(route: str, call: _Call, arguments: Tuple[Any, ...], result: Any) -> None:
    call.suppressions.append((route, len(arguments[0])))


#: What is noted of a part after each of its calls, by its role: (call, arguments, result).
_NOTES: Dict[str, Callable[[_Call, Tuple[Any, ...], Any], None]] = {
    "transform": _pictures,
    "backbone": _precision,
    "rpn": _proposed,
    **{f"nms by {route}": partial(_suppressed, route) for route in NMS_ROUTES.values()},
}
