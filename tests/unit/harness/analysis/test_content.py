from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.analysis.content import content_figures
from harness.analysis.design import UNSEEN
from runner.contract import Content, Input, Latency
from tests.samples import latency

#: ms without anything, a detection, and a megapixel.
LEVEL, PER_DETECTION, PER_MEGAPIXEL = 40.0, 0.2, 30.0


def measured(
    detections: Sequence[int],
    megapixels: Sequence[float],
    *,
    turns: int = 6,
    noise: float = 0.2,
    seed: int = 1,
    **more: Any,
) -> Latency:
    """Return a latency of pictures in turn that cost so much for each detection and megapixel; `level` is of all."""
    level, n = more.pop("level", LEVEL), len(detections)
    widths = [round(1000 * each) for each in megapixels]
    cost = level + PER_DETECTION * np.array(detections) + PER_MEGAPIXEL * np.array(widths) / 1000
    times = np.tile(cost, turns) + noise * np.random.default_rng(seed).standard_normal(n * turns)
    plain = latency(times.tolist(), warmup=0)
    names = [f"{i}.jpg" for i in range(n)]
    seen: dict[str, Any] = {"height": [1000] * n, "width": widths, "detections": list(detections)}
    samples = replace(plain.samples, image=names * turns, **{name: each * turns for name, each in seen.items()})
    return replace(plain, samples=samples, **more)


DETECTIONS = [0, 12, 3, 40, 100, 7, 25, 60, 1, 80, 15, 33]
MEGAPIXELS = [0.3, 0.2, 0.31, 0.9, 0.25, 0.6, 1.1, 0.4, 0.8, 0.35, 0.5, 0.7]


def contents(resized: Sequence[int]) -> list[Content]:
    return [
        Content(f"{i}.jpg", 5, resized_height=1000, resized_width=w, padded_pixels=0) for i, w in enumerate(resized)
    ]


def test_what_each_detection_and_each_megapixel_costs_is_found_with_its_interval() -> None:
    figures = content_figures([measured(DETECTIONS, MEGAPIXELS)])
    for name, cost in (("detections", PER_DETECTION), ("megapixels", PER_MEGAPIXEL)):
        slope = figures.slopes[name]
        assert slope.low < slope.value < slope.high
        assert slope.value == pytest.approx(cost, rel=0.05)
    assert figures.explained is not None and figures.explained > 0.99
    assert figures.by_picture is not None and figures.by_picture >= figures.explained
    assert (figures.pictures, figures.samples) == (12, 72)
    assert figures.ranges["detections"] == (0, 100)


def test_the_latency_at_some_detections_is_of_a_picture_that_is_else_the_mean_one() -> None:
    figures = content_figures([measured(DETECTIONS, MEGAPIXELS)])
    usual = LEVEL + PER_MEGAPIXEL * np.mean(MEGAPIXELS)
    for n, estimate in figures.at.items():
        assert estimate.value == pytest.approx(usual + PER_DETECTION * n, rel=0.01)
        assert estimate.low < estimate.value < estimate.high
    assert set(figures.at) == {0, 10, 100}


def test_beyond_what_the_pictures_hold_nothing_is_said() -> None:
    figures = content_figures([measured([min(n + 4, 60) for n in DETECTIONS], MEGAPIXELS)])
    assert set(figures.at) == {10}
    assert figures.missing["0"] == figures.missing["100"] == "the pictures have 4 to 60 detections"


def test_repeated_pictures_are_one_group_and_make_the_line_no_surer_than_they_are() -> None:
    rng = np.random.default_rng(4)
    own = rng.normal(0, 3, len(DETECTIONS)) / PER_MEGAPIXEL  # what differs between pictures that nobody counts

    def width(turns: int) -> float:
        told = measured(DETECTIONS, list(0.5 + own), turns=turns, noise=0.1)
        same = replace(told, samples=replace(told.samples, width=[500] * len(told.samples.width)))
        slope = content_figures([same]).slopes["detections"]
        return slope.high - slope.low

    assert width(40) == pytest.approx(width(4), rel=0.1)


