"""What a picture file says of itself, and whether it is whole, found out before a decoder gets it.

The readers are held to the same pixels for the kinds here; what they are known to read in different ways is refused.
"""

from pathlib import Path

from runner.pictures import jpeg, others, png, tiff
from runner.pictures.format import Format, UnreadableImage

#: More pixels than this are no photograph; Pillow's own limit (Image.MAX_IMAGE_PIXELS), twice.
MOST_PIXELS = 2 * 89_478_485
_KINDS = (
    (b"\xff\xd8", jpeg.read),
    (b"\x89PNG\r\n\x1a\n", png.read),
    (b"GIF8", others.gif),
    (b"BM", others.bmp),
    (b"RIFF", others.webp),
    (b"II*\x00", tiff.read),
    (b"MM\x00*", tiff.read),
    (b"P5", others.pnm),
    (b"P6", others.pnm),
)


def load(path: Path) -> bytes:
    """Return the content of a picture's file. Raises UnreadableImage."""
    try:
        if path.exists() and not path.is_file():
            raise UnreadableImage("it is no file")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise UnreadableImage(getattr(error, "strerror", None) or str(error)) from error


def told(name: str, path: Path, reason: object) -> str:
    """Return the sentence for a picture that can't be read; one that is not there is named with its path."""
    looked = "" if path.is_file() else f" (looked for at {path})"
    return f"the image {name} can't be read: {reason}{looked}"


def examine(content: bytes) -> Format:
    """Return what the file says of itself. Raises UnreadableImage where it is not whole, or not read by all alike."""
    if not content:
        raise UnreadableImage("the file is empty")
    for start, read in _KINDS:
        if content.startswith(start):
            stored = read(content)
            _require_size(stored)
            return stored
    raise UnreadableImage("it is no BMP, GIF, JPEG, PNG, PPM, TIFF or WebP, which all readers give the same pixels of")


def _require_size(stored: Format) -> None:
    if stored.width < 1 or stored.height < 1:
        raise UnreadableImage(f"its header is damaged: it says {stored.width} by {stored.height} pixels")
    if stored.width * stored.height > MOST_PIXELS:
        raise UnreadableImage(
            f"it says that it has {stored.width} by {stored.height} pixels, which is more than any photograph has"
        )
