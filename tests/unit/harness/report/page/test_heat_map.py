from dataclasses import replace

from harness.analysis.timings import Timing, timings_of
from harness.catalogue import models
from harness.documents.run_folder import Cell
from harness.report.page.drawing import Row
from harness.report.page.heat_map import SHADES, heat_maps
from tests.unit.harness.page_cells import PUBLISHED, exact, page_cells, threaded, timed


def places(rows: list[Row]) -> dict[tuple[object, object], Row]:
    return {(row["group"], row["column"]): row for row in rows if row["heading"] is None}


def timings(cells: list[Cell]) -> list[Timing]:
    return timings_of(cells)


def test_each_place_says_the_latency_beside_the_models_fastest() -> None:
    cells = [timed(PUBLISHED[4], "cpu"), timed(PUBLISHED[4], "cpu-debian13"), timed(PUBLISHED[4], "cuda10.2")]
    known = {timing.series.environment: timing.ms for timing in timings(cells)}
    [chart] = heat_maps(timings(cells))
    found = places(chart.rows)
    for environment, ms in known.items():
        text = str(found["SSD300 VGG16", environment]["text"])
        assert abs(float(text) - ms / min(known.values())) < 0.006
    assert found["SSD300 VGG16", "cpu"]["text"] == "1.00"


def test_the_title_says_who_is_fastest_and_what_the_worst_choice_costs() -> None:
    [chart] = heat_maps(timings(page_cells(["cpu-debian13", "cpu"])))
    assert chart.title.startswith("cpu is fastest for all 8 models; ")
    assert " times as long in cpu-debian13 as in cpu" in chart.title


def test_who_is_fastest_by_intervals_that_overlap_is_not_so_beyond_doubt() -> None:
    near, far = (timings([exact(PUBLISHED[0], 60, "cpu"), exact(PUBLISHED[0], ms, "cuda10.2")]) for ms in (62, 90))
    wide = [replace(timing, low_ms=timing.ms - 5, high_ms=timing.ms + 5) for timing in near]
    others = [replace(timing, model=models()[PUBLISHED[1]]) for timing in far]
    assert [chart.title for chart in heat_maps(wide)] == [
        "cpu is fastest for Faster R-CNN ResNet-50 FPN, but not beyond doubt"
    ]
    (both,) = heat_maps([*wide, *others])
    name = models()[PUBLISHED[1]].display
    assert both.title == (
        f"cpu is fastest for all 2 models, beyond doubt for 1; {name} takes 1.5 times as long in cuda10.2 as in cpu"
    )


def test_a_model_that_one_environment_measured_is_left_out_and_nothing_is_drawn_of_one_environment() -> None:
    cells = [timed(PUBLISHED[0], "cpu"), timed(PUBLISHED[0], "cuda10.2"), timed(PUBLISHED[1], "cpu")]
    [chart] = heat_maps(timings(cells))
    assert {row["group"] for row in chart.rows} == {"Faster R-CNN ResNet-50 FPN"}
    assert heat_maps(timings(page_cells(["cpu"]))) == []


def test_each_variant_has_a_map_of_its_own_whose_title_says_which() -> None:
    cells = [threaded(timed(PUBLISHED[0], env), threads) for env in ("cpu", "cuda10.2") for threads in (1, 2)]
    charts = heat_maps(timings(cells))
    assert [chart.name for chart in charts] == ["heat-map", "heat-map-2"]
    assert [chart.title.rpartition(" (")[2] for chart in charts] == ["threads: 1)", "threads: 2)"]
    assert all({row["column"] for row in chart.rows if row["label"]} == {"cpu", "cuda10.2"} for chart in charts)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_what_stands_in_a_place_is_readable_on_its_shade() -> None:
    """WCAG 2.2 asks for a contrast of 4.5 between a text and its ground."""
    for _, fill, ink in SHADES:
        dark, light = sorted([luminance(fill), luminance(ink)])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (fill, ink)
