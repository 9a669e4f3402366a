import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from harness.analysis.repetition import ApRow, compare, repeats
from harness.catalogue import columns, published
from harness.catalogue.columns import MAP
from harness.cli.pages import pages
from harness.documents import Execution, Host
from harness.documents.run_folder import Cell
from harness.documents.scores import ApInterval, CellScores, Score
from harness.errors import BadInput
from harness.plan import budget
from harness.report.latency_columns import EFFORT
from harness.report.repetition import reproduction_table
from harness.report.table import Form
from harness.scoring.evaluate import METRICS
from harness.text import GAP
from runner.contract import Dataset, Detections, Failure, Job, ModelSpec, Variant, Weights
from tests.samples import hardware, job, latency, ok_result, plan, software

R50, SSD, LITE = "fasterrcnn_resnet50_fpn", "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"
MOBILE320 = "fasterrcnn_mobilenet_v3_large_320_fpn"
EPYC = published.latency()["epyc"].latency_ms
PROTOCOL = "published-2021"
PINNED = Execution(1, "c", "docker", Host("h"), 0, False, False, 1.0, None, None, True, [])


def timed(builder: str, wall_ms: float, *, weights: Any = "pretrained", cores: int = 2, **changes: Any) -> Cell:
    of = job(builder, protocol=PROTOCOL, model=ModelSpec(builder, Weights(weights)), **changes)
    measured = latency([wall_ms - 1, wall_ms, wall_ms + 1] * 20)
    result = ok_result(of, latency=measured, hardware=replace(hardware("AMD EPYC 7B12"), usable_cores=cores))
    return Cell(of, result, PINNED)


def column(scale: float, column: str = "epyc", **changes: Any) -> list[Cell]:
    return [timed(builder, scale * ms, **changes) for builder, ms in columns.published_of(column).items()]


def verdicts(cells: list[Cell], column: str = "epyc") -> Mapping[str, str]:
    return {row.builder: row.verdict for row in compare(column, cells).latency}


def test_another_machine_that_is_slower_all_over_carries_over() -> None:
    found = compare("epyc", column(3.0))
    assert [row.verdict for row in found.latency] == ["carries over"] * 8
    assert [row.ratio for row in found.latency] == pytest.approx([3.0] * 8)
    assert [row.relative_ratio for row in found.latency] == pytest.approx([1.0] * 8)
    assert all(row.published_relative == pytest.approx(row.measured_relative) for row in found.latency)
    assert all(row.interval and row.interval.low_ms < row.measured_ms < row.interval.high_ms for row in found.latency)


def test_the_long_form_has_what_stands_behind_the_figures() -> None:
    cells = column(3.0)
    table = reproduction_table(compare("epyc", cells), [*cells, timed(SSD, 3.0 * EPYC[SSD])])
    assert EFFORT not in table.of(Form.SHORT).headings
    long = table.of(Form.LONG)
    assert long.headings[: len(long.headings) - 3] == table.of(Form.SHORT).headings
    assert long.headings[-3:] == ["detections / image", EFFORT, "images / s"]
    efforts = {row[0]: row[-2] for row in long.rows}
    times = "\N{MULTIPLICATION SIGN}"
    assert (efforts["SSD300 VGG16"], efforts["RetinaNet ResNet-50 FPN"]) == (f"2 {times} 60", f"1 {times} 60")


def test_a_model_out_of_line_with_the_others_differs() -> None:
    cells = [cell for cell in column(3.0) if cell.job.model.builder != SSD] + [timed(SSD, 2 * 3.0 * EPYC[SSD])]
    assert {builder for builder, verdict in verdicts(cells).items() if verdict == "differs"} == {SSD}


def test_the_published_machine_and_software_reproduce_the_figures_themselves() -> None:
    assert set(verdicts(column(1.04, cores=4)).values()) == {"reproduced"}
    assert set(verdicts(column(1.06, cores=4)).values()) == {"not reproduced"}
    assert set(verdicts(column(1.04, cores=4, environment="cuda11.1")).values()) == {"carries over"}
    unpinned = [replace(cell, execution=replace(PINNED, pinned=False)) for cell in column(1.04, cores=4)]
    assert set(verdicts(unpinned).values()) == {"carries over"}
    untold = [replace(cell, execution=None) for cell in column(1.04, cores=4)]
    assert set(verdicts(untold).values()) == {"carries over"}


def test_random_weights_are_never_called_reproduced() -> None:
    found = compare("epyc", column(1.0, cores=4, weights="random"))
    assert {row.verdict for row in found.latency} == {"not comparable"}
    assert [row.ratio for row in found.latency] == pytest.approx([1.0] * 8)
    (note,) = [note for note in reproduction_table(found, column(1.0, weights="random")).notes if "not comp" in note]
    assert note.startswith("not comparable: random weights do other work")


