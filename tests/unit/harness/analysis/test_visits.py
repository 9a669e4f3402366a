"""Figures of pictures, as NumPy has them of each picture's samples alone."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.visits import Visits
from tests.samples import latency

IMAGES = ["a.jpg", "b.jpg", "a.jpg", "c.jpg", "b.jpg", "a.jpg", "a.jpg", "d.jpg"]
VALUES = np.array([9.0, 3.0, 4.0, 8.0, 1.0, 2.0, 6.0, 5.0])


def visits(*phases: str) -> Visits:
    samples = replace(latency(VALUES.tolist()).samples, image=IMAGES, phase=list(phases))  # type: ignore[arg-type]
    return Visits(samples)


def test_what_warms_up_counts_in_no_figure() -> None:
    seen = visits(*["warmup"] * 2, *["measured"] * 5, "warmup")
    assert seen.measured.tolist() == [False, False, *[True] * 5, False]
    assert [name for name, was in zip(seen.names, seen.seen, strict=True) if was] == ["a.jpg", "b.jpg", "c.jpg"]
    assert seen.means(VALUES).tolist() == [4.0, 1.0, 8.0]


@pytest.mark.parametrize("percent", [0, 50, 90, 100])
def test_percentiles_are_numpy_s(percent: float) -> None:
    seen = visits(*["measured"] * 8)
    of = [VALUES[[image == name for image in IMAGES]] for name in seen.names]
    assert seen.percentiles(VALUES, percent) == pytest.approx([np.percentile(each, percent) for each in of])
