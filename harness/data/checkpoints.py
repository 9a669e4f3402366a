"""What a cell needs beside its image: checkpoints, fetched and verified by the host, and input pictures."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from harness.catalogue import Model
from harness.data import checkpoints
from harness.data.download import Wanted, check, fetch, sources
from harness.documents.files import content_of, sha256_of, storing
from harness.errors import ANOTHER_DATA, BadInput
from harness.paths import SHAPES_WEIGHTS, weights_folder
from harness.progress import OnBytes
from runner.contract import Weights

#: The model whose checkpoint ships with the harness.
SHAPES_MODEL = "ssdlite320_mobilenet_v3_large"
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


def checkpoint_url(model: Model) -> str:
    """Return where the model's checkpoint comes from: HARNESS_WEIGHTS_URL, or torchvision's own place."""
    return os.environ.get("HARNESS_WEIGHTS_URL", WEIGHTS_URL).rstrip("/") + "/" + model.checkpoint


def recorded_sha256(model: Model) -> str | None:
    """Return the SHA-256 that the model's checkpoint had when it was first verified here, None where it never was."""
    text = (content_of(_record(model)) or b"").decode("ascii", errors="replace").strip()
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else None


def pretrained(model: Model, on_bytes: OnBytes, source: str | Path | None = None) -> Weights:
    """Return the model's published checkpoint; if it is not here, fetch it from `source`, or else its own URL.

    The hash of the first verified file is recorded and holds from then on: its name promises eight digits of it only.
    Raises CannotRunHere where the checkpoint can't be had or is not the promised file.
    """
    path = weights_folder() / model.checkpoint
    with storing(path, elsewhere=ANOTHER_DATA):
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


def promised(model: Model) -> Weights:
    """Return the model's published checkpoint without fetching it; its hash is None where it was never here."""
    return Weights(kind="pretrained", file=model.checkpoint, sha256=recorded_sha256(model))


def to_be_fetched(chosen: list[Model], *, or_random: bool) -> str | None:
    """Say which checkpoints of the models are not here yet, None where all are."""
    absent = [model.checkpoint for model in chosen if not (weights_folder() / model.checkpoint).is_file()]
    otherwise = ", or the weights are random where that fails" if or_random else ""
    return f"to be fetched first: {', '.join(absent)}{otherwise}" if absent else None


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


def fetch_weights(chosen: list[Model], origin: str | None, on_bytes: OnBytes) -> Iterator[Path]:
    """Yield the checkpoint of each model as it is here, fetched if need be. `origin` is as in fetch_dataset.

    Raises BadInput where `origin` is of no use, and whatever assets.pretrained raises.
    """
    paths = {model.builder: weights_folder() / model.checkpoint for model in chosen}
    missing = {m.checkpoint: checkpoints.checkpoint_url(m) for m in chosen if not paths[m.builder].is_file()}
    places = sources(missing, origin)
    for model in chosen:
        checkpoints.pretrained(model, on_bytes, places.get(model.checkpoint))
        yield paths[model.builder]