def test_one_model_alone_has_no_relations_to_carry_over() -> None:
    assert verdicts([timed(SSD, 3 * EPYC[SSD])]) == {SSD: "not comparable"}
    assert verdicts([timed(SSD, EPYC[SSD], cores=4)]) == {SSD: "reproduced"}


def test_relations_are_those_of_the_models_that_both_have() -> None:
    found = compare("epyc", [timed(SSD, 4 * EPYC[SSD]), timed(LITE, EPYC[LITE])])
    ssd, lite = found.latency
    assert (ssd.relative_ratio, lite.relative_ratio) == pytest.approx((2.0, 0.5))
    assert ssd.published_relative * lite.published_relative == pytest.approx(1.0)


def test_repeats_of_a_model_are_one_row_whose_interval_is_over_processes() -> None:
    twice = [timed(SSD, 400.0), replace(timed(SSD, 600.0), job=replace(timed(SSD, 600.0).job, repeat=2))]
    ssd, _ = compare("epyc", [*twice, timed(LITE, EPYC[LITE])]).latency
    assert ssd.measured_ms == pytest.approx(500.0)
    assert ssd.processes == 2
    assert ssd.interval
    assert ssd.interval.low_ms < 400 < 600 < ssd.interval.high_ms  # t of one degree of freedom
    assert ssd.verdict == "can't tell"


def spread(share: float, factor: float, cores: int) -> Cell:
    """Return a cell whose mean is `factor` times the published one, known to about the share."""
    cell = timed(SSD, factor * EPYC[SSD], cores=cores)
    assert cell.result.latency
    times = [factor * EPYC[SSD] * (1 + 3 * share * (-1) ** i) for i in range(40)]
    return replace(cell, result=replace(cell.result, latency=latency(times)))


@pytest.mark.parametrize(
    ("factor", "share", "verdict"),
    [
        (1.0, 0.01, "reproduced"),
        (1.08, 0.01, "not reproduced"),
        (1.05, 0.01, "can't tell"),
        (0.95, 0.01, "can't tell"),
        (1.0, 0.2, "can't tell"),
    ],
)
def test_an_interval_that_reaches_over_the_margin_decides_nothing(factor: float, share: float, verdict: str) -> None:
    cell = spread(share, factor, cores=4)
    assert verdicts([cell]) == {SSD: verdict}
    notes = reproduction_table(compare("epyc", [cell]), [cell]).notes
    assert any(note.startswith("can't tell: ") for note in notes) == (verdict == "can't tell")


def test_too_few_samples_for_an_interval_decide_nothing() -> None:
    cell = timed(SSD, EPYC[SSD], cores=4)
    assert cell.result.latency
    once = replace(cell, result=replace(cell.result, latency=latency([EPYC[SSD]])))
    assert verdicts([once]) == {SSD: "can't tell"}


def test_what_was_not_measured_alike_is_neither_averaged_nor_set_side_by_side() -> None:
    cell = timed(SSD, 400.0)
    other = replace(cell, result=replace(cell.result, software=software(threads=1)))
    with pytest.raises(BadInput, match=r"epyc was not measured alike: .* threads: 2 \| .* threads: 1; .* --allow"):
        compare("epyc", [cell, other])
    passed = detected(0.252)
    read = replace(passed, job=replace(passed.job, variant=Variant(reader="pil")))
    with pytest.raises(BadInput, match=r"map was not measured alike: .* \| .*pil, batch 1"):
        compare(MAP, [passed, read])


def test_a_published_figure_that_is_no_mean_is_compared_by_the_mean_of_its_file() -> None:
    found = compare("xeon", column(2.0, "xeon"))
    (odd,) = [row for row in found.latency if row.builder == MOBILE320]
    assert odd.published_ms == pytest.approx(106.604123)
    notes = reproduction_table(found, column(2.0, "xeon")).notes
    (note,) = [note for note in notes if "114.34" in note]
    assert note.endswith("published as 114.34, the 99th percentile of its file; the file's mean stands here")


def test_a_model_that_failed_has_no_row_but_its_reason() -> None:
    lost = timed(LITE, 1.0)
    failure = Failure("OutOfMemory", "the process passed its memory limit", "raise --memory", "infrastructure")
    lost = replace(lost, result=replace(lost.result, status="out_of_memory", latency=None, failure=failure))
    cells = [timed(SSD, 900.0), timed(R50, 9000.0), lost]
    found = compare("epyc", cells)
    assert [row.builder for row in found.latency] == [SSD, R50]
    notes = reproduction_table(found, cells).notes
    assert "SSDlite320 MobileNetV3-Large: out_of_memory, the process passed its memory limit; raise --memory" in notes
    assert compare("epyc", [lost]).latency == []


