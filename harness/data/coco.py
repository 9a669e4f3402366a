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

from harness.documents import not_json
from harness.errors import BadInput, reason_of, remedy_of

REMEDY = "correct the file, or export it in COCO's format again"
NUMBERS = {int, float}
#: No coordinate in pixels is larger; the scorers differ where products of coordinates leave the floats.
LARGEST = 1e9
#: COCO's persons have 17, each x, y and visibility, and so do torchvision's keypoint models; COCO's similarity of
#: keypoints is defined for no other number.
KEYPOINTS = 17


@dataclass(frozen=True)
class Picture:
    """A picture of the data set: its file, relative to the folder of pictures, and its size in pixels.

    Scoring boxes needs neither: the name is empty and the size None where the file has none.
    """

    file_name: str
    height: int | None
    width: int | None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width, where the annotations have both."""
        return None if self.height is None or self.width is None else (self.height, self.width)


@dataclass(frozen=True)
class Annotations:
    """The checked content of an annotation file; pictures and categories are by id, everything in the file's order.

    `objects` are the annotations as the file has them: id, image_id, category_id, bbox (x, y, width, height in pixels),
    iscrowd (0 or 1), and where the file has them area (pixels), segmentation, keypoints and num_keypoints.
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
        objects = [annotation for annotation in self.objects if annotation["image_id"] in pictures]
        return replace(self, pictures=pictures, objects=objects)

    def used_categories(self) -> dict[int, str]:
        """Return the names, by id, of the categories that have objects."""
        used = {annotation["category_id"] for annotation in self.objects}
        return {number: name for number, name in self.categories.items() if number in used}

    def with_keypoints(self) -> "Annotations":
        """Return only the categories with keypoints and their objects: none where no object has any.

        Raises BadInput where an object of such a category has not COCO's 17 of them.
        """
        marked = {annotation["category_id"] for annotation in self.objects if annotation.get("keypoints")}
        objects = [annotation for annotation in self.objects if annotation["category_id"] in marked]
        for annotation in objects:
            if len(annotation.get("keypoints") or []) != 3 * KEYPOINTS:
                raise BadInput(
                    f"{self.path} is not usable for keypoints: the annotation with id {annotation['id']} "
                    f"has not COCO's {KEYPOINTS}",
                    "give it three numbers for each, zeros where they are not labelled",
                )
        categories = {number: name for number, name in self.categories.items() if number in marked}
        return replace(self, categories=categories, objects=objects)


def require_files(annotations: Annotations) -> None:
    """Raise BadInput where a picture has no file name, another's, or one elsewhere: a model can't look at it."""
    seen: dict[PurePath, int] = {}
    for image_id, picture in annotations.pictures.items():
        where = f"{annotations.path} is not usable for a run: the image with id {image_id}"
        if not picture.file_name:
            raise BadInput(f"{where} has no file_name", REMEDY)
        file = PurePath(picture.file_name)
        if file.is_absolute() or ".." in file.parts:
            raise BadInput(
                f"{where} has the file_name {picture.file_name!r}, which leads out of the folder of pictures", REMEDY
            )
        if file in seen:
            raise BadInput(f"{where} has the file_name {picture.file_name!r} of the image with id {seen[file]}", REMEDY)
        seen[file] = image_id


def read(path: Path) -> Annotations:
    """Read and check an annotation file. Raises BadInput, which names the file and the first thing wrong with it.

    What only some uses need may be absent: file names, sizes, areas, masks and keypoints. Where they are, file names
    (`require_files`) and masks (`scoring.coco_data.require`) are looked at by those alone.
    """
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
        if other := not_json.told(content):
            raise BadInput(f"{path} {other.what}", other.remedy) from None
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
        name, size = entry.get("file_name") or "", [entry.get("height"), entry.get("width")]
        if not _is_text(name):
            raise _Wrong(f"{place} has a file_name that is no text")
        if any(side is not None and (type(side) is not int or side < 1) for side in size):
            raise _Wrong(f"{place} has no height and width in whole pixels")
        pictures[image_id] = Picture(name, *size)
    return pictures


def _categories(entries: list[Any]) -> dict[int, str]:
    categories: dict[int, str] = {}
    for index, entry in enumerate(entries):
        place = f"categories[{index}]"
        category_id = _id(entry, place, categories)
        if not _is_text(entry.get("name")):
            raise _Wrong(f"{place} has no name that is text")
        categories[category_id] = entry["name"]
    return categories


def _check_objects(entries: list[Any], pictures: dict[int, Picture], categories: dict[int, str]) -> None:
    """Check the annotations; those without iscrowd get its default, 0, and keypoints the count of the labelled ones."""
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
        if entry.get("iscrowd") not in (None, 0, 1):
            raise _Wrong(f"{place} has the iscrowd {entry['iscrowd']!r}, which is neither 0 nor 1")
        entry["iscrowd"] = int(entry.get("iscrowd") or 0)
        if entry.get("keypoints") is not None and entry.get("num_keypoints") is None:
            entry["num_keypoints"] = sum(visibility > 0 for visibility in entry["keypoints"][2::3])


def _is_text(value: Any) -> bool:
    """Tell whether it is text that can be written: JSON's may have half of a surrogate pair."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


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
    """Say what is wrong with the box, area or keypoints of an annotation."""
    box = entry.get("bbox")
    if not are_numbers(box) or len(box) != 4 or box[2] < 0 or box[3] < 0:
        return "has a bbox that is not x, y, width, height: four finite numbers, the last two not negative"
    if max(map(abs, box)) > LARGEST:
        return f"has a bbox far outside of any picture: {box}"
    if entry.get("area") is not None and (not are_numbers([entry["area"]]) or entry["area"] < 0):
        return "has an area that is not a finite number, or negative"
    if entry.get("keypoints") is not None:
        points, visible = entry["keypoints"], entry.get("num_keypoints")
        if not are_numbers(points) or len(points) % 3:
            return "has keypoints that are not a list of x, y, visibility for each"
        if max(map(abs, points), default=0) > LARGEST:
            return "has keypoints far outside of any picture"
        if visible is not None and (type(visible) is not int or not 0 <= visible <= len(points) // 3):
            return "has a num_keypoints that does not count its labelled keypoints"
    return None


def has_mask(entry: dict[str, Any]) -> bool:
    """Tell whether an annotation has a mask; exports write null, [] or [[]] for none."""
    mask = entry.get("segmentation")
    return any(mask) if isinstance(mask, list) else bool(mask)


def are_numbers(values: Any) -> TypeGuard[list[float]]:
    """Say whether it is a list of finite numbers; in C, for a file may hold millions."""
    try:
        return isinstance(values, list) and set(map(type, values)) <= NUMBERS and all(map(math.isfinite, values))
    except OverflowError:  # an integer beyond every float
        return False
