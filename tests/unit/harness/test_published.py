import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness import published
from harness.catalogue import models
from harness.published import FOLDER, Column, check, latency
from harness.report.latency import latency_table
from harness.storage import Cell
from tests.samples import job, ok_result

PUBLISHED = [model.builder for model in models().values() if model.published_2021]


def test_every_column_has_its_source_with_every_model() -> None:
    for column in latency().values():
        assert list(column.statistics()) == PUBLISHED
    assert {path.name for path in (FOLDER / "sources").iterdir()} == {column.source for column in latency().values()}


def test_statistics_are_in_milliseconds_whatever_the_file_has() -> None:
    gpu, cpu = latency()["t4"].statistics(), latency()["epyc"].statistics()
    assert gpu["ssd300_vgg16"].mean_ms == pytest.approx(31.475381)
    assert cpu["ssd300_vgg16"].mean_ms == pytest.approx(484.809256)
    assert cpu["ssd300_vgg16"].images_per_second == pytest.approx(1000 / 484.809256)
    assert cpu["ssd300_vgg16"].images_per_sec == pytest.approx(2062.970881654082)
    assert (gpu["ssd300_vgg16"].total_s, cpu["ssd300_vgg16"].total_s) == pytest.approx((31.6369, 484.7886), abs=1e-4)


def test_one_cell_of_the_table_is_not_the_mean_of_its_file() -> None:
    (odd,) = [cell for cell in check() if cell.is_the != "mean"]
    assert (odd.column, odd.builder, odd.is_the) == ("xeon", "fasterrcnn_mobilenet_v3_large_320_fpn", "99th percentile")
    assert odd.mean_ms == pytest.approx(106.604123)
    assert len(check()) == 40


def test_a_cell_that_is_no_statistic_of_its_file_is_known_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources").mkdir()
    entry = {"latency_mean": 10.0, "latency_median": 9.0, "latency_min": 8.0, "99th_percentile": 12.0}
    (tmp_path / "sources" / "x.json").write_text(
        json.dumps({"a": entry | {"total_time": 1.0, "images_per_sec": 100.0}})
    )
    column = Column("h", "s", "x.json", False, {"a": 10.01})
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    found = []
    for cell_ms in (10.01, 9.0, 8.0, 12.0, 11.0):
        monkeypatch.setattr(published, "latency", lambda ms=cell_ms: {"c": replace(column, latency_ms={"a": ms})})
        found += [cell.is_the for cell in check()]
    assert found == ["mean", "median", "minimum", "99th percentile", None]


def test_the_table_says_what_is_not_the_mean() -> None:
    builder = "fasterrcnn_mobilenet_v3_large_320_fpn"
    notes = latency_table([Cell(job(builder), ok_result(job(builder)), None)], with_published=True).notes
    (note,) = [note for note in notes if "99th percentile" in note]
    assert note.startswith(
        "2021: Intel Xeon CPU @ 2.3GHz (Colab), Faster R-CNN MobileNetV3-Large 320 FPN: 114.34 is the "
    )
    assert note.endswith("99th percentile of its file, whose mean is 106.60")
    others = latency_table([Cell(job(), ok_result(job()), None)], with_published=True).notes
    assert not any("99th percentile" in note for note in others)