def test_fewer_iterations_and_other_software_are_labelled() -> None:
    shortened = budget.shortened(plan(*(cell.job for cell in column(3.0))), 7).cells
    cells = [replace(cell, job=planned.job) for cell, planned in zip(column(3.0), shortened, strict=True)]
    cells = [replace(cell, execution=replace(PINNED, pinned=False)) for cell in cells]
    notes = reproduction_table(compare("epyc", cells), cells).notes
    assert "iterations: 7 instead of the protocol's own" in notes
    assert "the software is not the published one as its environment pins it" in notes


def test_an_interval_that_reaches_below_zero_says_nothing_and_is_not_shown() -> None:
    wild = timed(SSD, 1.0)
    wild = replace(wild, result=replace(wild.result, latency=latency([100.0, 900.0])))
    cells = [wild, timed(LITE, 50.0)]
    table = reproduction_table(compare("epyc", cells), cells)
    assert [row[3] for row in table.rows] == [GAP, "49.79 to 50.21"]


@pytest.mark.parametrize("cells", [column(3.0), column(1.0, cores=4), column(9.99, weights="random")])
def test_the_table_fits_eighty_columns(cells: list[Cell]) -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    for page in pages(reproduction_table(compare("epyc", cells), cells), console):
        console.print(page)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def passes(n: int, builder: str = SSD, **changes: Any) -> Job:
    dataset = Dataset("coco-val2017", "0" * 64, [1], list(range(n)), [f"{i}.jpg" for i in range(n)])
    return job(builder, "cuda11.4", suite="accuracy", dataset=dataset, images=[], protocol=PROTOCOL, **changes)


def detected(ap: float, builder: str = SSD, images: int = 5000, weights: Any = "pretrained") -> Cell:
    of = passes(images, builder, model=ModelSpec(builder, Weights(weights)))

    def scored(rule: Any, value: float) -> Score:
        metrics = {**dict.fromkeys(METRICS["bbox"], 0.25), "AP": value}
        interval = ApInterval(value - 0.005, value + 0.005, 0.95, 1000, 0)
        return Score("bbox", rule, "hotcoco", "1", images, 20, 50, metrics, {}, interval, None, None, None)

    scores = [scored("float", ap + 0.004), scored("truncate-int", ap)]
    done = Detections("detections.sqlite", images, 50, 0, [], 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
    document = CellScores(1, of.cell, "0" * 64, "0" * 64, 0, 0, 0, scores, [])
    return Cell(of, ok_result(of, latency=None, detections=done), PINNED, document)


def ap_row(cell: Cell) -> ApRow:
    (row,) = compare(MAP, [cell]).ap
    return row


def test_a_published_ap_within_the_interval_is_reproduced() -> None:
    row = ap_row(detected(0.252))
    assert (row.published_ap, row.verdict) == (25.0, "reproduced")
    assert (row.measured_ap, row.difference, row.float_ap) == pytest.approx((25.2, 0.2, 25.6))
    assert ap_row(detected(0.256)).verdict == "not reproduced"
    assert ap_row(detected(0.244)).verdict == "not reproduced"


def test_fewer_images_or_random_weights_say_nothing_of_the_published_ap() -> None:
    for cell in (detected(0.25, images=500), detected(0.25, weights="random")):
        assert ap_row(cell).verdict == "not comparable"
    few = detected(0.25, images=500)
    notes = reproduction_table(compare(MAP, [few]), [few]).notes
    assert "images: 500 instead of the dataset's 5000" in notes
    assert "not comparable: the published AP are of all 5000 images" in notes


def test_a_pass_without_scores_has_no_row_but_a_note() -> None:
    cells = [detected(0.25), replace(detected(0.36, R50), scores=None)]
    found = compare(MAP, cells)
    table = reproduction_table(found, cells)
    assert [row[0] for row in table.rows] == ["SSD300 VGG16"]
    assert "Faster R-CNN ResNet-50 FPN: not scored yet" in table.notes


def test_a_run_is_taken_only_for_what_it_repeats() -> None:
    cells = [timed(SSD, 500.0), replace(timed(SSD, 500.0), job=job(SSD)), detected(0.25)]
    assert repeats("epyc", cells, None) == [cells[0]]
    assert repeats(MAP, cells, None) == [cells[2]]
    with pytest.raises(BadInput, match="repeats nothing of the column epyc; run: harness reproduce --column epyc"):
        repeats("epyc", cells[1:], None)


def test_of_several_environments_the_column_s_own_is_compared_or_the_one_that_is_named() -> None:
    cells = [timed(SSD, 500.0), timed(SSD, 400.0, environment="cpu"), timed(SSD, 300.0, environment="cuda11.1")]
    assert repeats("epyc", cells, None) == [cells[0]]
    assert repeats("epyc", cells, "cpu") == [cells[1]]
    with pytest.raises(BadInput, match=r"in cpu and cuda11\.1; name one of them with --image"):
        repeats("epyc", cells[1:], None)
    with pytest.raises(BadInput, match="nothing of the column epyc in local"):
        repeats("epyc", cells, "local")
