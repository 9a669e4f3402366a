"""What a demo shows: the frames of a video, the pictures of a folder, or the bundled figures in motion."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps

from harness.clips.video import Pixels, Video, VideoFrame
from harness.data.shapes import clip
from harness.documents.files import storing
from harness.errors import BadInput

BUNDLED = "bundled"
ANY_OF = f"name a video, a folder of pictures, or {BUNDLED}"
SEED = 2021
#: How long a picture of a folder is shown, in seconds.
PICTURE_S = 1.0
#: EXIF's orientation, and what it is of a picture that needs no turn.
ORIENTATION, UPRIGHT = 0x0112, 1
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
#: Of these kinds, by Pillow, a file of several pictures is one that moves; a phone's JPEG may have others beside it.
MOVING = ("GIF", "PNG", "WEBP")
#: What Pillow raises at a picture that is none.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


class Footage(Protocol):
    """Hands out frames of one size, upright, in the order in which they are shown."""

    @property
    def name(self) -> str:
        """What a person knows it by."""
        ...

    @property
    def most(self) -> int:
        """How many frames there are at most: a file that breaks off has fewer."""
        ...

    @property
    def broke_off(self) -> str | None:
        """Why fewer came, once they have."""
        ...

    @property
    def is_hdr(self) -> bool:
        """Whether their light is coded for HDR, once they have come: taken as it is, they are pale."""
        ...

    def frames(self) -> Iterator[VideoFrame]:
        """Yield them. Raises BadInput where there is none."""
        ...


def source_of(text: str) -> Footage:
    """Return what an --input names. Raises BadInput where that is nothing to show."""
    if text == BUNDLED:
        return Bundled()
    path = Path(text)
    with storing(path, "read", "name another --input"):
        if not path.exists():
            raise BadInput(f"there is no {text}", ANY_OF)
        if path.is_dir():
            return Stills(path.name, _pictures_in(path))
        if not path.is_file():  # a pipe, say, of which nothing can be read twice
            raise BadInput(f"{text} is neither a file nor a folder", ANY_OF)
        path.open("rb").close()
        if _is_still(path):
            return Stills(path.name, [path])
    return Video(path)


def is_read(path: Path, text: str) -> bool:
    """Tell whether a file is what an --input names, or a picture in the folder that it names."""
    given = Path(text)
    if text == BUNDLED or not path.exists():
        return False
    if given.is_dir():
        shown = path.resolve()  # what is written goes where a link leads
        return shown.suffix.lower() in PICTURES and shown.parent.samefile(given)
    return path.samefile(given)


@dataclass(frozen=True)
class Bundled:
    """The figures of the dataset `shapes`, in motion."""

    name: str = BUNDLED
    most: int = clip.FRAMES
    broke_off: None = None
    is_hdr: bool = False

    def frames(self) -> Iterator[VideoFrame]:
        """Yield them."""
        for number, drawn in enumerate(clip.draw(SEED)):
            yield VideoFrame(number / clip.RATE, drawn.pixels, 1 / clip.RATE)


class Stills:
    """Pictures, a second each, in the middle of a frame that holds each of them whole."""

    broke_off = None
    is_hdr = False

    def __init__(self, name: str, files: list[Path]):
        self.name, self._files = name, files

    @property
    def most(self) -> int:
        """How many there are."""
        return len(self._files)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield them. Raises BadInput where one can't be read."""
        height, width = self.size
        for number, path in enumerate(self._files):
            yield VideoFrame(number * PICTURE_S, _framed(_read(path), height, width), PICTURE_S)

    @cached_property
    def size(self) -> tuple[int, int]:
        """The height and the width of the frame, without decoding what need not be."""
        sizes = list(map(_size, self._files))
        return max(height for _, height in sizes), max(width for width, _ in sizes)


@dataclass(frozen=True)
class First:
    """The first frames of another source."""

    whole: Footage
    count: int

    @property
    def name(self) -> str:
        """The other's name."""
        return self.whole.name

    @property
    def most(self) -> int:
        """How many there are at most."""
        return min(self.count, self.whole.most)

    @property
    def broke_off(self) -> str | None:
        """Why fewer came."""
        return self.whole.broke_off

    @property
    def is_hdr(self) -> bool:
        """Whether the other's are."""
        return self.whole.is_hdr

    def frames(self) -> Iterator[VideoFrame]:
        """Yield them."""
        yield from islice(self.whole.frames(), self.count)


def _pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder by name; hidden files are passed over. Raises BadInput where there is none."""
    named = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if files := [path for path in named if not path.is_dir() and not path.name.startswith(".")]:
        return files
    raise BadInput(f"{folder} holds no pictures", ANY_OF)


def _is_still(path: Path) -> bool:
    """Tell whether a file is a picture that does not move. What Pillow can't open FFmpeg may."""
    if path.suffix.lower() not in PICTURES:
        return False
    try:
        with _opened(path) as picture:
            return picture.format not in MOVING or getattr(picture, "n_frames", 1) == 1
    except BadInput:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Give a picture, whose pixels are not read yet. Raises BadInput where the file, or what is done to it, fails."""
    try:
        if not path.is_file():
            raise ValueError("it is no file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # one of twice that size is an error
            with Image.open(path) as picture:
                yield picture
    except BROKEN as error:
        raise BadInput(f"the picture {path} can't be read: {error}", "repair it or take it away") from error


def _size(path: Path) -> tuple[int, int]:
    """Return the width and the height of a picture, as far as can be from its head alone."""
    with _opened(path) as picture:
        turned = picture.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT
        return ImageOps.exif_transpose(picture).size if turned else picture.size


def _read(path: Path) -> Pixels:
    with _opened(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I;16"):  # Pillow would cut off what is above 255
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        return np.asarray(upright.convert("RGB"))


def _framed(pixels: Pixels, height: int, width: int) -> Pixels:
    frame = np.zeros((height, width, 3), np.uint8)
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    frame[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return frame
