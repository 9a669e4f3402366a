"""`shapes`, the bundled data set in COCO's format: circles, rectangles, triangles and stick figures as persons.

It tells in a minute whether the path from pictures to AP works, and is easy enough to be learnt from scratch. What is
drawn and the annotations depend on the seed alone. The bytes of the JPEG files also depend on the encoder. A designed
set (designs.py) is of the same shapes, and its pictures differ in one thing alone.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock
from PIL import Image

from harness.data.shapes.annotations import Collection
from harness.data.shapes.designs import Design, parse
from harness.data.shapes.pictures import Drawn, draw
from harness.documents.files import storing
from harness.errors import ANOTHER_DATA
from harness.paths import data_folder

__all__ = ["Design", "bundled", "designed_set", "generate", "parse"]

#: Raise it with any change of what is drawn or annotated: older sets stay in the cache under their own number.
VERSION = 1
PICTURES = 200
#: The set to evaluate on. Whoever trains takes another.
EVALUATION_SEED = 0
JPEG_QUALITY = 92


def bundled() -> Path:
    """Return the folder of the evaluation set, generating it where it is not in the cache folder yet.

    Raises StorageError where it can't be written.
    """
    return _kept(f"shapes-{VERSION}", lambda part: generate(part, PICTURES, EVALUATION_SEED))


def designed_set(design: Design) -> Path:
    """Return the folder of a designed set, as `bundled` does."""
    drawings = ((design.file(number), design.draw(EVALUATION_SEED, number)) for number in design.numbers)
    return _kept(f"shapes-{VERSION}-{design.slug}", lambda part: _write(part, drawings, EVALUATION_SEED))


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of that name among the data, made where it is not there yet."""
    folder = data_folder() / name
    part = folder.with_name(f"{name}.part")
    with storing(folder, elsewhere=ANOTHER_DATA):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{name}.lock")):  # one process generates, others wait and find the folder
            if not folder.is_dir():
                shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
                make(part)
                part.rename(folder)
    return folder


def generate(folder: Path, count: int, seed: int) -> None:
    """Write images/NUMBER.jpg, annotations/instances.json and annotations/person_keypoints.json into a new folder.

    A picture depends on the seed and its number, from one; not on `count`.
    """
    _write(folder, ((f"{number:06d}.jpg", draw(seed, number)) for number in range(1, count + 1)), seed)


def _write(folder: Path, drawings: Iterable[tuple[str, Drawn]], seed: int) -> None:
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    collection = Collection(VERSION, seed)
    for number, (name, drawn) in enumerate(drawings, 1):
        Image.fromarray(drawn.pixels).save(folder / "images" / name, quality=JPEG_QUALITY)
        collection.add(number, name, drawn)
    for kind, document in (("instances", collection.instances()), ("person_keypoints", collection.person_keypoints())):
        (folder / "annotations" / f"{kind}.json").write_text(json.dumps(document), encoding="utf-8")
