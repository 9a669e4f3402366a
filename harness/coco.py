"""Annotations in COCO's format, read from a file and checked, so that whoever uses them need not check again.

The format: https://cocodataset.org/#format-data.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, TypeGuard

from harness.errors import BadInput, reason_of, remedy_of

REMEDY = "correct the file, or export it in COCO's format again"
NUMBERS = {int, float}
#: COCO's persons have 17, and so do torchvision's keypoint models.
KEYPOINTS = 17


@dataclass(frozen=True)
class Picture:
    """A picture of the data set: its file, relative to the folder of pictures, and its size in pixels."""

    file_name: str
    height: int
    width: int


@dataclass(frozen=True)
class Annotations:
    """The checked content of an annotation file; pictures and categories are by id, everything in the file's order.

    `objects` are the annotations as the file has them: id, image_id, category_id, bbox (x, y, width, height in pixels),
    area (pixels), iscrowd (0 or 1), and where the file has them segmentation, keypoints and num_keypoints.
    """

    path: Path
    sha256: str
    pictures: dict[int, Picture]
    categories: dict[int, str]
    objects: list[dict[str, Any]]

    def of(self, ids: Iterable[int]) -> "Annotations":
        """Return these pictures, in this order, and their objects. Raises BadInput for an id that is not here."""
        pictures = {}
        for image_id in ids:
            if image_id not in self.pictures:
                raise BadInput(f"{self.path} has no image with id {image_id}", "choose among the ids in its images")
            pictures[image_id] = self.pictures[image_id]
        objects = [found for found in self.objects if found["image_id"] in pictures]
        return replace(self, pictures=pictures, objects=objects)

    def with_keypoints(self) -> "Annotations":
        """Return only the categories with keypoints and their objects: none where no object has any.

        Raises BadInput where an object of such a category has not COCO's 17 of them.
        """
        marked = {found["category_id"] for found in self.objects if found.get("keypoints")}
        objects = [found for found in self.objects if found["category_id"] in marked]
        for found in objects:
            if len(found.get("keypoints", [])) != 3 * KEYPOINTS:
                raise BadInput(
                    f"{self.path} is not usable for keypoints: the annotation with id {found['id']} "
                    f"has not COCO's {KEYPOINTS}",
                    "give it three numbers for each, zeros where they are not labelled",
                )
        categories = {number: name for number, name in self.categories.items() if number in marked}
        return replace(self, categories=categories, objects=objects)


def read(path: Path) -> Annotations:
    """Read and check an annotation file. Raises BadInput, which names the file and the first thing wrong with it."""
    content = _content(path)
    tables = _tables(path, content)
    try:
        pictures = _pictures(tables["images"])
        categories = _categories(tables["categories"])
        _check_objects(tables["annotations"], pictures, categories)
    except _Wrong as wrong:
        raise BadInput(f"{path} is not usable: {wrong}", REMEDY) from None
    return Annotations(path, hashlib.sha256(content).hexdigest(), pictures, categories, tables["annotations"])


class _Wrong(Exception):
    """What is wrong, and where in the file."""


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no annotation file {str(path)!r}", "name a JSON file in COCO's format") from None
    except OSError as error:
        remedy = remedy_of(error, "name a JSON file in COCO's format")
        raise BadInput(f"{path} can't be read: {reason_of(error)}", remedy) from error


def _tables(path: Path, content: bytes) -> dict[str, list[Any]]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}", "fetch or export it again: it may be incomplete") from error
    names = ("images", "annotations", "categories")
    if not isinstance(data, dict) or not all(isinstance(data.get(name), list) for name in names):
        raise BadInput(
            f"{path} is not in COCO's format: it needs the lists {', '.join(names)}", "name another file, or convert it"
        )
    return data


def _pictures(entries: list[Any]) -> dict[int, Picture]:
    pictures: dict[int, Picture] = {}
    for index, entry in enumerate(entries):
        place = f"images[{index}]"
        image_id = _id(entry, place, pictures)
        name, height, width = entry.get("file_name"), entry.get("height"), entry.get("width")
        if not isinstance(name, str) or not name:
            raise _Wrong(f"{place} has no file_name")
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            raise _Wrong(f"{place} has the file_name {name!r}, which leads out of the folder of pictures")
        if type(height) is not int or type(width) is not int or height < 1 or width < 1:
            raise _Wrong(f"{place} has no height and width in whole pixels")
        pictures[image_id] = Picture(name, height, width)
    return pictures


def _categories(entries: list[Any]) -> dict[int, str]:
    categories: dict[int, str] = {}
    for index, entry in enumerate(entries):
        place = f"categories[{index}]"
        category_id = _id(entry, place, categories)
        if not isinstance(entry.get("name"), str):
            raise _Wrong(f"{place} has no name")
        categories[category_id] = entry["name"]
    return categories


def _check_objects(entries: list[Any], pictures: dict[int, Picture], categories: dict[int, str]) -> None:
    """Check the annotations and give those without iscrowd its default, 0."""
    seen: set[int] = set()
    for index, entry in enumerate(entries):
        place = f"annotations[{index}]"
        seen.add(_id(entry, place, seen))
        for key, known in (("image_id", pictures), ("category_id", categories)):
            value = entry.get(key)
            if type(value) is not int or value not in known:
                raise _Wrong(f"{place} has the {key} {value!r}, which is not in the file")
        wrong = _wrong_shape(entry)
        if wrong:
            raise _Wrong(f"{place} {wrong}")
        if entry.setdefault("iscrowd", 0) not in (0, 1):
            raise _Wrong(f"{place} has the iscrowd {entry['iscrowd']!r}, which is neither 0 nor 1")


def _id(entry: Any, place: str, seen: Iterable[int]) -> int:
    if not isinstance(entry, dict) or type(entry.get("id")) is not int:
        raise _Wrong(f"{place} has no integer id")
    number: int = entry["id"]
    if not -(2**63) <= number < 2**63:
        raise _Wrong(f"{place} has the id {number}, which does not fit into 64 bits")
    if number in seen:
        raise _Wrong(f"{place} has the id {number} of an earlier one")
    return number


def _wrong_shape(entry: dict[str, Any]) -> str | None:
    """Say what is wrong with the box, area, keypoints or mask of an annotation."""
    box = entry.get("bbox")
    if not _numbers(box) or len(box) != 4 or box[2] < 0 or box[3] < 0:
        return "has a bbox that is not x, y, width, height: four finite numbers, the last two not negative"
    if not _numbers([entry.get("area")]) or entry["area"] < 0:
        return "has no area: a finite number that is not negative"
    if "keypoints" in entry:
        points, visible = entry["keypoints"], entry.get("num_keypoints")
        if not _numbers(points) or len(points) % 3:
            return "has keypoints that are not a list of x, y, visibility for each"
        if type(visible) is not int or not 0 <= visible <= len(points) // 3:
            return "has keypoints but no num_keypoints that counts the labelled ones"
    if "segmentation" in entry and not (_polygons(entry["segmentation"]) or _run_lengths(entry["segmentation"])):
        return "has a segmentation that is neither polygons nor RLE with size and counts"
    return None


def _polygons(mask: Any) -> bool:
    return isinstance(mask, list) and all(_numbers(ring) and len(ring) >= 4 and len(ring) % 2 == 0 for ring in mask)


def _run_lengths(mask: Any) -> bool:
    if not isinstance(mask, dict):
        return False
    size, counts = mask.get("size"), mask.get("counts")
    whole = isinstance(size, list) and [type(side) for side in size] == [int, int] and min(size) > 0
    return whole and (isinstance(counts, str) or (isinstance(counts, list) and set(map(type, counts)) <= {int}))


def _numbers(values: Any) -> TypeGuard[list[float]]:
    """Say whether it is a list of finite numbers; in C, for a file may hold millions."""
    try:
        return isinstance(values, list) and set(map(type, values)) <= NUMBERS and all(map(math.isfinite, values))
    except OverflowError:  # an integer beyond every float
        return False
