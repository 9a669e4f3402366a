"""Datasets in COCO's format: where their pictures and annotations are, and which of the pictures are chosen."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.catalogue import entries
from harness.data import coco
from harness.data.coco import Annotations
from harness.errors import BadInput, reason_of, remedy_of, unknown

SHAPES = "shapes"
#: How the name of a designed set of shapes begins.
DESIGNED = "shapes:"
#: Of a folder without annotations/instances*.json and annotations/person_keypoints*.json.
SINGLE_FILES = ("annotations.json", "_annotations.coco.json")

ANOTHER_IDS = "name a text file with one image id a line"


# The models of one plan share what was read.
@cache
def _read(file: Path) -> Annotations:
    annotations = coco.read(file)
    coco.require_files(annotations)
    return annotations


@dataclass(frozen=True)
class CocoFolder:
    """A dataset: the folder that the pictures' file names are relative to, and its annotation files by kind."""

    name: str
    images: Path
    instances: Path | None
    person_keypoints: Path | None


def is_designed(name: str | None) -> bool:
    """Tell whether a dataset's name is that of a designed set of shapes, or meant to be."""
    return name is not None and name.startswith(DESIGNED)


def require_design(name: str) -> None:
    """Raise BadInput where the name of a designed set is of none that can be drawn; nothing is drawn."""
    from harness.data import shapes  # only here: most runs are of no designed set

    shapes.parse(name)


def find(name: str | None, images: Path | None, annotations: Path | None) -> CocoFolder:
    """Return the dataset of that name or in that folder, or the one of a folder of pictures and an annotation file.

    A folder whose annotation files are ambiguous takes one of them as `annotations`. `shapes`, and a designed set of
    them, is generated where it is not here yet. Raises BadInput where there is no such dataset or its parts do not fit
    together, CannotRunHere where it has not been fetched, StorageError where it can't be generated.
    """
    if name is None:
        if images is None or annotations is None:
            raise BadInput(
                "--images and --annotations belong together",
                "give both, or name a dataset in COCO's format (--dataset)",
            )
        return _with_pictures(annotations.stem, [images], _single(annotations))
    if images is not None:
        raise BadInput("--dataset has pictures of its own", "leave --images out, or give --images and --annotations")
    known = _known_folder(name)
    if known and annotations:
        raise BadInput(f"the dataset {name} has annotations of its own", "leave --annotations out")
    folder = known or _folder(name)
    kinds = _single(annotations) if annotations else _annotation_files(folder)
    stem = next(iter(kinds.values())).stem
    split = stem.removeprefix("instances").removeprefix("person_keypoints").removeprefix("_")
    places = dict.fromkeys([folder / "images", folder / split, folder])
    return _with_pictures(name if known else folder.resolve().name, list(places), kinds)


def select(
    dataset: CocoFolder, keypoints: bool, ids_file: Path | None, limit: int | None
) -> tuple[Annotations, list[int]]:
    """Return the chosen pictures' annotations and ids: those of the file, or the whole set, up to `limit`.

    With `keypoints`, they are those of the categories that have keypoints. Raises BadInput where the dataset has no
    annotations of that kind, the file of ids is not usable, or nothing is chosen.
    """
    file = dataset.person_keypoints if keypoints else dataset.instances
    if file is None:
        kind = "person keypoints" if keypoints else "instances"
        models = "keypoint models" if keypoints else "models other than keypoint models"
        raise BadInput(
            f"the dataset {dataset.name} has no {kind}, so {models} can't be scored on it",
            "choose other models, or another dataset",
        )
    if limit is not None and limit < 1:
        raise BadInput(f"--limit {limit} leaves no picture", "give 1 or more")
    annotations = _read(file)
    if keypoints:
        annotations = annotations.with_keypoints()
        if not annotations.categories:
            raise BadInput(f"no object of {file} has keypoints", "choose models other than keypoint models")
    ids = (list(annotations.pictures) if ids_file is None else _ids(ids_file, annotations))[:limit]
    chosen = annotations.of(ids)
    _require_findable(chosen)
    return chosen, ids


def _require_findable(annotations: Annotations) -> None:
    """Raise BadInput where objects are of category 0, torchvision's label of the background, which no model gives."""
    hidden = sum(annotation["category_id"] == 0 for annotation in annotations.objects)
    if hidden:
        raise BadInput(
            f"{hidden} of {len(annotations.objects)} objects of {annotations.path} are of category 0 "
            f"({annotations.categories[0]}), which is the background to torchvision's models: none can find them",
            "give each category the label of the model as its id, from 1 on",
        )


