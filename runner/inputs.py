"""Inputs: real photographs, or the near-black tensors of the published recipe."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy
import torch
from torchvision.transforms.functional import convert_image_dtype

from runner.contract import ImageFile, Input, Job, Protocol
from runner.errors import JobError
from runner.pictures import load, told
from runner.readers import UnreadableImage, decode

#: Decoded photographs kept between iterations; 16 of full-HD float pixels take 0.4 GB.
KEPT_PHOTOGRAPHS = 16


@dataclass(frozen=True)
class Frame:
    """What one call of the model gets, on the device: a list of (3, H, W) tensors or one (1, 3, H, W) tensor."""

    name: str
    height: int
    width: int
    argument: Any


class Source(ABC):
    """Hands out the inputs in turn, for ever, and remembers what it has handed out."""

    def __init__(self, names: List[str], protocol: Protocol, device: torch.device):
        self._names = names
        self._as_batch = protocol.call == "batch"
        self._device = device
        self._turn = 0
        self._seen: Dict[str, Input] = {}

    def restart(self) -> None:
        """Begin again with the first input."""
        self._turn = 0

    def next(self) -> Frame:
        """Return the next input; what it takes to prepare it lies outside every timed region."""
        name = self._names[self._turn % len(self._names)]
        self._turn += 1
        pixels, seen = self._read(name)
        self._seen.setdefault(name, seen)
        return self.framed(name, pixels)

    def framed(self, name: str, pixels: torch.Tensor) -> Frame:
        """Return what a call gets of a picture's pixels, (3, H, W), wherever they are."""
        height, width = map(int, pixels.shape[-2:])
        moved = pixels.to(self._device)
        return Frame(name, height, width, moved[None] if self._as_batch else [moved])

    def read_anew(self) -> Tuple[str, torch.Tensor]:
        """Return the name of the next input and its pixels on the host, read as if it had never been kept."""
        name = self._names[self._turn % len(self._names)]
        self._turn += 1
        return name, self._read_anew(name)

    def seen(self) -> List[Input]:
        """Return every input handed out so far, once, in the order of its first use."""
        return list(self._seen.values())

    @abstractmethod
    def _read(self, name: str) -> Tuple[torch.Tensor, Input]:
        """Return the pixels, (3, H, W) float in 0..1, and their description."""

    def _read_anew(self, name: str) -> torch.Tensor:
        return self._read(name)[0]


class Photographs(Source):
    """The job's images, decoded by Pillow to RGB float tensors (3, H, W) in 0..1."""

    def __init__(
        self, images: List[ImageFile], folder: Path, protocol: Protocol, device: torch.device, *, lent: bool = False
    ):
        """`lent`: the model gets a copy each time, since it may write into it."""
        super().__init__([image.name for image in images], protocol, device)
        self._folder = folder
        self._lent = lent
        self._sha256 = {image.name: image.sha256 for image in images}
        self._decoded = lru_cache(maxsize=KEPT_PHOTOGRAPHS)(self._decode)

    def _read(self, name: str) -> Tuple[torch.Tensor, Input]:
        pixels, seen = self._decoded(name)
        return pixels.clone() if self._lent else pixels, seen

    def _decode(self, name: str) -> Tuple[torch.Tensor, Input]:
        path = self._folder / name
        try:
            content = load(path)
        except UnreadableImage as error:
            raise _unreadable(name, path, error) from error
        if hashlib.sha256(content).hexdigest() != self._sha256[name]:
            raise JobError(f"the image {name} changed after the run was planned", "plan the run again")
        try:
            array = decode(content, "pil")
        except UnreadableImage as error:
            raise _unreadable(name, path, error) from error
        return _floats(array), describe(name, array)

    def _read_anew(self, name: str) -> torch.Tensor:
        return _floats(decode(load(self._folder / name), "pil"))


def _floats(array: Any) -> torch.Tensor:
    """Return the pixels of a (H, W, 3) array of bytes as (3, H, W) float in 0..1."""
    return convert_image_dtype(torch.from_numpy(array).permute(2, 0, 1).contiguous(), torch.float32)


class NearBlack(Source):
    """Random int64 pixels divided by 2**63 - 1, as the published scripts did by mistake: black images.

    A fresh array is made for every iteration, as there; the seed makes two runs alike.
    """

    def __init__(self, protocol: Protocol, device: torch.device):
        super().__init__(["near-black"], protocol, device)
        self._shape = (3, protocol.input_height or 0, protocol.input_width or 0)
        self._random = numpy.random.RandomState(protocol.input_seed)
        self._first: Optional[Input] = None

    def _read(self, name: str) -> Tuple[torch.Tensor, Input]:
        array = self._random.randint(0, 256, size=self._shape, dtype="int64")
        self._first = self._first or describe(name, array.transpose(1, 2, 0))
        return convert_image_dtype(torch.from_numpy(array), torch.float32), self._first


def open_source(job: Job, folder: Optional[Path], device: torch.device) -> Source:
    """Return the source of inputs that the job's protocol names. Raises JobError where it lacks its images."""
    # A person's own detector takes a list, as it has to; torchvision's models take both.
    protocol = job.protocol if job.model.code is None else replace(job.protocol, call="images")
    if protocol.input == "near-black":
        return NearBlack(protocol, device)
    if folder is None or not job.images:
        raise JobError("the job names no images", "hand the runner a folder with --images")
    return Photographs(job.images, folder, protocol, device, lent=job.model.code is not None)


def _unreadable(name: str, path: Path, error: Exception) -> JobError:
    return JobError(told(name, path, error), "replace or remove it")


def describe(name: str, pixels: Any) -> Input:
    """Return name, size and pixel hash of a (H, W, 3) array."""
    height, width = pixels.shape[:2]
    content = numpy.ascontiguousarray(pixels).tobytes()
    return Input(name=name, height=height, width=width, pixels_sha256=hashlib.sha256(content).hexdigest())
