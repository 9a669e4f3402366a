"""The interval of AP beside pycocotools, on the set of the scoring row."""

import time

from benchmarks.rows import Sides
from benchmarks.scoring import TURNS, generated, timed
from harness.scoring import by_pycocotools
from harness.scoring.evaluate import RESAMPLES, evaluation_of
from harness.scoring.interval import bootstrap
from harness.scoring.matches import Matches


def measure() -> Sides:
    """Return the seconds that the resamples take, around a single evaluation by pycocotools."""
    truth, detected = generated()
    matches = evaluation_of(truth, detected, "bbox", "float", "hotcoco").matches
    before = [_resampled_s(matches) for _ in range(TURNS // 2)]
    reference_s, _ = timed(by_pycocotools.evaluated, truth, detected)
    turns = before + [_resampled_s(matches) for _ in range(TURNS // 2)]
    return Sides(turns, [reference_s] * TURNS, f"{RESAMPLES} resamples; one evaluation by pycocotools, between ours")


def _resampled_s(matches: Matches) -> float:
    start = time.perf_counter()
    bootstrap(matches, RESAMPLES)
    return time.perf_counter() - start
