"""What Python answers, beside what the command prints."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness import documents
from harness.data import coco, shapes
from runner.contract import SCHEMA_VERSION
from tests.command_line import told, told_json
from tests.samples import job, ok_result, plan, run_folder, software
from tests.unit.harness.pass_runs import PICTURES, cell, run_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "some-shapes"
    shapes.generate(folder, PICTURES, 0)
    return folder


@pytest.fixture(scope="module")
def passes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three passes, the second within the tolerances of the first, the third beyond."""
    path = tmp_path_factory.mktemp("passes") / "run"
    return run_of(data, path, cell("a"), cell("b", shift=0.01), cell("c", "cpu", shift=30.0)).path


@pytest.fixture(scope="module")
def files(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Annotations, and each third object of them as a detection."""
    annotations = coco.read(data / "annotations" / "instances.json")
    objects = [each for each in annotations.objects if not each["iscrowd"]][::3]
    detections = [
        {"image_id": each["image_id"], "category_id": each["category_id"], "score": 0.9, "bbox": each["bbox"]}
        for each in objects
    ]
    path = tmp_path_factory.mktemp("files") / "detections.json"
    path.write_text(json.dumps(detections))
    return annotations.path, path


def test_a_file_has_the_scores_that_the_command_prints(files: tuple[Path, Path]) -> None:
    annotations, detections = files
    printed = told_json("score", "--annotations", annotations, "--detections", detections, "--box-rule", "truncate-int")
    scores = harness.score(annotations, str(detections), box_rule="truncate-int")
    (document,) = scores.documents
    assert asdict(document) == printed
    assert scores.metrics.set_index("metric").value.to_dict() == printed["metrics"]
    assert scores.by_category.set_index("category").AP.dropna().to_dict() == {
        name: ap for name, ap in printed["ap_by_category"].items() if ap != -1
    }
    assert scores.tide.set_index("error").AP50.to_dict() == printed["tide"]
    assert set(scores.metrics.box_rule) == {"truncate-int"}
    assert "COCO's metrics" in repr(scores)


def test_where_nothing_can_be_scored_the_figure_is_missing(files: tuple[Path, Path], tmp_path: Path) -> None:
    annotations = json.loads(files[0].read_text())
    small = [each for each in annotations["annotations"] if each["area"] < 32**2]
    (tmp_path / "small.json").write_text(json.dumps(annotations | {"annotations": small}))
    scores = harness.score(tmp_path / "small.json", files[1])
    assert scores.metrics.set_index("metric").value.isna()[["APsmall", "APlarge"]].tolist() == [False, True]


def test_a_run_has_the_scores_that_the_command_prints(passes: Path) -> None:
    printed = told_json("score", passes)
    scores = harness.score(run=passes)
    assert [asdict(document) for document in scores.documents] == printed
    assert set(scores.metrics.cell) == {"a", "b", "c"}
    ap = scores.metrics.query("cell == 'a' and iou == 'bbox' and box_rule == 'float' and metric == 'AP'")
    (score,) = [each for each in printed[0]["scores"] if (each["iou"], each["box_rule"]) == ("bbox", "float")]
    assert ap.value.tolist() == [score["metrics"]["AP"]]
    assert scores.problems == []


def test_what_is_scored_has_to_be_said(files: tuple[Path, Path], passes: Path, tmp_path: Path) -> None:
    calls: list[Callable[[], object]] = [
        lambda: harness.score(),
        lambda: harness.score(files[0]),
        lambda: harness.score(files[0], files[1], run=passes),
    ]
    for call in calls:
        with pytest.raises(harness.BadInput, match="nothing was named to score"):
            call()
    with pytest.raises(harness.BadInput, match="did you mean bbox"):
        harness.score(*files, iou="box")
    with pytest.raises(harness.BadInput, match="there is no annotation file"):
        harness.score(tmp_path / "nowhere", files[1])
    run_folder(tmp_path / "timed", ok_result(job()))
    with pytest.raises(harness.BadInput, match="has no detections yet"):
        harness.score(run=tmp_path / "timed")


def test_passes_agree_as_the_command_prints(passes: Path) -> None:
    printed = told_json("agree", passes, exit_code=1)
    found = harness.agree(passes)
    assert [asdict(document) for document in found.documents] == printed
    assert not found.agreed
    assert found.passes.other_cell.tolist() == ["b", "c"]
    assert found.passes.verdict.tolist() == [each["verdict"] for each in printed] == ["equal", "different"]
    assert found.passes.box_shift_px[0] == printed[0]["box_shift_px"] > 0
    assert found.images.cell.tolist() == ["c"] * len(printed[1]["worst"])
    assert set(found.ap.iou) == {"bbox"}
    assert all(path.is_file() for path in found.pictures)
    assert "something differs" in repr(found)


def test_a_tolerance_decides_and_pictures_go_where_they_are_told(passes: Path, tmp_path: Path) -> None:
    strict = harness.agree(passes, box_tolerance=0.001, pictures=tmp_path / "drawn")
    assert strict.passes.verdict.tolist() == ["different", "different"]
    assert strict.pictures
    assert all(path.is_relative_to(tmp_path / "drawn") for path in strict.pictures)


def test_two_runs_are_compared_and_one_with_a_sweep(data: Path, passes: Path, tmp_path: Path) -> None:
    other = run_of(data, tmp_path / "other", cell("a"))
    found = harness.agree(passes, harness.open_run(other.path))
    assert found.agreed
    assert found.passes[["reference_run", "other_run", "other_cell"]].values.tolist() == [["run", "other", "a"]]
    with pytest.raises(harness.BadInput, match="2 runs were named"):
        harness.agree(passes, other.path, sweep=True)
    with pytest.raises(harness.BadInput, match="box_tolerance can't be -1; give a number from 0 on"):
        harness.agree(passes, box_tolerance=-1)
    with pytest.raises(harness.BadInput, match="box_tolerance can't be nan"):
        harness.agree(passes, box_tolerance=math.nan)


def test_tables_are_those_of_the_report(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()), ok_result(job(environment="local"), wall_ms=20.0))
    tables = harness.tables(folder.path, published=True)
    printed = told("report", folder.path, "--published", "--format", "markdown")
    assert "\n".join(table.markdown() for table in tables) == printed
    assert "\n".join(table.csv() for table in tables) == told("report", folder.path, "--published", "--format", "csv")
    assert tables[0].frame.index.tolist() == ["SSD300 VGG16"]
    assert tables[0].frame.iloc[0].tolist()[:1] == ["10.00"]


def test_text_of_a_table_is_obeyed_by_nobody() -> None:
    frame = pd.DataFrame({"<b>head</b>\x1b[1m": ["<img src=x>\x1b]0;title\x07"]})
    table: Any = harness.TextTable("<i>", frame, ["<script>"], None)  # type: ignore[arg-type]
    assert "\x1b" not in repr(table) + table._repr_html_()
    assert not [part for part in ("<i>", "<img", "<script>", "<b>head") if part in table._repr_html_()]


def test_a_page_is_written_where_it_is_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    written = harness.page(folder.path, out=tmp_path / "page")
    assert written == tmp_path / "page" / "report.html"
    told("report", folder.path, "-o", tmp_path / "told")
    assert (tmp_path / "page" / "latency.svg").read_bytes() == (tmp_path / "told" / "latency.svg").read_bytes()


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    for function in (harness.tables, lambda run: harness.page(run, out=tmp_path / "page")):
        with pytest.raises(harness.BadInput, match="no cell has a result yet"):
            function(folder.path)
    assert not (tmp_path / "page").exists()


def test_what_was_not_measured_alike_is_refused_as_by_merge_or_labelled(tmp_path: Path) -> None:
    one = run_folder(tmp_path / "one", ok_result(job()))
    two = run_folder(
        tmp_path / "two", ok_result(job(), software=software(threads=1), started_at="2026-01-03T00:00:00Z")
    )
    with pytest.raises(harness.BadInput) as told_so:
        told("merge", one.path, two.path, "-o", tmp_path / "out")
    with pytest.raises(harness.BadInput) as raised:
        harness.load(one.path, two.path)
    assert str(raised.value) == str(told_so.value)
    frame = harness.load(one.path, harness.open_run(two.path), allow=True)
    assert set(frame.threads) == {1, 2}
    assert len(frame.attrs["not_comparable"]) == 1
    assert not (tmp_path / "out").exists()


def test_a_frame_of_nothing_and_a_run_that_comes_twice_are_errors(tmp_path: Path) -> None:
    with pytest.raises(harness.BadInput, match="there is nothing to merge"):
        harness.load()
    empty, one = run_folder(tmp_path / "empty"), run_folder(tmp_path / "one", ok_result(job()))
    with pytest.raises(harness.BadInput, match="there is nothing to merge"):
        harness.load(empty.path)
    with pytest.raises(harness.BadInput, match="name each run once"):
        harness.load(one.path, one.path)
    assert set(harness.load(published=True).run) == {"published in 2021"}


def test_what_is_planned_and_has_no_result_is_counted(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    documents.write(folder.path / "plan.json", plan(job(), replace(job(), cell="later")))
    assert harness.load(folder.path).attrs == {"missing": 1, "not_comparable": []}


def test_no_text_of_the_tidy_table_is_obeyed_by_a_terminal(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(), software=software(torch="1.9\x1b[31m")))
    frame = harness.load(folder.path)
    assert set(frame.torch) == {"1.9"}
    assert frame.torch.dtype == "category"


def test_a_result_of_a_newer_harness_is_an_error_and_stays(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    path = folder.cell_folder(job()) / "result.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'))
    before = path.read_text()
    assert '"schema_version": 99' in before
    calls: list[Callable[[], object]] = [
        lambda: harness.load(folder.path),
        lambda: harness.merge(folder.path, out=tmp_path / "out"),
    ]
    for call in calls:
        with pytest.raises(harness.BadDocument, match="update the harness"):
            call()
    assert path.read_text() == before
    assert not (tmp_path / "out").exists()
