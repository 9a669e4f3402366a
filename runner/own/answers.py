"""What a detector answers, checked before it is counted or kept: torchvision's detection format, and nothing else."""

import math
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import torch

from runner.contract import Task
from runner.own.blame import a, wrong

Answer = Dict[str, torch.Tensor]
RETURN = (
    "return a list with a dict of tensors for each picture: boxes (N, 4), labels (N) and scores (N) between 0 and 1; "
    "masks (N, 1, H, W) and keypoints (N, K, 3) where there are any"
)
#: COCO's similarity of keypoints is defined for so many.
KEYPOINTS = 17
#: The largest label that the file of detections holds.
LARGEST_LABEL = 2**31 - 1


class ShownPicture(NamedTuple):
    """What the detector was shown: the name of its file, its height and width."""

    name: str
    height: int
    width: int


#: What is made of a detector's answers to pictures before they are used.
Check = Callable[[Any, List[ShownPicture]], List[Answer]]


def trusted(outputs: Any, pictures: List[ShownPicture]) -> List[Answer]:
    """Return the answers as they are: torchvision's own models need no check."""
    return outputs  # type: ignore[no-any-return]


class Checked:
    """Checks the answers of a person's own detector, and remembers what they hold beside boxes.

    Called between two measurements, it raises JobError, which names the picture, at the first answer that is none.
    `on_masks` is called once, as the first masks are seen.
    """

    def __init__(self, name: str, on_masks: Callable[[], None] = lambda: None):
        self._name, self._on_masks = name, on_masks
        self._kinds: Optional[List[str]] = None
        #: How many keypoints an object has, None where there are none.
        self.keypoints: Optional[int] = None

    @property
    def makes(self) -> Optional[List[Task]]:
        """What it makes that can be scored, None where it has not answered yet."""
        if self._kinds is None:
            return None
        masks: List[Task] = ["masks"] if "masks" in self._kinds else []
        poses: List[Task] = ["keypoints"] if self.keypoints == KEYPOINTS else []
        return ["boxes", *masks, *poses]

    def remarks(self) -> List[str]:
        """Return what a reader of its scores has to know."""
        if self.keypoints in (None, KEYPOINTS):
            return []
        return [
            f"its keypoints, {self.keypoints} an object, are not scored: COCO's similarity is defined for {KEYPOINTS}"
        ]

    def __call__(self, outputs: Any, pictures: List[ShownPicture]) -> List[Answer]:
        """Return the answers, detached, of floats in float32, without what else they hold."""
        names = " and ".join(picture.name for picture in pictures[:2])
        if not isinstance(outputs, (list, tuple)):
            raise wrong(f"{self._name} returned for {names} {a(outputs)}, not a list of dicts", RETURN)
        if len(outputs) != len(pictures):
            count = f"{len(pictures)} picture{'s' if len(pictures) > 1 else ''}"
            raise wrong(f"{self._name} returned for {count} a list of {len(outputs)}", RETURN)
        return [self._answer(output, picture) for output, picture in zip(outputs, pictures)]

    def _answer(self, output: Any, picture: ShownPicture) -> Answer:
        if not isinstance(output, Mapping):
            raise self._wrong(f"{a(output)}, not a dict", picture)
        for name in ("boxes", "labels", "scores"):
            if name not in output:
                raise self._wrong(f"no {name}", picture)
        kept = {name: output[name] for name in _SHAPES if name in output}
        self._require_alike(list(kept), picture)
        for name, tensor in kept.items():
            if not isinstance(tensor, torch.Tensor):
                raise self._wrong(f"{name} that are {a(tensor)}, not a tensor", picture)
        kept = {name: tensor.detach() for name, tensor in kept.items()}
        n = len(kept["boxes"]) if kept["boxes"].dim() else 0
        for name, tensor in kept.items():
            self._require_shape(name, tensor, n, picture)
            self._require_values(name, tensor, picture)
        return {name: tensor if name == "labels" else tensor.float() for name, tensor in kept.items()}

    def _require_alike(self, kinds: List[str], picture: ShownPicture) -> None:
        """Raise JobError where the answer holds other kinds than the ones before it."""
        if self._kinds is None:
            self._kinds = kinds
            if "masks" in kinds:
                self._on_masks()
        other = sorted(set(kinds) ^ set(self._kinds))
        if other:
            state = "" if other[0] in kinds else "no "
            raise self._wrong(f"{state}{other[0]}", picture, ", unlike before")

    def _require_shape(self, name: str, tensor: torch.Tensor, n: int, picture: ShownPicture) -> None:
        sizes = {"n": n, "height": picture.height, "width": picture.width}
        wanted = [sizes.get(size, size) for size in _SHAPES[name]]
        if name == "keypoints" and tensor.dim() == 3:
            self.keypoints = self.keypoints or tensor.shape[1]
        wanted = [self.keypoints if size == "k" else size for size in wanted]
        if list(tensor.shape) != wanted:
            raise self._wrong(f"{name} of shape {_shape(tensor.shape)}, not {_shape(wanted)}", picture)

    def _require_values(self, name: str, tensor: torch.Tensor, picture: ShownPicture) -> None:
        wants_whole = name == "labels"
        is_whole = not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
        if tensor.is_complex() or is_whole != wants_whole:
            kind = "whole numbers" if wants_whole else "floating-point numbers"
            raise self._wrong(f"{name} of type {str(tensor.dtype)[len('torch.') :]}, not {kind}", picture)
        if not tensor.numel():
            return
        least, most = float(tensor.min()), float(tensor.max())  # NaN where one value is
        low, high = _RANGES.get(name, (-_FINITE, _FINITE))
        if not (low <= least and most <= high):
            raise self._wrong(f"{name} {_told(name, least, most)}", picture)

    def _wrong(self, what: str, picture: ShownPicture, more: str = "") -> Exception:
        return wrong(f"{self._name} returned for {picture.name} {what}{more}", RETURN)


#: What each tensor's shape is, and between what its values lie; the others are finite.
_SHAPES: Dict[str, Sequence[Any]] = {
    "boxes": ("n", 4),
    "labels": ("n",),
    "scores": ("n",),
    "masks": ("n", 1, "height", "width"),
    "keypoints": ("n", "k", 3),
    "keypoints_scores": ("n", "k"),
}
_RANGES = {"labels": (0, LARGEST_LABEL), "scores": (0, 1), "masks": (0, 1)}
_FINITE = float(torch.finfo(torch.float32).max)


def _told(name: str, least: float, most: float) -> str:
    """Return what is wrong with values between these, or with NaN among them."""
    if math.isnan(least):
        return "with NaN among them"
    if name not in _RANGES:
        return f"from {least:g} to {most:g}, which are not finite"
    low, high = _RANGES[name]
    return f"from {least:g} to {most:g}, which are not between {low} and {high}"


def _shape(sizes: Sequence[Any]) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"
