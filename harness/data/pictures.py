"""The pictures that are measured with: those of a folder."""

from pathlib import Path

from harness.documents.files import sha256_of
from harness.errors import BadInput, reason_of, remedy_of
from runner.contract import ImageFile

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def pictures(folder: Path, at_most: int) -> list[ImageFile]:
    """Return the first pictures of the folder, by name; hidden files and folders are passed over.

    Raises BadInput where it has none, or one of them can't be read.
    """
    try:
        if not folder.is_dir():
            raise BadInput(f"there is no folder of pictures {str(folder)!r}", "name one that is there")
        entries = sorted(folder.iterdir())
        files = [entry for entry in entries if _may_be_picture(entry)]
    except OSError as error:
        remedy = remedy_of(error, "name another folder")
        raise BadInput(f"the folder {folder} can't be read: {reason_of(error)}", remedy) from error
    if not files:
        raise BadInput(f"{folder} holds no pictures", f"name a folder with {', '.join(sorted(PICTURES))} files")
    return [ImageFile(name=path.name, sha256=_hash_of_picture(path)) for path in files[:at_most]]


def _may_be_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and not path.is_dir()


def _hash_of_picture(path: Path) -> str:
    shown, remedy = str(path).encode(errors="replace").decode(), "replace it, or remove it from the folder"
    try:
        path.name.encode()
        if path.exists() and not path.is_file():  # a pipe, say, which nobody may ever write into
            raise BadInput(f"the picture {shown} is no file", remedy)
        if not path.stat().st_size:
            raise BadInput(f"the picture {shown} is empty", remedy)
        return sha256_of(path)
    except UnicodeEncodeError as error:
        raise BadInput(f"the name of the picture {shown} is not UTF-8", "rename it") from error
    except OSError as error:
        gone = path.is_symlink() and not path.exists()
        reason = "is a link to nothing" if gone else f"can't be read: {reason_of(error)}"
        raise BadInput(f"the picture {shown} {reason}", remedy) from error
