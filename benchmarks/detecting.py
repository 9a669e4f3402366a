"""Turns of a whole detection pass and of a loop after torchvision's reference evaluation, in one process.

python -m benchmarks.detecting OUT TURNS SIDE: writes OUT/turns.json. SIDE is pass, for the pass alone with torch's own
number of threads, or both, with one thread each as the reference has it. Both score the boxes they found.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchvision.transforms.functional import to_tensor

from harness import paths
from harness.catalogue import models, protocols
from harness.data import checkpoints, coco, shapes
from harness.scoring import by_hotcoco, coco_data, passes
from runner import detection
from runner import models as runner_models
from runner.contract import Dataset, ModelSpec, rows

#: Of the evaluation set; a turn of each side takes some seconds.
IMAGES = 100
#: As in the reference's command line (references/detection/train.py, --workers), where there are CPUs for them.
WORKERS = min(4, len(os.sched_getaffinity(0)))
CPU = torch.device("cpu")


def main(out: Path, turns: int, side: str) -> None:
    """Take turns, the first of which fills caches and is dropped, and write what each took."""
    bundled = shapes.bundled()
    path = bundled / "annotations" / "instances.json"
    annotations = coco.read(path)
    annotations = annotations.of(list(annotations.pictures)[:IMAGES])
    if side == "both":
        torch.set_num_threads(1)
    model = trained()
    sides: list[Callable[[], dict[str, Any]]] = [lambda: _ours(model, annotations, bundled / "images")]
    if side == "both":
        sides.append(lambda: _reference(model, annotations, bundled / "images", path))
    order, taken = Random(0), []
    for _ in range(turns + 1):
        order.shuffle(sides)
        turn = [measure() for measure in sides]
        _require_equal([each.pop("numbers") for each in turn])
        taken.append({name: value for each in turn for name, value in each.items()})
    (out / "turns.json").write_text(json.dumps(taken[1:]), encoding="utf-8")


def _require_equal(numbers: list[list[float]]) -> None:
    difference = max(abs(a - b) for a, b in zip(numbers[0], numbers[-1], strict=True))
    if difference > 1e-6:  # the reference computes widths in float32
        raise SystemExit(f"the sides' numbers differ by {difference:g}")


def trained() -> Any:
    """Return SSDlite320 with the bundled weights."""
    model = models()[checkpoints.SHAPES_MODEL]
    spec = ModelSpec(model.builder, checkpoints.shapes_weights([model]), model.thresholds)
    return runner_models.load(spec, paths.SHAPES_WEIGHTS.parent)[0]


def pass_task(model: Any, annotations: coco.Annotations, images: Path) -> detection.PassTask:
    """Return the pass of a model over these pictures."""
    ids = list(annotations.pictures)
    files = [picture.file_name for picture in annotations.pictures.values()]
    dataset = Dataset("shapes", annotations.sha256, sorted(annotations.categories), ids, files)
    how = protocols()["quick-1"].detection
    assert how is not None
    return detection.PassTask(model, dataset, how, images, CPU, "a pass", skip_bad_images=False)


def _ours(model: Any, annotations: coco.Annotations, images: Path) -> dict[str, Any]:
    """Return what the pass and its scoring took, and COCO's twelve numbers."""
    task = pass_task(model, annotations, images)
    with TemporaryDirectory() as name, torch.no_grad():
        out, began = Path(name), time.perf_counter()
        detections = detection.detect(task, out, 0.0, lambda event, **fields: None)
        columns = passes.read(out / rows.FILE, annotations).of("bbox")
        truth = coco_data.dataset(annotations, "bbox")
        evaluation = by_hotcoco.evaluated(truth, coco_data.results(annotations, columns, "bbox", "float"), "bbox")
        evaluation.summary_lines()
        ours_s = time.perf_counter() - began
    numbers = np.asarray(evaluation.stats).tolist()
    return {"wall_ms": detections.wall_ms, "forward_ms": detections.forward_ms, "ours_s": ours_s, "numbers": numbers}


class Pictures(torch.utils.data.Dataset):  # type: ignore[misc]
    """Pictures and their ids, read as torchvision.datasets.CocoDetection reads them."""

    def __init__(self, annotations: coco.Annotations, images: Path):
        self._pictures = [(key, images / picture.file_name) for key, picture in annotations.pictures.items()]

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image_id, path = self._pictures[index]
        with Image.open(path) as picture:
            return to_tensor(picture.convert("RGB")), image_id


def _pairs(batch: list[Any]) -> list[Any]:
    return batch


def _reference(model: Any, annotations: coco.Annotations, images: Path, path: Path) -> dict[str, Any]:
    """Return what a loop after torchvision's evaluation took: references/detection/engine.py and coco_eval.py.

    A DataLoader decodes; each image is evaluated by pycocotools as it comes, and all are accumulated at the end.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(path))
        began = time.perf_counter()
        loader = torch.utils.data.DataLoader(
            Pictures(annotations, images), batch_size=1, num_workers=WORKERS, collate_fn=_pairs
        )
        evaluation: Any = COCOeval(truth, iouType="bbox")
        evaluated = []
        with torch.inference_mode():
            for batch in loader:
                outputs = model([image for image, _ in batch])
                for (_, image_id), output in zip(batch, outputs, strict=True):
                    evaluated.append(_evaluate(truth, evaluation, image_id, output))
        evaluation.evalImgs = np.concatenate(evaluated, -1).flatten().tolist()
        evaluation.params.imgIds = list(annotations.pictures)
        evaluation._paramsEval = evaluation.params
        evaluation.accumulate()
        evaluation.summarize()
        return {"reference_s": time.perf_counter() - began, "numbers": evaluation.stats.tolist()}


def _evaluate(truth: COCO, evaluation: Any, image_id: int, output: dict[str, torch.Tensor]) -> Any:
    """Evaluate one image's boxes, and return what belongs into evalImgs: categories by areas by one image."""
    left, top, right, bottom = output["boxes"].unbind(1)
    boxes = torch.stack((left, top, right - left, bottom - top), dim=1).tolist()
    columns = zip(output["labels"].tolist(), boxes, output["scores"].tolist(), strict=True)
    results: list[Any] = [
        {"image_id": image_id, "category_id": label, "bbox": box, "score": score} for label, box, score in columns
    ]
    evaluation.cocoDt = truth.loadRes(results) if results else COCO()
    evaluation.params.imgIds = [image_id]
    evaluation.evaluate()
    params = evaluation.params
    return np.asarray(evaluation.evalImgs).reshape(len(params.catIds), len(params.areaRng), 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
