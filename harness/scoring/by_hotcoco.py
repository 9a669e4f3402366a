"""COCOeval by hotcoco: the same numbers as pycocotools', in a fraction of its time and memory."""

import ctypes
import gc
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, cast

import numpy as np
from hotcoco import COCO, COCOeval
from numpy.typing import NDArray

from harness.documents.scores import Iou
from harness.scoring import matches
from harness.scoring.coco_data import Results
from harness.scoring.evaluation import ALL_AREAS, Evaluation
from harness.scoring.matches import Entry

#: Matches come as Python objects, about 1 kB a detection: these many detections at a time.
BLOCK = 20_000
#: The IoU from which TIDE takes a detection for a true one (Bolya et al., 2020, section 2.2).
TIDE_IOU = 0.5


def evaluated(dataset: dict[str, Any], results: Results, iou: Iou) -> COCOeval:
    """Return hotcoco's COCOeval, evaluated and accumulated."""
    truth = COCO(dataset)
    evaluation = COCOeval(truth, truth.load_res(results), iou)
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation


def evaluate(dataset: dict[str, Any], results: Results, iou: Iou) -> Evaluation:
    """Score results against a data set; both as coco_data.py makes them."""
    images, categories = len(dataset["images"]), len(dataset["categories"])
    blocks = _blocks(results, images)
    truth = COCO(dataset)
    detected = truth.load_res(results)
    del dataset, results  # hotcoco has its own copies now
    tide = None if iou == "keypoints" else _tide(truth, detected, iou)  # first, since it takes most
    _give_back()
    summary, precision = _accumulated(truth, detected, iou)
    _give_back()
    return Evaluation(
        version=version("hotcoco"),
        summary=summary,
        precision=precision,
        matches=matches.read(_match(truth, detected, blocks, iou), categories, images),
        tide=tide,
    )


def _give_back() -> None:
    """Give the system what was freed, where the C library would keep it (glibc's malloc_trim(3)), or do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _accumulated(truth: COCO, detected: COCO, iou: Iou) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the summary, and the precision over all areas. What they are made of is freed before more is made."""
    evaluation = COCOeval(truth, detected, iou)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summary_lines()  # fills stats, as summarize does, but does not print
    precision = cast("dict[str, Any]", evaluation.eval)["precision"][:, :, :, 0, -1].copy()
    return np.asarray(evaluation.stats), precision


def _tide(truth: COCO, detected: COCO, iou: Iou) -> dict[str, float]:
    """Return TIDE's errors, which are of all areas together and of one IoU threshold: only these matches are held."""
    evaluation = _over_all_areas(truth, detected, iou)
    evaluation.params.iou_thrs = [TIDE_IOU]
    evaluation.evaluate()
    errors: dict[str, float] = evaluation.tide_errors(pos_thr=TIDE_IOU)["delta_ap"]
    return errors


def _over_all_areas(truth: COCO, detected: COCO, iou: Iou) -> COCOeval:
    evaluation = COCOeval(truth, detected, iou)
    evaluation.params.area_rng = [ALL_AREAS]
    evaluation.params.area_rng_lbl = ["all"]
    return evaluation


def _blocks(results: Results, images: int) -> list[NDArray[np.int64]]:
    """Return the images' numbers in groups of about BLOCK detections."""
    rows = results[:, 0] if isinstance(results, np.ndarray) else [entry["image_id"] for entry in results]
    before = np.cumsum(np.bincount(np.asarray(rows, np.int64), minlength=images + 1)[1:])
    starts = np.flatnonzero(np.diff(before // BLOCK)) + 1
    return np.split(np.arange(1, images + 1), starts)


def _match(truth: COCO, detected: COCO, blocks: list[NDArray[np.int64]], iou: Iou) -> Iterator[list[Entry]]:
    """Yield the matches of each block of images, over all areas.

    Asking for those of all images and areas at once would take gigabytes.
    """
    for images in blocks:
        part = _over_all_areas(truth, detected, iou)
        part.params.img_ids = images.tolist()
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
