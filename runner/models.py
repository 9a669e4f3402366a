"""From a job's model to a loaded torchvision model, whatever its weights are."""

import hashlib
from pathlib import Path
from typing import Optional, Tuple

import torchvision
from torch import nn

from runner import checkpoints, compat, graphs, states, weights
from runner.contract import Dataset, ModelSpec, Weights
from runner.errors import JobError

#: Classes of the published checkpoints, background included: COCO's as torchvision counts them, or person alone.
COCO_CLASSES, PERSON_CLASSES = 91, 2


def ignore(remark: str) -> None:
    """Take no notice of what was done to the weights."""


def load(spec: ModelSpec, folder: Optional[Path], remark: states.Remark = ignore) -> Tuple[nn.Module, str]:
    """Build the model's pretrained graph, fill it, and set its thresholds and the epsilon that was chosen.

    Returns the model in eval mode on the CPU, and the SHA-256 of the state that it holds. `folder` is where the
    weights' file lies; `remark` is told what was done to read it. Raises JobError where the file is missing, not the
    promised one, or of another model, and where this torchvision lacks the builder.
    """
    if spec.weights.kind == "own":
        raise JobError(f"{spec.builder} is torchvision's, and fills itself with no weights", "plan the run again")
    if not compat.has(spec.builder):
        raise JobError(f"torchvision {torchvision.__version__} has no {spec.builder}", "choose a newer environment")
    if spec.weights.kind == "random":
        seed = spec.weights.seed or 0
        classes = PERSON_CLASSES if spec.builder.startswith("keypoint") else COCO_CLASSES
        model = compat.build(spec.builder, classes, lambda s: weights.random_state(spec.builder, s, seed))
    else:
        model = _filled(spec, read_state(spec.weights, folder, remark))
    graphs.choose(model, spec)
    if spec.thresholds:
        compat.set_thresholds(model, spec.thresholds)
    return model, weights.state_hash(model.state_dict())


def _filled(spec: ModelSpec, state: compat.State) -> nn.Module:
    """Return the model with the state. Raises JobError where it is of another model."""
    file = str(spec.weights.file)
    try:
        classes = weights.class_count(state, spec.builder)
        return compat.build(spec.builder, classes, lambda shapes: states.fitting(state, shapes, file, spec.builder))
    except (ValueError, RuntimeError) as error:
        raise JobError(
            f"the weights {file} do not fit {spec.builder}: {str(error)[:300]}",
            "name the model that they were saved from",
        ) from error


def require_classes(model: nn.Module, spec: ModelSpec, dataset: Dataset) -> None:
    """Raise JobError where the model's head has no class for one of the dataset's categories."""
    classes = weights.class_count(model.state_dict(), spec.builder)
    if max(dataset.categories, default=0) >= classes:
        raise JobError(
            f"the weights of {spec.builder} know the classes 1 to {classes - 1}, but {dataset.name} has the category "
            f"{max(dataset.categories)}",
            "name weights that were trained on its categories, or another dataset",
        )


def read_state(spec: Weights, folder: Optional[Path], remark: states.Remark = ignore) -> compat.State:
    """Read and verify the weights' file. Raises JobError where it can't be trusted or read."""
    path = verified(spec, folder)
    return states.state_of(checkpoints.read(path, trusted=spec.kind != "file"), path.name, remark)


def verified(spec: Weights, folder: Optional[Path]) -> Path:
    """Return the weights' file. Raises JobError where it can't be read, or is not the planned one."""
    path = (folder or Path()) / str(spec.file)
    try:
        content_sha256 = _sha256(path)
    except OSError as error:
        raise JobError(f"the weights {spec.file} can't be read: {error}", "fetch them again") from error
    if content_sha256 != spec.sha256:
        raise JobError(
            f"the weights {spec.file} have SHA-256 {content_sha256}, not the planned {spec.sha256}",
            "delete them, so that they are fetched again" if spec.kind == "pretrained" else "plan the run again",
        )
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
