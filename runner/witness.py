"""What a model does with each picture between its input and its detections, watched without touching it.

Two hooks and a note at each non-maximum suppression; none of them waits for the device.
"""

import importlib
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Callable, List, Optional, Tuple, Type
from unittest import mock

from torch import nn

from runner.compat import NMS_ROUTES
from runner.contract.rows import Seen


class Witness:
    """Watches a model while the context is open; what it is no torchvision model of is not seen."""

    def __init__(self, model: Any):
        self._model = model
        self._stack = ExitStack()
        self._sizes: List[Tuple[int, int]] = []
        self._proposals: List[int] = []
        self._suppressions: List[Tuple[str, int]] = []

    def __enter__(self) -> "Witness":
        if isinstance(self._model, nn.Module):
            self._hook("transform", lambda output: self._sizes.extend(output[0].image_sizes))
            self._hook("rpn", lambda output: self._proposals.extend(len(boxes) for boxes in output[0]))
            self._watch_suppression()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stack.close()

    def _hook(self, part: str, note: Callable[[Any], None]) -> None:
        module = getattr(self._model, part, None)
        if isinstance(module, nn.Module):
            hook = module.register_forward_hook(lambda module, inputs, output: _tolerant(note, output))
            self._stack.callback(hook.remove)

    def _watch_suppression(self) -> None:
        boxes = importlib.import_module("torchvision.ops.boxes")
        for name, route in NMS_ROUTES.items():
            work = getattr(boxes, name, None)
            if work is not None:
                self._stack.enter_context(mock.patch.object(boxes, name, self._noting(work, route)))

    def _noting(self, work: Callable[..., Any], route: str) -> Callable[..., Any]:
        def noted(boxes: Any, *others: Any) -> Any:
            self._suppressions.append((route, len(boxes)))
            return work(boxes, *others)

        return noted

    def take(self, n: int) -> List[Seen]:
        """Return what was seen of each of the n pictures of the call just made, and forget it.

        Two-stage models suppress once a picture among the proposals, then once a picture among the detections; what
        is not so many times there can't be told apart, and is None.
        """
        two_stage = len(self._proposals) == n
        sizes = self._sizes if len(self._sizes) == n else [(None, None)] * n
        proposals = self._proposals if two_stage else [None] * n
        each = self._suppressions if len(self._suppressions) == n * (1 + two_stage) else [(None, None)] * n
        firsts = [(count, way) for way, count in each[:n]] if len(each) == 2 * n else [(None, None)] * n
        seen = [
            Seen(*size, proposed, candidates, route, *first)
            for size, proposed, (route, candidates), first in zip(sizes, proposals, each[-n:], firsts)
        ]
        self._sizes, self._proposals, self._suppressions = [], [], []
        return seen


def _tolerant(note: Callable[[Any], None], output: Any) -> None:
    """Note what a part made, unless it is another part of the same name, as a person's own detector may have."""
    with suppress(AttributeError, IndexError, KeyError, TypeError):
        note(output)