def test_processes_are_pooled_by_how_their_pictures_differ_not_by_their_levels() -> None:
    slow, fast = measured(DETECTIONS, MEGAPIXELS, level=60.0), measured(DETECTIONS, MEGAPIXELS, level=40.0, seed=2)
    figures = content_figures([slow, fast])
    assert figures.slopes["detections"].value == pytest.approx(PER_DETECTION, rel=0.05)
    assert figures.explained is not None and figures.explained > 0.99
    assert figures.at[0].value == pytest.approx(50 + PER_MEGAPIXEL * np.mean(MEGAPIXELS), rel=0.01)


def test_one_picture_that_nothing_explains_hardly_bends_the_line() -> None:
    odd = list(MEGAPIXELS)
    told = measured(DETECTIONS, odd)
    named = zip(told.samples.wall_ms, told.samples.image, strict=True)
    slowed = [ms + (60.0 if image == "4.jpg" else 0.0) for ms, image in named]
    figures = content_figures([replace(told, samples=replace(told.samples, wall_ms=slowed))])
    assert figures.slopes["megapixels"].value == pytest.approx(PER_MEGAPIXEL, rel=0.1)


def test_too_few_pictures_make_no_line_and_say_so() -> None:
    figures = content_figures([measured(DETECTIONS[:4], MEGAPIXELS[:4])])
    assert not figures.slopes and not figures.at and figures.explained is None
    reason = "4 pictures are too few for a line: it takes 5"
    assert figures.missing["detections"] == figures.missing["10"] == figures.missing["explained"] == reason
    one = content_figures([measured([7], [0.3])])
    assert one.missing["detections"] == "1 picture is too few for a line: it takes 5"
    assert one.by_picture is None


def test_pictures_that_are_all_alike_make_no_line_and_say_so() -> None:
    figures = content_figures([measured([7] * 12, MEGAPIXELS)])
    assert set(figures.slopes) == {"megapixels"}
    assert figures.missing["detections"] == figures.missing["10"] == "every picture has 7 detections"
    alike = content_figures([measured(DETECTIONS, [0.5] * 12)])
    assert set(alike.slopes) == {"detections"}
    assert alike.missing["megapixels"] == "every picture has 0.5 megapixels"


def test_what_the_model_computed_on_is_told_from_the_pixels_of_the_picture_where_it_differs() -> None:
    plain = measured(DETECTIONS, MEGAPIXELS)
    assert content_figures([plain]).missing["computed_megapixels"] == UNSEEN
    fixed = content_figures([replace(plain, contents=contents([320] * 12))])
    assert fixed.missing["computed_megapixels"] == "the model resizes and pads every picture to 0.32 megapixels"
    doubled = content_figures([replace(plain, contents=contents([round(2000 * each) for each in MEGAPIXELS]))])
    assert "goes with the detections and megapixels" in doubled.missing["computed_megapixels"]
    mixed = content_figures(
        [replace(plain, contents=contents([900, 850, 700, 800, 760, 910, 870, 720, 880, 790, 830, 750]))]
    )
    assert set(mixed.slopes) == {"detections", "megapixels", "computed_megapixels"}


def test_files_of_the_same_pixels_are_one_picture() -> None:
    plain = measured(DETECTIONS, MEGAPIXELS)
    inputs = [Input(f"{i}.jpg", 1000, 1, "ab" if i < 2 else f"{i:02}") for i in range(12)]
    assert content_figures([replace(plain, inputs=inputs)]).pictures == 11


def test_pictures_whose_detections_vary_from_sample_to_sample_are_named() -> None:
    plain = measured(DETECTIONS, MEGAPIXELS)
    counts = [*plain.samples.detections]
    counts[3] += 1
    figures = content_figures([replace(plain, samples=replace(plain.samples, detections=counts))])
    assert figures.varied == ["3.jpg"]
