"""What a model does with each picture between its input and its detections, watched without touching it.

Three hooks and a note at each non-maximum suppression; none of them waits for the device.
"""

import importlib
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Callable, List, Optional, Tuple, Type
from unittest import mock

import torch
from torch import nn

from runner.compat import NMS_ROUTES
from runner.contract.rows import Seen

#: Channels are averaged over every so many rows and columns: enough to tell one from another.
GRID = 16


class Witness:
    """Watches a model while the context is open; what it is no torchvision model of is not seen."""

    def __init__(self, model: Any):
        self._model = model
        self._stack = ExitStack()
        self._forget()

    def __enter__(self) -> "Witness":
        if isinstance(self._model, nn.Module):
            self._hook("transform", self._note_pictures)
            self._hook("backbone", self._note_precision)
            self._hook("rpn", lambda given, output: self._proposals.extend(len(boxes) for boxes in output[0]))
            self._watch_suppression()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stack.close()

    def _note_pictures(self, given: Any, output: Any) -> None:
        self._sizes.extend(output[0].image_sizes)
        self._means.extend(image[:, ::GRID, ::GRID].mean(dim=(1, 2)) for image in given[0])

    def _note_precision(self, given: Any, output: Any) -> None:
        maps = list(output.values()) if isinstance(output, dict) else [output]
        self._dtypes.append(str(maps[0].dtype).replace("torch.", ""))

    def _hook(self, part: str, note: Callable[[Any, Any], None]) -> None:
        module = getattr(self._model, part, None)
        if isinstance(module, nn.Module):
            hook = module.register_forward_hook(lambda module, given, output: _tolerant(note, given, output))
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
        precision = self._dtypes[-1] if self._dtypes else None
        means = [(255 * mean).tolist() for mean in self._means] if len(self._means) == n else [None] * n
        seen = [
            Seen(*size, proposed, candidates, route, *first, precision, mean and tuple(mean))
            for size, proposed, (route, candidates), first, mean in zip(sizes, proposals, each[-n:], firsts, means)
        ]
        self._forget()
        return seen

    def _forget(self) -> None:
        self._sizes: List[Tuple[int, int]] = []
        self._means: List[torch.Tensor] = []
        self._dtypes: List[str] = []
        self._proposals: List[int] = []
        self._suppressions: List[Tuple[str, int]] = []


def _tolerant(note: Callable[[Any, Any], None], given: Any, output: Any) -> None:
    """Note what a part made, unless it is another part of the same name, as a person's own detector may have."""
    with suppress(AttributeError, IndexError, KeyError, TypeError):
        note(given, output)
