"""Runs of detection passes for tests, in real folders."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness import documents
from harness.data import coco
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from runner.contract import Dataset, Detections, rows
from tests.samples import job, ok_result, plan

PICTURES = 3
FILE = "detections.sqlite"
#: The hash of each picture's pixels.
PIXELS = "ab" * 32


def cell(name: str, environment: str = "local", **changes: Any) -> dict[str, Any]:
    return {"cell": name, "environment": environment, **changes}


def run_of(
    data: Path,
    path: Path,
    *cells: dict[str, Any],
    weights: str = "ab" * 32,
    limit: int = PICTURES,
    shows: str | None = None,
) -> RunFolder:
    """Make a run whose passes each found one box an image, shifted by the cell's own `shift`.

    `resized` of a cell are the heights to which it resized its images, if it recorded them. A run that `shows` pixels
    of that hash is a demo.
    """
    annotations = coco.read(data / "annotations" / "instances.json")
    ids = list(annotations.pictures)[:limit]
    files = [annotations.pictures[key].file_name for key in ids]
    dataset = Dataset(
        "some-shapes", annotations.sha256, sorted(annotations.categories), ids, files, follows=shows is not None
    )
    found = [{name: each[name] for name in ("shift", "resized") if name in each} for each in cells]
    plain = [{name: value for name, value in each.items() if name not in ("shift", "resized")} for each in cells]
    jobs = [job(**{"suite": "accuracy", "dataset": dataset, "images": [], **each}) for each in plain]
    planned = [PlannedCell(each, named=True, annotations=str(annotations.path)) for each in jobs]
    path.mkdir()
    documents.write(path / "plan.json", replace(plan(*planned), dataset_folder=str(data / "images")))
    folder = RunFolder(path)
    for each, what in zip(jobs, found, strict=True):
        place = folder.clear(each)
        detections = detected(place, dataset, pixels=shows or PIXELS, **what)
        result = ok_result(each, latency=None, weights_sha256=weights, detections=detections)
        documents.write(place / "result.json", result)
    return folder


def detected(
    place: Path,
    dataset: Dataset,
    shift: float = 0.0,
    resized: Sequence[int | None] = (None,) * PICTURES,
    pixels: str = PIXELS,
) -> Detections:
    """Write a pass and return what its result says of it."""
    box = np.array([[10, 10, 50, 50]], "f4") + np.float32(shift)
    detections = rows.ImageDetections(box, np.array([0.9], "f4"), np.array([1], "i4"))
    images = zip(dataset.ids, dataset.files, resized, strict=False)
    seen = [(image_id, file, rows.Seen(height, height)) for image_id, file, height in images]
    with rows.writing(place / FILE, "a pass") as writer:
        writer.append(
            [
                rows.Row(image_id, file, rows.Times(), None, 100, 100, pixels, detections, seen=size)
                for image_id, file, size in seen
            ]
        )
        totals = writer.totals()
    times: dict[str, Any] = {
        "load_ms": 1.0,
        "wall_ms": 1.0,
        "first_batch_ms": 1.0,
        "waited_ms": 0.0,
        "other_load_cpus": 0.0,
    }
    return Detections(file=FILE, resumed_images=0, bad_images=[], **times, **totals._asdict())
