import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from harness.analysis.naming import hardware_name
from harness.analysis.uncertainty import latency_interval
from harness.cli.console import print_table
from harness.documents import Execution, Host
from harness.documents.run_folder import Cell
from harness.report import render
from harness.report.latency import latency_table
from harness.report.latency_columns import FLOPS, NO_SPREAD, SPREAD, SPREAD_OF_REPEATS
from harness.report.table import Column, Form, Table
from harness.text import GAP
from runner.contract import Failure, Job, Variant, Work
from tests.samples import job, latency, ok_result, software

TIMES = "\N{MULTIPLICATION SIGN}"


def cell(of: Job, *, pinned: bool = True, **changes: object) -> Cell:
    execution = Execution(1, of.cell, "docker", Host("h"), 0, False, False, 1.0, None, None, pinned, [])
    return Cell(of, ok_result(of, **changes), execution)  # type: ignore[arg-type]


def test_rows_are_models_and_columns_environment_and_hardware() -> None:
    table = latency_table([cell(job()), cell(job(environment="local"), wall_ms=20.0)])
    assert table.headline == "Latency of one image, batch 1: median in ms · AMD EPYC 7B12, 2 cores"
    short, long, as_csv = table.of(Form.SHORT), table.of(Form.LONG), table.of(Form.CSV)
    assert short.headings == ["Model", "cuda10.2", "local"]
    assert short.rows == [["SSD300 VGG16", "10.00", "20.00"]]
    more = ["detections / image", f"processes {TIMES} iterations", "images / s"]
    assert long.headings == ["Model", "cuda10.2", *more, "local", *more]
    assert long.rows == [
        ["SSD300 VGG16", "10.00", "7.0", f"1 {TIMES} 3", "100.00", "20.00", "7.0", f"1 {TIMES} 3", "50.00"]
    ]
    assert as_csv.headings == [
        "Model",
        "cuda10.2 · AMD EPYC 7B12, 2 cores (ms)",
        "detections / image",
        "local · AMD EPYC 7B12, 2 cores (ms)",
        "detections / image",
    ]
    assert as_csv.rows == [["SSD300 VGG16", "10.00", "7.0", "20.00", "7.0"]]


def test_what_a_model_is_made_of_and_computes_stands_in_full_where_it_was_counted() -> None:
    counted = replace(latency([10.0] * 3), work=Work(35641826, [69_000_000_000, 71_000_000_000]))
    uncounted = cell(job("ssdlite320_mobilenet_v3_large"))
    table = latency_table([cell(job(), latency=counted), uncounted])
    columns = {column.heading: column.values for column in table.of(Form.LONG).columns}
    assert (columns["M parameters"], columns[FLOPS]) == (["35.64", GAP], ["70.00", GAP])
    assert FLOPS not in table.of(Form.SHORT).headings + table.of(Form.CSV).headings


def test_a_figure_has_half_of_its_interval_beside_it_where_one_is_known() -> None:
    sure = [10.0 + 0.1 * (n % 5) for n in range(40)]
    few = cell(job("ssdlite320_mobilenet_v3_large"), latency=latency([1.0, 3.0]))
    table = latency_table([cell(job(), latency=latency(sure)), few]).of(Form.SHORT)
    interval = latency_interval(latency(sure), "median")
    assert interval is not None
    half = 100 * (interval.high_ms - interval.low_ms) / 2 / 10.2
    assert [row[1] for row in table.rows] == [f"10.20 ±{half:.1f} %", "2.00" + " " * len(f" ±{half:.1f} %")]
    assert table.notes[:2] == [SPREAD, NO_SPREAD]


def test_of_several_processes_the_span_of_the_intervals_is_said() -> None:
    sure, later = ([ms + 0.1 * (n % 5) for n in range(40)] for ms in (10.0, 30.0))
    table = latency_table([cell(job(), latency=latency(sure)), cell(job(repeat=2), latency=latency(later))])
    assert table.of(Form.LONG).rows[0][1:4] == ["20.20 ±50.0 %", "7.0", f"2 {TIMES} 40"]
    assert table.notes[0] == SPREAD_OF_REPEATS


def test_a_protocol_that_reports_the_mean_says_so() -> None:
    mean = latency_table([cell(job(protocol="published-2021"))])
    assert mean.headline.startswith("Latency of one image, batch 1: mean in ms · ")
    both = latency_table([cell(job(protocol="published-2021")), cell(job())])
    assert both.headline.startswith("Latency of one image, batch 1: in ms · ")
    said = {note.split(":")[0]: note.split()[-1] for note in both.notes}
    assert (said["published-2021"], said["quick-1"]) == ("mean", "median")
    renamed = replace(job(), protocol=replace(job().protocol, title="mine"))
    assert "quick-1: mine, median" in latency_table([cell(renamed)]).notes


