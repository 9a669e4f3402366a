"""Cells whose latency owes to what their pictures hold, as the runner leaves them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from harness.documents.run_folder import Cell
from runner.contract import Content, Latency
from tests.samples import execution, job, latency, ok_result

#: ms of a picture of nothing, and of each detection.
LEVEL, PER_DETECTION = 40.0, 0.5
DETECTIONS = (0, 12, 3, 40, 100, 7, 25, 60, 1, 80, 15)


def content_cell(builder: str = "ssd300_vgg16", detections: Sequence[int] = DETECTIONS, **changes: Any) -> Cell:
    """Return a cell of pictures with so many detections, each shown four times; `reason` is why nobody looked."""
    reason, proposals = changes.pop("reason", None), changes.pop("proposals", None)
    of = job(builder, **changes)
    measured = _latency(detections)
    lacking = None if proposals else "the model has one stage, and no proposals"
    seen = [
        Content(f"{i}.jpg", n, n + 2, 3 * n + 9, proposals and proposals + i, 300, 300, 0, lacking)
        for i, n in enumerate(detections)
    ]
    measured = replace(measured, contents=None if reason else seen, contents_missing_reason=reason)
    return Cell(of, ok_result(of, latency=measured), execution(of), run="run")


def _latency(detections: Sequence[int], turns: int = 4) -> Latency:
    n = len(detections)
    noise = 0.1 * np.random.default_rng(7).standard_normal(n * turns)
    times = LEVEL + PER_DETECTION * np.tile(detections, turns) + noise
    plain = latency(times.tolist(), warmup=0)
    seen: dict[str, Any] = {
        "height": [480] * n,
        "width": [640 + 7 * (i * i % 11) for i in range(n)],
        "detections": list(detections),
    }
    names = [f"{i}.jpg" for i in range(n)] * turns
    samples = replace(plain.samples, image=names, **{name: each * turns for name, each in seen.items()})
    return replace(plain, samples=samples)
