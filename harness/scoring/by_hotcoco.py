"""COCOeval by hotcoco: the same numbers as pycocotools', in a fraction of its time and memory."""

import gc
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, cast

import numpy as np
from hotcoco import COCO, COCOeval
from numpy.typing import NDArray

from harness.scoring import matches
from harness.scoring.coco_data import Results
from harness.scoring.documents import Iou
from harness.scoring.evaluation import ALL_AREAS, Evaluation
from harness.scoring.matches import Entry

#: Matches come as Python objects, about 1 kB a detection: these many detections at a time.
BLOCK = 20_000


def evaluated(dataset: dict[str, Any], results: Results, iou: Iou) -> COCOeval:
    """Return hotcoco's COCOeval, evaluated and accumulated."""
    truth = COCO(dataset)
    evaluation = COCOeval(truth, truth.load_res(results), iou)
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation


def evaluate(dataset: dict[str, Any], results: Results, iou: Iou) -> Evaluation:
    """Score results against a data set; both as coco_data.py makes them."""
    evaluation = evaluated(dataset, results, iou)
    evaluation.summary_lines()  # fills stats, as summarize does, but does not print
    images, categories = len(dataset["images"]), len(dataset["categories"])
    blocks = _match(evaluation, _blocks(results, images), iou)
    return Evaluation(
        version=version("hotcoco"),
        summary=np.asarray(evaluation.stats),
        precision=cast("dict[str, Any]", evaluation.eval)["precision"][:, :, :, 0, -1],
        matches=matches.read(blocks, categories, images),
        tide=None if iou == "keypoints" else evaluation.tide_errors()["delta_ap"],
    )


def _blocks(results: Results, images: int) -> list[NDArray[np.int64]]:
    """Return the images' numbers in groups of about BLOCK detections."""
    rows = results[:, 0] if isinstance(results, np.ndarray) else [entry["image_id"] for entry in results]
    before = np.cumsum(np.bincount(np.asarray(rows, np.int64), minlength=images + 1)[1:])
    starts = np.flatnonzero(np.diff(before // BLOCK)) + 1
    return np.split(np.arange(1, images + 1), starts)


def _match(evaluation: COCOeval, blocks: list[NDArray[np.int64]], iou: Iou) -> Iterator[list[Entry]]:
    """Yield the matches of each block of images, over all areas.

    Asking for those of all images and areas at once would take gigabytes.
    """
    for images in blocks:
        part = COCOeval(evaluation.coco_gt, evaluation.coco_dt, iou)
        part.params.img_ids = images.tolist()
        part.params.area_rng = [ALL_AREAS]
        part.params.area_rng_lbl = ["all"]
        part.evaluate()
        yield _entries(part)


def _entries(evaluation: COCOeval) -> list[Entry]:
    """Return the matches. The collector waits: it would look through these lists as they grow, which takes longer."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return [entry for entry in evaluation.eval_imgs if entry is not None]
    finally:
        if collecting:
            gc.enable()
