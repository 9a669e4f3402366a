"""`shapes`, the bundled data set in COCO's format: circles, rectangles, triangles and stick figures as persons.

It tells in a minute whether the path from pictures to AP works, and is easy enough to be learnt from scratch. What is
drawn and the annotations depend on the seed alone. The bytes of the JPEG files also depend on the encoder.
"""

import json
import shutil
from pathlib import Path

from filelock import FileLock
from PIL import Image

from harness.data.shapes.annotations import Collection
from harness.data.shapes.pictures import draw
from harness.documents.files import storing
from harness.errors import ANOTHER_DATA
from harness.paths import data_folder

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
    folder = data_folder() / f"shapes-{VERSION}"
    part = folder.with_suffix(".part")
    with storing(folder, elsewhere=ANOTHER_DATA):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # one process generates, others wait and find the folder
            if not folder.is_dir():
                shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
                generate(part, PICTURES, EVALUATION_SEED)
                part.rename(folder)
    return folder


def generate(folder: Path, count: int, seed: int) -> None:
    """Write images/NUMBER.jpg, annotations/instances.json and annotations/person_keypoints.json into a new folder.

    A picture depends on the seed and its number, from one; not on `count`.
    """
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    collection = Collection(VERSION, seed)
    for number in range(1, count + 1):
        drawn = draw(seed, number)
        name = f"{number:06d}.jpg"
        Image.fromarray(drawn.pixels).save(folder / "images" / name, quality=JPEG_QUALITY)
        collection.add(number, name, drawn)
    for kind, document in (("instances", collection.instances()), ("person_keypoints", collection.person_keypoints())):
        (folder / "annotations" / f"{kind}.json").write_text(json.dumps(document), encoding="utf-8")