def require_pictures(dataset: CocoFolder, annotations: Annotations) -> None:
    """Raise BadInput where one of the chosen pictures is not there, rather than find out hours later."""
    for picture in annotations.pictures.values():
        if not (dataset.images / picture.file_name).is_file():
            raise BadInput(
                f"there is no picture {dataset.images / picture.file_name}, which {annotations.path} lists",
                "complete the pictures, leave it out with --ids, or pass over such images with --skip-bad-images",
            )


def _known_folder(name: str) -> Path | None:
    """Return the folder of a dataset that the harness knows by name."""
    from harness.data import fetching

    if name == SHAPES:
        from harness.data import shapes

        return shapes.bundled()
    if is_designed(name):
        from harness.data import shapes

        return shapes.designed_set(shapes.parse(name))
    return fetching.folder_of(name) if name in entries.datasets() else None


def _folder(name: str) -> Path:

    folder, known = Path(name), [SHAPES, *entries.datasets()]
    if folder.is_file():
        raise BadInput(f"{name} is a file, not a folder in COCO's format", "give it as --annotations, with --images")
    if not folder.is_dir():
        if len(folder.parts) == 1:
            raise unknown("dataset", name, known)
        raise BadInput(f"there is no folder {name!r}", f"name one in COCO's format, or one of: {', '.join(known)}")
    return folder


def _annotation_files(folder: Path) -> dict[str, Path]:
    """Return the annotation files of a folder by kind, one or two."""
    files = {kind: sorted((folder / "annotations").glob(f"{kind}*.json")) for kind in ("instances", "person_keypoints")}
    single = [folder / name for name in SINGLE_FILES if (folder / name).is_file()]
    for candidates in (*files.values(), single):
        if len(candidates) > 1:
            names = ", ".join(file.relative_to(folder).as_posix() for file in candidates)
            raise BadInput(f"{folder} has several annotation files: {names}", "name one with --annotations")
    kinds = {kind: candidates[0] for kind, candidates in files.items() if candidates}
    if kinds:
        return kinds
    if not single:
        raise BadInput(
            f"{folder} is not in COCO's format: it has neither annotations/instances*.json nor {SINGLE_FILES[0]}",
            "name its annotation file with --annotations, or another folder",
        )
    return _single(single[0])


def _single(file: Path) -> dict[str, Path]:
    """Return a file that serves both kinds, where its objects have keypoints."""
    has_keypoints = any(annotation.get("keypoints") for annotation in _read(file).objects)
    return {"instances": file, "person_keypoints": file} if has_keypoints else {"instances": file}


def _with_pictures(name: str, places: list[Path], kinds: dict[str, Path]) -> CocoFolder:
    """Return the dataset with the first of the places that holds one of its pictures."""
    file = next(iter(kinds.values()))
    pictures = _read(file).pictures.values()
    if not pictures:
        raise BadInput(f"{file} lists no images", "name another annotation file")
    for place in places:
        if any((place / picture.file_name).is_file() for picture in pictures):
            return CocoFolder(name, place, kinds.get("instances"), kinds.get("person_keypoints"))
    first = next(iter(pictures)).file_name
    raise BadInput(
        f"none of the pictures of {file} is there; the first would be {' or '.join(str(p / first) for p in places)}",
        "name the folder of its pictures with --images and the file with --annotations",
    )


def _ids(file: Path, annotations: Annotations) -> list[int]:
    """Read ids, one a line; blank lines and comments after # do not count."""
    ids: dict[int, int] = {}
    for line, text in _lines(file):
        try:
            image_id = int(text)
        except ValueError:
            raise BadInput(f"{file}, line {line}: {text!r:.60} is no image id", "write one integer a line") from None
        if image_id in ids:
            raise BadInput(f"{file}, line {line}: {image_id} is on line {ids[image_id]} already", "remove one of them")
        if image_id not in annotations.pictures:
            raise BadInput(f"{file}, line {line}: {image_id} is not in {annotations.path}", "remove the line")
        ids[image_id] = line
    if not ids:
        raise BadInput(f"{file} names no images", "write one image id a line")
    return list(ids)


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadInput(f"the ids {file} can't be read: {reason_of(error)}", remedy_of(error, ANOTHER_IDS)) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"the ids {file} can't be read: {error}", ANOTHER_IDS) from error
    for line, text in enumerate(lines, start=1):
        content = text.partition("#")[0].strip()
        if content:
            yield line, content