def test_what_all_columns_share_is_noted_once() -> None:
    notes = latency_table([cell(job()), cell(job(environment="local"))]).notes
    assert [note for note in notes if "random weights, " in note or note.endswith("random weights")] == [
        "every measured column: quick-1, random weights, torch 1.9.0+cu102, torchvision 0.10.0+cu102, threads: 2"
    ]
    (alone,) = [note for note in latency_table([cell(job())]).notes if "torchvision" in note]
    assert alone.startswith("cuda10.2: quick-1, random weights, torch 1.9.0")


def test_the_figure_is_the_protocol_s_own_statistic_of_the_measured_samples() -> None:
    skewed = latency([1.0, 2.0, 9.0])
    quick = latency_table([cell(job(), latency=skewed)])
    published = latency_table([cell(job(protocol="published-2021"), latency=skewed)])
    assert quick.rows[0][1] == "2.00"
    assert published.rows[0][1] == "4.00"


def test_repeats_are_averaged() -> None:
    table = latency_table([cell(job()), cell(job(repeat=2), wall_ms=20.0)])
    assert table.rows[0][1] == "15.00"


def test_a_gap_is_a_dash_with_its_reason() -> None:
    failed = replace(
        ok_result(job()), status="failed", latency=None, failure=Failure("E", "it broke", "mend it", "model")
    )
    table = latency_table([Cell(job(), failed, None), cell(job("ssdlite320_mobilenet_v3_large", environment="local"))])
    assert table.rows[0][1:3] == [GAP, GAP]
    assert any("it broke" in note for note in table.notes)
    assert sum("not in this run" in note for note in table.notes) == 2


def test_a_cell_that_left_no_hardware_is_a_gap_where_its_environment_was_measured() -> None:
    crashed = ok_result(job(), status="crashed", latency=None, hardware=None, software=None)
    crashed = replace(crashed, failure=Failure("Crashed", "it crashed", "", "infrastructure"))
    table = latency_table([cell(job("ssdlite320_mobilenet_v3_large")), Cell(job(), crashed, None)])
    rows = table.of(Form.SHORT).rows
    assert rows == [["SSD300 VGG16", GAP], ["SSDlite320 MobileNetV3-Large", "10.00"]]
    assert any("SSD300 VGG16: crashed, it crashed" in note for note in table.notes)


def test_columns_that_are_not_comparable_stay_apart_and_say_what_differs() -> None:
    one = cell(job(), software=software(threads=1))
    table = latency_table([cell(job()), one, cell(job(), pinned=False)])
    assert [heading for heading in table.headings if "(ms)" in heading] == [
        "cuda10.2 · AMD EPYC 7B12, 2 cores · threads: 2 · pinned (ms)",
        "cuda10.2 · AMD EPYC 7B12, 2 cores · threads: 1 · pinned (ms)",
        "cuda10.2 · AMD EPYC 7B12, 2 cores · threads: 2 · not pinned (ms)",
    ]


def test_what_a_reader_must_know_is_in_the_notes() -> None:
    few = job(variant=Variant(iterations=3))
    capped = latency([5.0] * 3, stopped_by="cap", detections=0)
    notes = "\n".join(latency_table([cell(few, latency=capped)]).notes)
    for words in (
        "random weights",
        "iterations: 3 instead",
        "capped at 60 s, before 3 iterations",
        "few detections",
        "torch 1.9.0",
    ):
        assert words in notes


def test_a_remark_about_several_models_is_made_once() -> None:
    warned = [cell(job(builder), warnings=["measure again"]) for builder in ("ssd300_vgg16", "retinanet_resnet50_fpn")]
    notes = latency_table([*warned, cell(job("ssdlite320_mobilenet_v3_large"))]).notes
    (note,) = [note for note in notes if "measure again" in note]
    assert note.endswith(": RetinaNet ResNet-50 FPN, SSD300 VGG16: measure again")


def test_published_columns_stand_beside_on_request() -> None:
    table = latency_table([cell(job())], with_published=True).of(Form.CSV)
    assert "2021: AMD EPYC 7B12 @ 2.25GHz (Colab) (ms)" in table.headings
    assert table.rows[0][-5:] == ["32.09", "27.97", "31.47", "624.55", "484.80"]


