"""The figures of the wide tables are pivots of the tidy one, as docs/results.md says it to whoever has pandas."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from harness.analysis.merging import merged
from harness.analysis.tidy import COLUMNS, Rows, whole_of
from harness.analysis.tidy_figure import TidyFigure
from harness.catalogue import detectors
from harness.paths import ROOT
from harness.report.export import write, write_csv, write_parquet
from harness.text import GAP
from tests.samples import job, ok_result, run_folder

REFERENCE = [str(ROOT / "results" / "reference" / name) for name in ("quick-1", "accuracy-shapes")]


def pivots(frame: pd.DataFrame) -> dict[str, Any]:
    """Run the lines of the documentation on the frame and return what they name."""
    section = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").split("## Many runs in one table")[1]
    names = {"frame": frame}
    exec(section.split("```python\n")[1].split("```")[0], names)
    return names


def tables(tmp_path: Path, runs: Sequence[str], *, published: bool) -> tuple[dict[str, Any], list[list[str]], Any]:
    """Return the pivots of merged runs, and the lines of latency.csv and map.csv."""
    whole = merged(runs, published=published)
    write(whole, tmp_path, published)
    latency, precision = (list(csv.reader((tmp_path / f"{name}.csv").open())) for name in ("latency", "map"))
    return pivots(whole.frame), latency, precision


def builders(frame: pd.DataFrame) -> dict[str, str]:
    return {each.display: each.builder for each in detectors(frame["model"].cat.categories)}


def text(value: float, form: str) -> str:
    return GAP if value != value else f"{value:{form}}"


def latency_columns(pivots: dict[str, Any], headings: Sequence[str]) -> Iterator["pd.Series[str]"]:
    """Yield the columns of these headings as the pivots have them."""
    place: tuple[str, ...] = ()
    for heading in headings:
        if heading.startswith("2021: "):
            yield pivots["published"][heading.removeprefix("2021: ").removesuffix(" (ms)")].map(lambda ms: f"{ms:.2f}")
        elif heading.endswith(" (ms)"):
            place = tuple(heading.removesuffix(" (ms)").split(" · "))
            yield pivots["latencies"][(*place, "ms")].map(lambda ms: text(ms, ".2f"))
        else:
            assert heading == "detections / image"
            yield pivots["latencies"][(*place, "1")].map(lambda number: text(number, ".1f"))


def assert_latencies_are_pivots(pivots: dict[str, Any], lines: list[list[str]]) -> None:
    (_, _, *headings), *rows = lines
    columns, builder = list(latency_columns(pivots, headings)), builders(pivots["frame"])
    assert rows
    assert columns
    for _, model, *figures in rows:
        assert figures == [column.get(builder[model], GAP) for column in columns]


def assert_scores_are_pivots(pivots: dict[str, Any], lines: list[list[str]]) -> None:
    """Compare them as sets of rows: two passes of one environment are told apart by the title of their table."""
    (_, _, *headings), *rows = lines
    metrics = [name for name in headings if name in pivots["scores"].columns]
    left_out = [place for place, name in enumerate(headings) if name not in metrics]
    named = {builder: display for display, builder in builders(pivots["frame"]).items()}
    expected = []
    for place, score in pivots["scores"].iterrows():
        of = dict(zip(pivots["scores"].index.names, place, strict=True))
        rule = "" if of["run"] == "published in 2021" or of["iou"] != "bbox" else f", {of['box_rule']}"
        expected.append([named[of["model"]] + rule, *(text(100 * score[name], ".2f") for name in metrics)])
    shown = [
        [model, *(each or GAP for n, each in enumerate(figures) if n not in left_out)] for _, model, *figures in rows
    ]
    assert {headings[place] for place in left_out} <= {"95 % interval", "published AP"}
    assert shown
    assert sorted(shown) == sorted(expected)


@pytest.mark.parametrize("published", [False, True])
def test_the_figures_of_the_reference_runs_are_pivots(tmp_path: Path, published: bool) -> None:
    made, latency, precision = tables(tmp_path, REFERENCE, published=published)
    assert_latencies_are_pivots(made, latency)
    assert_scores_are_pivots(made, precision)
    assert sum(heading.endswith(" (ms)") for heading in latency[0]) == (8 if published else 3)


def test_the_figures_over_environments_and_repeats_are_pivots(tmp_path: Path) -> None:
    measured = [
        (environment, builder, repeat)
        for environment in ("cuda10.2", "cuda11.8", "local")
        for builder in ("ssd300_vgg16", "retinanet_resnet50_fpn")
        for repeat in (1, 2, 3)
        if (environment, builder) != ("local", "ssd300_vgg16")  # whose place in the table stays empty
    ]
    results = [
        ok_result(
            replace(job(builder, environment), repeat=repeat, cell=f"{environment}--{builder}--r{repeat}"),
            wall_ms=10.0 * number + 0.37 * repeat,
        )
        for number, (environment, builder, repeat) in enumerate(measured, start=1)
    ]
    names = [str(run_folder(tmp_path / "run", *results).path)]
    made, latency, _ = tables(tmp_path / "out", names, published=False)
    assert len(latency[0]) == 2 + 2 * 3
    assert_latencies_are_pivots(made, latency)


def test_the_figures_of_what_was_published_are_pivots(tmp_path: Path) -> None:
    made, latency, precision = tables(tmp_path, [], published=True)
    (_, _, *headings), *rows = latency
    columns, builder = list(latency_columns(made, headings)), builders(made["frame"])
    assert [row[2:] for row in rows] == [[column[builder[row[1]]] for column in columns] for row in rows]
    assert_scores_are_pivots(made, precision)


def test_each_line_of_the_csv_has_the_labels_of_its_cell_and_what_is_unknown_is_empty(tmp_path: Path) -> None:
    rows = Rows()
    rows.add({"run": "a", "cell": '1, "x"', "threads": 2, "pinned": True}, [TidyFigure("m", value=0.1, n=3)] * 2)
    rows.add({"run": "=1+1", "cell": "", "pinned": False}, [])
    rows.add({"run": "a", "cell": "é"}, [TidyFigure("load", value=1e300, low=float("nan"), high=2.0, reported=True)])
    write_csv(whole_of([rows.tidy()]), tmp_path / "tidy.csv")
    with (tmp_path / "tidy.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == list(COLUMNS)
    said = [{name: text for name, text in line.items() if text} for line in lines]
    first = {"run": "a", "cell": '1, "x"', "threads": "2", "pinned": "True"}
    assert said == [
        *[first | {"metric": "m", "reported": "False", "value": "0.1", "n": "3"}] * 2,
        {"run": "'=1+1", "pinned": "False", "reported": "False"},
        {"run": "a", "cell": "é", "metric": "load", "reported": "True", "value": "1e+300", "high": "2.0"},
    ]


def test_of_no_rows_there_are_the_columns(tmp_path: Path) -> None:
    write_csv(whole_of([]), tmp_path / "tidy.csv")
    assert (tmp_path / "tidy.csv").read_text() == ",".join(COLUMNS) + "\n"
    write_parquet(whole_of([]), tmp_path / "tidy.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "tidy.parquet").column_names == list(COLUMNS)
