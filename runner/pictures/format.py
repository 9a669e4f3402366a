"""What is known of a picture file before it is decoded."""

import struct
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

#: EXIF and TIFF, "Orientation".
ORIENTATION = 274
#: Types of TIFF fields that hold whole numbers: type → its struct code (TIFF 6.0, section 2).
_WHOLE = {1: "B", 3: "H", 4: "I"}
#: Fields that are read of each list; a real one has a few dozen.
_MOST_FIELDS, _MOST_VALUES = 4096, 16


class UnreadableImage(Exception):
    """A file is no picture, not a whole one, or none that all readers read alike."""


BROKEN_OFF = "the file breaks off"


@dataclass(frozen=True)
class Field:
    """A field of a TIFF directory: its whole numbers, and where in the file and how the first of them stands."""

    values: Tuple[int, ...]
    at: int
    code: str


@dataclass(frozen=True)
class Format:
    """A picture as it is stored, before any turning.

    `bits` are those of a channel. `orientation` is the EXIF tag, where it has one that means something (1 to 8).
    `sampling` has (horizontal, vertical) of each component of a JPEG; `animated` is a PNG or WebP with several frames.
    """

    kind: str
    height: int
    width: int
    bits: int = 8
    orientation: Optional[Field] = None
    sampling: Tuple[Tuple[int, int], ...] = ()
    interlaced: bool = False
    animated: bool = False
    alpha: bool = False

    @property
    def described(self) -> str:
        """Return in words what kind of picture it is."""
        words = ["16-bit" * (self.bits > 8), "interlaced" * self.interlaced, "animated" * self.animated, self.kind]
        return " ".join(filter(None, words))


def fields(content: bytes, start: int) -> Dict[int, Field]:
    """Return the whole-number fields of the first directory of the TIFF that starts there, which EXIF is, too.

    Garbage is no error: what can be read of it is returned.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(content[start : start + 4])
    by_tag: Dict[int, Field] = {}
    if order is None:
        return by_tag
    try:
        directory = start + struct.unpack_from(order + "I", content, start + 4)[0]
        (count,) = struct.unpack_from(order + "H", content, directory)
        for entry in range(directory + 2, directory + 2 + 12 * min(count, _MOST_FIELDS), 12):
            tag, kind, n = struct.unpack_from(order + "HHI", content, entry)
            if kind in _WHOLE and 0 < n <= _MOST_VALUES:
                code = order + _WHOLE[kind]
                inline = struct.calcsize(code) * n <= 4
                at = entry + 8 if inline else start + struct.unpack_from(order + "I", content, entry + 8)[0]
                by_tag.setdefault(tag, Field(struct.unpack_from(f"{order}{n}{code[1]}", content, at), at, code))
    except struct.error:
        pass
    return by_tag


def orientation(content: bytes, start: Optional[int]) -> Optional[Field]:
    """Return the orientation of the EXIF data that start there, None where they have none that means something."""
    field = None if start is None else fields(content, start).get(ORIENTATION)
    return field if field and 1 <= field.values[0] <= 8 else None


def upright(content: bytes, tag: Field) -> bytes:
    """Return the file with its orientation set to 1, as it is stored."""
    return content[: tag.at] + struct.pack(tag.code, 1) + content[tag.at + struct.calcsize(tag.code) :]
