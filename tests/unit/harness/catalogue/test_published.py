from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.catalogue import models, published
from harness.catalogue.published import FOLDER, check, latency
from harness.documents.run_folder import Cell
from harness.errors import BadDocument
from harness.report.latency import latency_table
from tests.samples import job, ok_result

PUBLISHED = [model.builder for model in models().values() if model.published_2021]


def test_every_column_has_its_source_with_every_model() -> None:
    for column in latency().values():
        assert list(column.models) == PUBLISHED
        assert (column.warmup_iterations, column.measured_iterations) == (50, 950)
    assert {path.name for path in (FOLDER / "sources").iterdir()} == {
        *(column.source.file for column in latency().values()),
        "tables.md",
    }


def test_statistics_are_in_milliseconds_whatever_the_file_has() -> None:
    gpu, cpu = latency()["t4"].models["ssd300_vgg16"], latency()["epyc"].models["ssd300_vgg16"]
    assert gpu.mean_ms == pytest.approx(31.475381)
    assert cpu.mean_ms == pytest.approx(484.809256)
    assert cpu.images_per_second == pytest.approx(1000 / 484.809256)
    assert cpu.images_per_sec_as_published == pytest.approx(2062.970881654082)
    assert (gpu.total_s, cpu.total_s) == pytest.approx((31.6369, 484.7886), abs=1e-4)


def test_one_cell_of_the_table_is_not_the_mean_of_its_file() -> None:
    (odd,) = [cell for cell in check() if cell.is_the != "mean"]
    assert (odd.column, odd.builder, odd.is_the) == ("xeon", "fasterrcnn_mobilenet_v3_large_320_fpn", "99th percentile")
    assert odd.mean_ms == pytest.approx(106.604123)
    assert len(check()) == 40
    assert all(cell.faithful for cell in check())


@pytest.mark.parametrize(
    ("cell_ms", "statistic"),
    [(10.01, "mean"), (9.0, "median"), (8.0, "minimum"), (12.0, "99th percentile"), (11.0, None)],
)
def test_a_cell_is_known_by_the_statistic_that_it_is(cell_ms: float, statistic: str | None) -> None:
    entry = {"latency_mean": 10.0, "latency_median": 9.0, "latency_min": 8.0, "99th_percentile": 12.0}
    figures = published.figures_of(entry | {"total_time": 1.0, "images_per_sec": 100.0}, "ms", cell_ms)
    assert published.statistic_of(figures) == statistic


def test_a_document_that_is_not_its_file_s_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    column = latency()["t4"]
    ssd = replace(column.models["ssd300_vgg16"], median_ms=1.0)
    changed = replace(column, models=column.models | {"ssd300_vgg16": ssd})
    other_file = replace(column, source=replace(column.source, sha256="0" * 64))
    monkeypatch.setattr(published, "latency", lambda: {"t4": changed})
    assert [cell.builder for cell in check() if not cell.faithful] == ["ssd300_vgg16"]
    monkeypatch.setattr(published, "latency", lambda: {"t4": other_file})
    assert not any(cell.faithful for cell in check())


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


def test_what_was_published_is_restored_rather_than_measured_again(tmp_path: Path) -> None:
    (tmp_path / "latency-t4.json").write_text("{}")
    for kind in (published.PublishedColumn, published.Accuracy):
        with pytest.raises(BadDocument, match="restore it from the repository"):
            documents.read(kind, tmp_path / "latency-t4.json")
