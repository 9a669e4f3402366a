"""Figures of pictures, as NumPy has them of each picture's samples alone."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.visits import LARGEST_TABLE, Layout, Visits
from runner.contract import Samples
from tests.samples import latency

IMAGES = ["a.jpg", "b.jpg", "a.jpg", "c.jpg", "b.jpg", "a.jpg", "a.jpg", "d.jpg"]
VALUES = np.array([9.0, 3.0, 4.0, 8.0, 1.0, 2.0, 6.0, 5.0])


def samples(*phases: str, images: list[str] = IMAGES) -> Samples:
    return replace(latency(VALUES.tolist()).samples, image=images, phase=list(phases))  # type: ignore[arg-type]


def test_what_warms_up_counts_in_no_figure() -> None:
    seen = Layout(samples(*["warmup"] * 2, *["measured"] * 5, "warmup"))
    assert seen.measured.tolist() == [False, False, *[True] * 5, False]
    assert [name for name, was in zip(seen.names, seen.seen, strict=True) if was] == ["a.jpg", "b.jpg", "c.jpg"]
    assert seen.means(np.array([VALUES, 2 * VALUES])).tolist() == [[4.0, 1.0, 8.0], [8.0, 2.0, 16.0]]


def test_where_nothing_was_measured_there_are_no_figures() -> None:
    seen = Layout(samples(*["warmup"] * 8))
    assert seen.percentiles(np.array([VALUES]), 50).shape == seen.means(np.array([VALUES])).shape == (1, 0)


#: So many pictures beside one that is seen often are no table.
UNEVEN = [*"abcdefghi", *"a" * 40]


@pytest.mark.parametrize("percent", [0, 50, 90, 100])
@pytest.mark.parametrize("images", [IMAGES, UNEVEN])
def test_percentiles_are_numpy_s(percent: float, images: list[str]) -> None:
    seen, values = Layout(samples(*["measured"] * len(images), images=images)), np.resize(VALUES, len(images))
    assert bool(seen.counts.max() * len(seen.names) > LARGEST_TABLE * len(images)) is (images is UNEVEN)
    rows = np.array([values, values[::-1]])
    of = [rows[:, [image == name for image in images]] for name in seen.names]
    expected = np.array([np.percentile(each, percent, axis=1) for each in of]).T
    assert seen.percentiles(rows, percent) == pytest.approx(expected)


def test_a_layout_is_shared_by_those_that_were_shown_the_same() -> None:
    phases = ["warmup", *["measured"] * 7]
    first = Visits(samples(*phases)).layout
    assert Visits(samples(*phases), first).layout is first
    assert Visits(samples(*["measured"] * 8), first).layout is not first
    assert Visits(samples(*phases, images=IMAGES[::-1]), first).layout.names == ["d.jpg", "a.jpg", "b.jpg", "c.jpg"]
