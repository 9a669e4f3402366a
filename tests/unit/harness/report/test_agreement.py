from typing import Any

from harness.analysis.marks import marks_of
from harness.analysis.tidy_rows import labels
from harness.analysis.timings import timings_of
from harness.documents.agreement import Agreement, ApDifference, ImageDifference, PassName
from harness.documents.run_folder import Cell
from harness.report.agreement import agreement_table
from harness.report.latency import latency_table
from harness.report.table import Form
from harness.text import GAP
from runner.contract import Numerics, Variant
from tests.samples import job, ok_result
from tests.unit.harness import agreements
from tests.unit.harness.agreements import portion


def agreement(verdict: Any = "equal", **changes: Any) -> Agreement:
    own: dict[str, Any] = {
        "model": "ssd300_vgg16",
        "reference": PassName("run", "cuda10.2--ssd", "cuda10.2"),
        "other": PassName("run", "local--ssd", "local"),
        "images": 10,
        "images_different": 3 if verdict == "different" else 0,
        "detections_reference": 50,
        "detections_other": 51,
        "unmatched_reference": 1,
        "unmatched_other": 2,
        "borderline": 4,
        "box_shift_px": 0.0123,
        "score_difference": 0.00045,
        "ap_differences": [ApDifference("bbox", -0.0123, -0.02, -0.005, 0.95, 1000)],
    }
    return agreements.agreement(verdict=verdict, **{**own, **changes})


def test_a_row_is_a_pass_with_its_verdict_and_figures() -> None:
    table = agreement_table([agreement()])
    assert dict(zip(table.headings, table.rows[0], strict=True)) == {
        "Model": "SSD300 VGG16",
        "pass": "local",
        "detects": "equal",
        "images that differ": "0 of 10",
        "box shift px": "0.0123",
        "score difference": "0.00045",
        "un- matched": "3",
        "at a cut-off": "4",
        "pixels differ": "0",
        "AP change": "-1.23 (-2.00 to -0.50)",
    }


def test_a_variant_of_one_environment_is_named_by_what_its_cell_has_more() -> None:
    swept = agreement(other=PassName("sweep", "cuda10.2--ssd--tf32", "cuda10.2"))
    again = agreement(other=PassName("again", "cuda10.2--ssd", "cuda10.2"))
    assert [row[1] for row in agreement_table([swept, again]).rows] == ["tf32", "again"]


def test_the_notes_say_what_a_verdict_means_and_name_the_worst_images() -> None:
    worst = [ImageDifference("7.jpg", 1, 2, 0.1, 0.2), ImageDifference("3.jpg", 0, 1, 0.1, 0.2)]
    text = "\n".join(agreement_table([agreement("different", worst=worst)]).notes)
    for words in ("different: not one to one", "box 0.1 px, score 0.001", "compared with cuda10.2", "7.jpg, 3.jpg"):
        assert words in text


def test_a_change_of_ap_that_excludes_zero_is_noted_and_another_is_not() -> None:
    def notes(low: float | None, high: float | None) -> str:
        return "\n".join(
            agreement_table([agreement(ap_differences=[ApDifference("bbox", -0.01, low, high, 0.95, 9)])]).notes
        )

    assert "local, SSD300 VGG16: the interval of the AP change excludes zero" in notes(-0.02, -0.005)
    assert all("excludes zero" not in notes(*bounds) for bounds in ((-0.02, 0.001), (0.0, 0.0), (None, None)))


def test_masks_and_keypoints_have_columns_where_there_are_any() -> None:
    masks = agreement(mask_iou=0.998, ap_differences=[ApDifference("segm", 0.0, None, None, 0.95, 0)])
    table = agreement_table([agreement(), masks])
    assert [row[-1] for row in table.rows] == [GAP, "0.998"]
    assert [row[table.headings.index("mask AP change")] for row in table.rows] == [GAP, "+0.00"]


def test_a_latency_carries_the_verdict_on_what_its_stack_detects() -> None:
    timed = [
        Cell(job(), ok_result(job()), None),
        Cell(job(environment="local"), ok_result(job(environment="local")), None),
    ]
    detected = job(environment="local", suite="accuracy")
    gate = Cell(detected, ok_result(detected, latency=None), None, agreement=agreement("different"))
    table = latency_table([*timed, gate])
    assert table.headings[-1] == "detects as cuda10.2?"
    assert table.rows[0][-1] == "different"
    assert table.of(Form.SHORT).headings == ["Model", "cuda10.2", "local", "detects as cuda10.2?"]


def test_a_known_cause_stands_beside_the_verdict_in_every_table() -> None:
    detected = job(environment="local", suite="accuracy")
    timed = Cell(job(environment="local"), ok_result(job(environment="local")), None)
    for parts, words in (([portion("resize")], "different: resize"), ([portion(unexplained=True)], "unexplained")):
        judged = agreement("different", parts=parts)
        gate = Cell(detected, ok_result(detected, latency=None), None, agreement=judged)
        assert latency_table([timed, gate]).rows[0][-1] == judged.word
        assert judged.word.endswith(words)
        (timing,) = timings_of([timed, gate])
        assert judged.word in [mark.text for mark in marks_of(timing) if mark.serious]
        assert labels(gate)["detects_as"] == f"cuda10.2: {judged.word}"


def test_of_several_verdicts_on_one_model_the_worst_stands() -> None:
    passes = [
        Cell(job(suite="accuracy"), ok_result(job(suite="accuracy")), None, None, agreement(verdict))
        for verdict in ("equal", "different", "identical")
    ]
    table = latency_table([Cell(job(), ok_result(job()), None), *passes])
    assert (table.headings[-1], table.rows[0][-1]) == ("detects as cuda10.2?", "different")


def test_a_pass_of_a_sweep_does_not_mark_a_latency() -> None:
    swept = job(suite="accuracy", variant=Variant(numerics=Numerics(deterministic=True)))
    table = latency_table(
        [Cell(job(), ok_result(job()), None), Cell(swept, ok_result(swept), None, None, agreement("different"))]
    )
    assert not [heading for heading in table.headings if "detects as" in heading]
