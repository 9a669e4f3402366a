"""Scoring a set as large as COCO val2017 with a hundred boxes an image, beside pycocotools on the same set.

python -m benchmarks.scoring scores the set once, interval included, and prints the peak memory of its process.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hotcoco import COCOeval as HotcocoEval
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

from benchmarks.peaks import peak_mb
from benchmarks.rows import Broken, Sides
from harness.data.coco import Annotations, Picture
from harness.paths import ROOT
from harness.scoring import by_hotcoco, by_pycocotools, coco_data
from harness.scoring.detections import Detected
from harness.scoring.evaluate import score

Evaluated = HotcocoEval | COCOeval
Precision = NDArray[np.float64]

IMAGES, OBJECTS, BOXES, CATEGORIES = 5_000, 36_500, 500_000, 80
HEIGHT, WIDTH = 480, 640
#: An even number, and the least that an interval of the median needs.
TURNS = 6
#: Most of it hotcoco's: 120 MB hold the detections, 180 MB more its errors by TIDE.
ALLOWED_MB = 500.0
#: Both scorers' numbers are the same to this.
DIFFERENCE = 1e-12


def measure_evaluation() -> Sides:
    """Return the seconds from columns to accumulated precisions: ours around a single turn of pycocotools.

    pycocotools takes minutes. Raises Broken where the numbers differ, or where scoring takes more memory than allowed.
    """
    peak = _peak_mb()
    if peak >= ALLOWED_MB:
        raise Broken(f"scoring took {peak:.0f} MB, of {ALLOWED_MB:.0f} MB allowed")
    truth, detected = generated()
    before = [timed(by_hotcoco.evaluated, truth, detected) for _ in range(TURNS // 2)]
    reference_s, reference = timed(by_pycocotools.evaluated, truth, detected)
    turns = before + [timed(by_hotcoco.evaluated, truth, detected) for _ in range(TURNS // 2)]
    difference = max(float(np.abs(precision - reference).max()) for _, precision in turns)
    if difference > DIFFERENCE:
        raise Broken(f"the scorers' precisions differ by {difference:g}")
    note = f"pycocotools once, between ours; equal to {DIFFERENCE:g}; peak of all of our scoring {peak:.0f} MB"
    return Sides([seconds for seconds, _ in turns], [reference_s] * TURNS, note)


def generated() -> tuple[Annotations, Detected]:
    """Return the set, always the same: objects of all sizes, and boxes scattered around them."""
    random = np.random.default_rng(0)
    size = np.exp(random.uniform(2, 5.5, (OBJECTS, 2)))
    boxes = np.hstack([random.random((OBJECTS, 2)) * np.maximum([WIDTH, HEIGHT] - size, 1), size])
    image, category = random.integers(1, IMAGES + 1, OBJECTS), random.integers(1, CATEGORIES + 1, OBJECTS)
    target = random.integers(0, OBJECTS, BOXES)
    moved = boxes[target] + random.normal(0, 0.1, (BOXES, 4)) * np.tile(size[target], 2)
    moved[:, 2:] = np.maximum(moved[:, 2:], 1)
    mistaken = np.where(random.random(BOXES) < 0.7, category[target], random.integers(1, CATEGORIES + 1, BOXES))
    truth = _annotations(image, category, boxes, random.random(OBJECTS) < 0.01)
    return truth, Detected(image[target], mistaken, random.random(BOXES), boxes_xywh=moved)


def _annotations(
    image: NDArray[np.int64], category: NDArray[np.int64], boxes: NDArray[np.float64], crowd: NDArray[np.bool_]
) -> Annotations:
    columns = zip(image.tolist(), category.tolist(), boxes.tolist(), crowd.tolist(), strict=True)
    objects = [
        {"id": i, "image_id": of, "category_id": kind, "bbox": box, "area": box[2] * box[3], "iscrowd": int(iscrowd)}
        for i, (of, kind, box, iscrowd) in enumerate(columns)
    ]
    pictures = {number: Picture(f"{number}.jpg", HEIGHT, WIDTH) for number in range(1, IMAGES + 1)}
    names = {number: f"category {number}" for number in range(1, CATEGORIES + 1)}
    return Annotations(Path("generated"), "", pictures, names, objects)


def timed(evaluated: Callable[..., Evaluated], truth: Annotations, detected: Detected) -> tuple[float, Precision]:
    """Return the seconds that a scorer takes to its precisions, and those."""
    dataset, results = coco_data.dataset(truth, "bbox"), coco_data.results(truth, detected, "bbox", "float")
    start = time.perf_counter()
    accumulated = evaluated(dataset, results, "bbox").eval
    seconds = time.perf_counter() - start
    if accumulated is None:
        raise Broken("the scorer accumulated nothing")
    return seconds, accumulated["precision"]


def _peak_mb() -> float:
    """Return the peak memory of a process that only scores."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scoring"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Broken(f"scoring ended with exit code {done.returncode}: {done.stderr[-300:]}")
    return float(done.stdout)


if __name__ == "__main__":
    score(*generated(), "bbox", "float", "hotcoco")
    print(peak_mb())
