import csv
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from harness.catalogue import models, published
from harness.cli.commands.merge import merge_runs
from harness.documents import Host
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, StorageError
from runner.contract import Failure, Job, ModelSpec, Result, Variant, Weights
from tests.samples import NOW, job, latency, ok_result, run_folder, software

TIMES = [10.0, 12.0, 11.0, 14.0, 13.0, 15.0, 12.0, 11.0, 12.0]


def measured(of: Job, **changes: Any) -> Result:
    return ok_result(of, latency=latency(TIMES), **changes)


def merged(tmp_path: Path, *names: Path, allow: bool = False, with_published: bool = False) -> list[dict[str, Any]]:
    merge_runs([str(name) for name in names], tmp_path / "out", published=with_published, allow=allow)
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(tmp_path / "out" / "tidy.parquet").to_pylist()
    return rows


def test_the_tidy_table_has_a_row_for_each_cell_and_metric(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()), measured(job("ssdlite320_mobilenet_v3_large")))
    rows = merged(tmp_path, tmp_path / "a")
    assert len({(row["cell"], row["metric"]) for row in rows}) == len(rows)
    of_ssd = {row["metric"]: row for row in rows if row["model"] == "ssd300_vgg16"}
    assert (of_ssd["latency_mean"]["value"], of_ssd["latency_median"]["value"]) == (pytest.approx(110 / 9), 12.0)
    median = of_ssd["latency_median"]
    assert median["low"] <= 12.0 <= median["high"]
    assert (median["unit"], median["n"], median["reported"], median["pinned"]) == ("ms", 9, True, True)
    assert (median["torch"], median["hardware"], median["inputs"][:10]) == (
        "1.9.0+cu102",
        "AMD EPYC 7B12, 2 cores",
        "1 pictures",
    )
    assert not of_ssd["latency_mean"]["reported"]
    assert of_ssd["memory_rss_peak"]["value"] == 2 << 20
    assert "latency_p99" not in of_ssd  # too few samples


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job(), warnings=["mind, this"]))
    rows = merged(tmp_path, tmp_path / "a")
    with (tmp_path / "out" / "tidy.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows] == read


def test_a_folder_whose_name_is_no_text_is_written_to_like_any_other(tmp_path: Path) -> None:
    run_folder(tmp_path / os.fsdecode(b"\xff"), measured(job()))
    out = tmp_path / os.fsdecode(b"\xfe")
    merge_runs([str(tmp_path / os.fsdecode(b"\xff"))], out, published=False, allow=False)
    assert "\n\\udcff," in (out / "tidy.csv").read_text()
    assert (out / "tidy.parquet").read_bytes()[:4] == b"PAR1"


def test_a_cell_without_figures_has_a_row_that_says_why(tmp_path: Path) -> None:
    failed = replace(
        ok_result(job()), status="failed", latency=None, memory=None, failure=Failure("E", "broke", "", "model")
    )
    run_folder(tmp_path / "a", failed)
    (row,) = merged(tmp_path, tmp_path / "a")
    assert (row["status"], row["metric"], row["value"], row["warnings"]) == ("failed", None, None, "broke")


def test_runs_of_two_machines_stay_apart_under_equal_names(tmp_path: Path) -> None:
    for name, host in (("a", "one"), ("b", "two")):
        run_folder(tmp_path / name, measured(job()), host=Host(host))
    rows = merged(tmp_path, tmp_path / "a", tmp_path / "b")
    assert {(row["run"], row["host"]) for row in rows} == {("a", "one"), ("b", "two")}
    heading = (tmp_path / "out" / "latency.md").read_text().splitlines()[2]
    assert "| AMD EPYC 7B12, 2 cores · machine one |" in heading
    assert "| AMD EPYC 7B12, 2 cores · machine two |" in heading


def test_runs_are_called_by_the_ends_of_their_paths_that_tell_them_apart(tmp_path: Path) -> None:
    places = [tmp_path / "x" / "run", tmp_path / "y" / "run", tmp_path / "z"]
    for day, place in enumerate(places, 1):
        run_folder(place, measured(job(), started_at=f"2026-01-0{day}T00:00:00.000+00:00"), host=Host(None))
    rows = merged(tmp_path, *places)
    assert {row["run"] for row in rows} == {"x/run", "y/run", "z"}
    written = "".join((tmp_path / "out" / name).read_text() for name in ("tidy.csv", "latency.md", "latency.csv"))
    assert str(tmp_path) not in written
    assert all(f"unknown machine of {name}" in written for name in ("x/run", "y/run", "z"))


def test_each_column_of_a_csv_keeps_the_figures_that_stand_beside_it(tmp_path: Path) -> None:
    for name, found in (("a", 3), ("b", 8)):
        seen = ok_result(job(), latency=latency(TIMES, detections=found))
        run_folder(tmp_path / name, seen, host=Host(name))
    merged(tmp_path, tmp_path / "a", tmp_path / "b")
    with (tmp_path / "out" / "latency.csv").open(newline="") as file:
        heading, row = csv.reader(file)
    assert [name.split(" (")[0].split(" · ")[-1] for name in heading[2:]] == [
        *("machine a", "detections / image"),
        *("machine b", "detections / image"),
    ]
    assert row[2:] == ["12.00", "3.0", "12.00", "8.0"]


def test_what_failed_on_one_machine_is_not_said_of_another(tmp_path: Path) -> None:
    failure = Failure("E", "broke", "", "model")
    failed = replace(ok_result(job()), status="failed", latency=None, hardware=None, failure=failure)
    run_folder(tmp_path / "a", measured(job()), host=Host("one"))
    run_folder(tmp_path / "b", failed, host=Host("two"))
    merged(tmp_path, tmp_path / "a", tmp_path / "b")
    (note,) = [line for line in (tmp_path / "out" / "latency.md").read_text().splitlines() if "broke" in line]
    assert note.startswith("- cuda10.2 · not measured: ")


def test_repeats_in_two_runs_of_one_machine_are_averaged(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()))
    run_folder(tmp_path / "b", ok_result(job(), wall_ms=20.0, started_at="2026-01-03T00:00:00.000+00:00"))
    merged(tmp_path, tmp_path / "a", tmp_path / "b")
    assert "16.00" in (tmp_path / "out" / "latency.md").read_text()  # of 12 and 20