def test_every_published_cell_is_the_published_readme_s(tmp_path: Path) -> None:
    everything = latency_table([cell(job(builder)) for builder in _published()], with_published=True).of(Form.SHORT)
    figures = [row[-5:] for row in everything.rows]
    assert figures[0] == ["122.90", "80.13", "114.95", "4415.93", "3510.95"]
    assert figures[5] == ["48.77", "47.55", "51.10", "107.79", "75.45"]
    assert figures[7] == ["117.28", "80.80", "120.83", "4381.79", "3642.74"]


def _published() -> list[str]:
    from harness.catalogue import models

    return [model.builder for model in models().values() if model.published_2021]


def test_the_hardware_s_name_is_short() -> None:
    assert hardware_name(ok_result(job())) == "AMD EPYC 7B12, 2 cores"


def table(headings: list[str], rows: list[list[str]], notes: list[str] | None = None) -> Table:
    names, *others = (Column(heading, list(values)) for heading, *values in zip(headings, *rows, strict=True))
    return Table("T", names, [[column] for column in others], notes or [])


def on_a_terminal(of: Table, width: int, form: Form = Form.SHORT) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_table(console, of, form)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_terminal_of_any_width_shows_every_figure_whole(width: int) -> None:
    cells = [cell(job(builder, environment=name)) for name in ("cuda10.2", "local") for builder in _published()]
    everything = latency_table(cells, with_published=True)
    for form in (Form.SHORT, Form.LONG):
        lines = on_a_terminal(everything, width, form)
        assert max(map(len, lines)) <= width
        shown = " ".join(" ".join(lines).split())
        assert all(figure in shown for row in everything.of(form).rows for figure in row[1:])
        assert "…" not in shown


def test_three_environments_of_eight_models_fit_eighty_columns_side_by_side() -> None:
    times = latency([1900.0 + 150 * (n % 4) for n in range(22)])
    names = ("cuda10.2", "cpu-debian13", "local")
    cells = [cell(job(builder, environment=name), latency=times) for name in names for builder in _published()]
    lines = on_a_terminal(latency_table(cells), 80)
    (head,) = [line for line in lines if line.startswith("Model")]
    assert head.split() == ["Model", *names]
    assert max(map(len, lines)) <= 80
    assert sum(line.count("±") for line in lines[: lines.index("", lines.index(head))]) == 24


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_figure_of_several_words_is_shown_whole(width: int) -> None:
    intervals = [f"{low}.09 to {low + 3}.99" for low in (75, 61)]
    wide = table(["Model", "95 % interval", "AP50", "AP75"], [["SSD", i, "94.96", "85.52"] for i in intervals])
    lines = on_a_terminal(wide, width)
    assert max(map(len, lines)) <= width
    for figure in (*intervals, "94.96", "85.52", "AP50", "AP75"):
        assert any(figure in line for line in lines), figure


def test_columns_of_one_group_stay_together() -> None:
    table = latency_table([cell(job()), cell(job(environment="local"), wall_ms=20.0)])
    lines = on_a_terminal(table, 50, Form.LONG)
    figures = [line.split()[-5:] for line in lines if line.endswith(".00")]
    assert figures == [["7.0", "1", TIMES, "3", "100.00"], ["7.0", "1", TIMES, "3", "50.00"]]


def test_markdown_is_aligned_and_escaped() -> None:
    text = render.markdown(table(["Model", "a|b"], [["<x>", "1"]], ["note <b>\x07"]))
    assert text.splitlines() == [
        "## T",
        "",
        "| Model  | a\\|b |",
        "| :----- | ---: |",
        "| &lt;x> |    1 |",
        "",
        "- note &lt;b> ",
    ]


def test_csv_defuses_formulas() -> None:
    text = render.csv_text(table(["Model", "x"], [["=cmd()", "-1+2"], [GAP, "1,5"]]))
    assert list(csv.reader(io.StringIO(text))) == [["Model", "x"], ["'=cmd()", "'-1+2"], [GAP, "1,5"]]


def test_a_model_that_the_catalogue_lacks_has_a_row_under_its_own_name() -> None:
    alone = latency_table([cell(job("of_tomorrow"))], with_published=True)
    assert alone.of(Form.CSV).rows == [["of_tomorrow", "10.00", "7.0", *[GAP] * 5]]
    beside = latency_table([cell(job("of_tomorrow")), cell(job())])
    assert [row[0] for row in beside.rows] == ["SSD300 VGG16", "of_tomorrow"]
