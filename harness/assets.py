"""What a cell needs beside its image: checkpoints, fetched and verified by the host, and input pictures."""

import os
import re
from dataclasses import replace
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from harness.catalogue import ROOT, Model
from harness.download import OnBytes, Wanted, check, fetch, sha256_of, storing
from harness.errors import BadInput, reason_of, remedy_of
from runner.contract import ImageFile, Weights

PHOTOGRAPHS = ROOT / "data" / "photographs"
#: The checkpoint that ships with the repository (data/weights/README.md), and the model that it is of.
SHAPES_WEIGHTS = ROOT / "data" / "weights" / "shapes-ssdlite320.safetensors"
SHAPES_MODEL = "ssdlite320_mobilenet_v3_large"
PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
#: How the names of checkpoints end; what is in them, the runner sees.
CHECKPOINTS = (".safetensors", ".pth", ".pt", ".pth.tar", ".ckpt", ".bin")
#: Files of models that no state can be read from, by the end of their names.
OTHER_WEIGHTS = {
    ".onnx": "an ONNX graph",
    ".h5": "a Keras model",
    ".keras": "a Keras model",
    ".tflite": "a TensorFlow Lite model",
    ".pb": "a TensorFlow graph",
    ".engine": "a TensorRT engine",
    ".torchscript": "a TorchScript program",
}
#: Where torchvision's own checkpoints come from; HARNESS_WEIGHTS_URL names a mirror.
WEIGHTS_URL = "https://download.pytorch.org/models/"
ELSEWHERE = (
    "name a mirror with HARNESS_WEIGHTS_URL, hand in a copy (harness data fetch weights --from), "
    "or use --weights random"
)


def data_folder() -> Path:
    """Return the cache folder: HARNESS_DATA, or the platform's own place for caches."""
    chosen = os.environ.get("HARNESS_DATA")
    return Path(chosen) if chosen else user_cache_path("detection-harness")


def weights_folder() -> Path:
    """Return the folder of the checkpoints."""
    return data_folder() / "weights"


def checkpoint_url(model: Model) -> str:
    """Return where the model's checkpoint comes from: HARNESS_WEIGHTS_URL, or torchvision's own place."""
    return os.environ.get("HARNESS_WEIGHTS_URL", WEIGHTS_URL).rstrip("/") + "/" + model.checkpoint


def recorded_sha256(model: Model) -> str | None:
    """Return the SHA-256 that the model's checkpoint had when it was first verified here, None where it never was."""
    record = _record(model)
    text = record.read_text(encoding="ascii", errors="replace").strip() if record.is_file() else ""
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else None


def pretrained(model: Model, on_bytes: OnBytes, source: str | Path | None = None) -> Weights:
    """Return the model's published checkpoint; if it is not here, fetch it from `source`, or else its own URL.

    The hash of the first verified file is recorded and holds from then on: its name promises eight digits of it only.
    Raises CannotRunHere where the checkpoint can't be had or is not the promised file.
    """
    path = weights_folder() / model.checkpoint
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # one process fetches, others wait and find the file
            recorded = recorded_sha256(model)
            wanted = _wanted(model, source or checkpoint_url(model), recorded)
            sha256 = (recorded or check(wanted, path)) if path.is_file() else fetch(wanted, path, on_bytes)
            if not recorded:
                part = path.with_suffix(".sha256.part")
                part.write_text(sha256, encoding="ascii")
                part.replace(_record(model))
    return Weights(kind="pretrained", file=model.checkpoint, sha256=sha256)


def _record(model: Model) -> Path:
    return (weights_folder() / model.checkpoint).with_suffix(".sha256")


def _wanted(model: Model, source: str | Path, recorded: str | None) -> Wanted:
    if recorded is None:
        return Wanted(source, model.checkpoint_sha256_prefix, promised_by="its name", elsewhere=ELSEWHERE)
    by = f"the record of its first fetch ({_record(model)})"
    return Wanted(source, recorded, promised_by=by, elsewhere=ELSEWHERE)


def shapes_weights(chosen: list[Model]) -> Weights:
    """Return the bundled checkpoint. Raises BadInput where another model than its own is to be filled with it."""
    for model in chosen:
        if model.builder != SHAPES_MODEL:
            raise BadInput(f"the weights shapes are {SHAPES_MODEL}'s, not {model.builder}'s", f"--model {SHAPES_MODEL}")
    return replace(weights_file(SHAPES_WEIGHTS), kind="shapes")


def weights_file(path: Path) -> Weights:
    """Return a person's own weights. Raises BadInput where there is no such file or of another kind.

    Whether its content is a checkpoint, the runner tells when it reads it.
    """
    if path.is_dir():
        raise BadInput(f"the weights {str(path)!r} are a folder", "name the file in it that holds the tensors")
    if not path.is_file():
        known = "pretrained, random, shapes, auto"
        raise BadInput(f"there are no weights {str(path)!r}", f"name a file, or one of: {known}")
    name = path.name.lower()
    if name.endswith(".index.json"):
        raise BadInput(
            f"{path} is the index of a checkpoint in parts", "join them: save model.state_dict() as one file"
        )
    for suffix, what in OTHER_WEIGHTS.items():
        if name.endswith(suffix):
            raise BadInput(f"{path} is {what}, not a state dict", "save model.state_dict() as safetensors")
    if not name.endswith(CHECKPOINTS):
        raise BadInput(f"{path} is neither .safetensors nor .pth", "save model.state_dict() as safetensors")
    return Weights(kind="file", file=path.name, sha256=sha256_of(path))


def pictures(folder: Path, at_most: int) -> list[ImageFile]:
    """Return the first pictures of the folder, by name; hidden files and folders are passed over.

    Raises BadInput where it has none, or one of them can't be read.
    """
    try:
        if not folder.is_dir():
            raise BadInput(f"there is no folder of pictures {str(folder)!r}", "name one that is there")
        entries = sorted(folder.iterdir())
        found = [entry for entry in entries if _may_be_picture(entry)]
    except OSError as error:
        remedy = remedy_of(error, "name another folder")
        raise BadInput(f"the folder {folder} can't be read: {reason_of(error)}", remedy) from error
    if not found:
        raise BadInput(f"{folder} holds no pictures", f"name a folder with {', '.join(sorted(PICTURES))} files")
    return [ImageFile(name=path.name, sha256=_hash_of_picture(path)) for path in found[:at_most]]


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