def test_a_copy_of_a_run_is_not_a_repeat(tmp_path: Path) -> None:
    for name in ("a", "copy"):
        run_folder(tmp_path / name, measured(job()))
    with pytest.raises(BadInput, match="name each run once"):
        merged(tmp_path, tmp_path / "a", tmp_path / "copy")
    assert not (tmp_path / "out").exists()


LATER = "2026-01-03T00:00:00.000+00:00"
OTHER = {
    "protocol": (measured(job(protocol="published-2021"), started_at=LATER), {}),
    "weights": (measured(job(model=ModelSpec("ssd300_vgg16", Weights("pretrained"))), started_at=LATER), {}),
    "weights of another file": (
        measured(job(model=ModelSpec("ssd300_vgg16", Weights("file", sha256="c" * 64))), started_at=LATER),
        {},
    ),
    "inputs": (measured(job(images=[]), started_at=LATER), {}),
    "threads": (measured(job(), started_at=LATER, software=software(threads=1)), {}),
    "iterations": (measured(job(variant=Variant(iterations=9)), started_at=LATER), {}),
    "torch": (measured(job(), started_at=LATER, software=software(torch="2.0")), {}),
    "pinned": (measured(job(), started_at=LATER), {"pinned": False}),
}


@pytest.mark.parametrize("what", OTHER)
def test_what_was_not_measured_alike_is_refused_unless_allowed_and_then_labelled(tmp_path: Path, what: str) -> None:
    other, seen = OTHER[what]
    run_folder(tmp_path / "a", measured(job()))
    run_folder(tmp_path / "b", other, **seen)
    word = what.split()[0]
    with pytest.raises(BadInput, match=rf"cuda10\.2 on AMD EPYC 7B12, 2 cores: {word} \(.* \| .*\); .*--allow"):
        merged(tmp_path, tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "out").exists()
    merged(tmp_path, tmp_path / "a", tmp_path / "b", allow=True)
    heading = (tmp_path / "out" / "latency.md").read_text().splitlines()[2]
    assert len(set(re.findall(r"\| +(cuda10\.2 · [^|]*?) *(?=\|)", heading))) == 2
    with (tmp_path / "out" / "latency.csv").open(newline="") as file:
        whole = [name for name in next(csv.reader(file)) if name.startswith("cuda10.2 · AMD EPYC 7B12, 2 cores · ")]
    assert len(set(whole)) == 2


def test_a_run_without_what_tells_of_its_pins_is_not_pinned(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()))
    other = run_folder(tmp_path / "b", measured(job(), started_at=LATER))
    (other.cell_folder(job()) / "execution.json").unlink()
    merged(tmp_path, tmp_path / "a", tmp_path / "b")
    heading = (tmp_path / "out" / "latency.md").read_text().splitlines()[2]
    assert " · pinned " in heading
    assert " · not pinned " in heading


def test_nothing_to_merge_is_said_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to merge"):
        merge_runs([], tmp_path / "out", published=False, allow=False)
    assert not (tmp_path / "out").exists()


def test_what_can_t_be_written_leaves_the_tables_of_before(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()))
    merged(tmp_path, tmp_path / "a")
    before = (tmp_path / "out" / "tidy.csv").read_bytes()
    (tmp_path / "out" / "tidy.parquet").unlink()
    (tmp_path / "out" / "tidy.parquet").mkdir()
    (tmp_path / "out" / "tidy.parquet" / "x").touch()
    with pytest.raises(StorageError, match=r"tidy\.parquet can't be written"):
        merged(tmp_path, tmp_path / "a")
    assert (tmp_path / "out" / "tidy.csv").read_bytes() == before
    assert not list((tmp_path / "out").glob(".*"))


def published_markdown(heading: str) -> list[list[str]]:
    """Return the cells of a table of the README published in 2021, with its heading row, as they are there."""
    text = (published.FOLDER / "sources" / "tables.md").read_text()
    lines = text[text.index(f"\n## {heading}\n") :].splitlines()
    rows = [line.strip().strip("|") for line in lines if line.startswith("|")]
    found: list[list[str]] = []
    for row in rows:
        if len(found) and row.count("|") != rows[0].count("|"):
            break
        found.append([cell.strip() for cell in row.split("|")])
    return [row for row in found if not set(row[0]) <= set(":-")]


def rendered(path: Path) -> list[list[str]]:
    lines = [line.strip().strip("|") for line in path.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in cells if not set(row[0]) <= set(":- ")]


def test_the_published_tables_come_out_again_cell_by_cell(tmp_path: Path) -> None:
    merge_runs([], tmp_path, published=True, allow=False)
    latencies, theirs = rendered(tmp_path / "latency.md"), published_markdown("latency")
    assert [heading.removeprefix("2021: ").removesuffix(" (ms)") for heading in latencies[0]] == theirs[0]
    assert latencies[1:] == theirs[1:]
    precisions, theirs = rendered(tmp_path / "map.md"), published_markdown("mAP")
    assert precisions[0] == [heading.replace("ARmidium", "ARmedium") for heading in theirs[0]]
    assert [row[0] for row in precisions[1:]] == [row[0] for row in theirs[1:]]
    for ours, cells in zip(precisions[1:], theirs[1:], strict=True):
        assert list(map(float, ours[1:])) == list(map(float, cells[1:]))


def test_a_published_cell_that_is_not_its_source_s_mean_is_flagged(tmp_path: Path) -> None:
    rows = merged(tmp_path, with_published=True)
    at = {(row["cell"], row["metric"]): row["value"] for row in rows}
    means = {cell: value for (cell, metric), value in at.items() if metric == "latency_mean"}
    odd = [cell for cell, mean in means.items() if abs(mean - at[cell, "latency_in_table"]) > published.ROUNDING_MS]
    assert odd == ["xeon--fasterrcnn_mobilenet_v3_large_320_fpn"]
    notes = (tmp_path / "out" / "latency.md").read_text()
    assert "114.34 is the 99th percentile of its file, whose mean is 106.60" in notes


def test_published_rates_are_of_seconds_and_the_ones_as_written_are_kept(tmp_path: Path) -> None:
    rows = merged(tmp_path, with_published=True)
    at = {(row["cell"], row["metric"]): row for row in rows}
    cell = "epyc--ssd300_vgg16"
    assert at[cell, "images_per_second"]["value"] == pytest.approx(1000 / at[cell, "latency_mean"]["value"])
    assert at[cell, "images_per_sec_as_published"]["value"] == pytest.approx(2062.97, abs=0.01)
    assert {row["n"] for row in rows} == {950, 5000}
    assert len({row["model"] for row in rows}) == sum(model.published_2021 for model in models().values())


def test_published_columns_stand_beside_measured_ones(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()))
    merged(tmp_path, tmp_path / "a", with_published=True)
    (row,) = rendered(tmp_path / "out" / "latency.md")[1:]
    assert [row[0], *row[1].split()[:1], row[2]] == ["SSD300 VGG16", "12.00", "7.0"]
    assert row[-5:] == ["32.09", "27.97", "31.47", "624.55", "484.80"]


def test_cells_without_a_result_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run_folder(tmp_path / "a", measured(job()), measured(job("retinanet_resnet50_fpn")))
    (folder.cell_folder(job("retinanet_resnet50_fpn")) / "result.json").unlink()
    merged(tmp_path, tmp_path / "a")
    assert "1 planned cell left out: no result yet" in capsys.readouterr().out


def test_a_run_streams(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", measured(job()), measured(job("retinanet_resnet50_fpn"), started_at=NOW))
    cells = RunFolder(tmp_path / "a").stream()
    assert next(cells).job == job()
    (tmp_path / "a" / "cells" / job("retinanet_resnet50_fpn").cell / "result.json").unlink()
    assert list(cells) == []
