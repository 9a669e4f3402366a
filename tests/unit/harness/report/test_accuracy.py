from dataclasses import replace
from typing import Any

from harness.analysis.tidy_rows import figures
from harness.documents import Execution, Host
from harness.documents.run_folder import Cell
from harness.documents.scores import ApInterval, ApPart, CellScores, Score
from harness.report.accuracy import accuracy_tables
from harness.report.table import Form
from harness.scoring.evaluate import METRICS
from harness.text import GAP
from runner.contract import Dataset, Detections, Failure
from tests.samples import job, ok_result

MASKRCNN = "maskrcnn_resnet50_fpn"
PASSED = Detections("detections.sqlite", 10, 50, 4, [], 5.0, 3000.0, 900.0, 100.0, 12.0, 20.0, 2000.0, 30.0, 0.0)


def scored(iou: Any, box_rule: Any, ap: float = 0.5, **changes: Any) -> Score:
    metrics = {**dict.fromkeys(METRICS[iou], 0.25), "AP": ap}
    interval = ApInterval(ap - 0.1, ap + 0.1, 0.95, 1000, 0)
    plain = Score(iou, box_rule, "hotcoco", "1", 10, 20, 50, metrics, {}, interval, None, None, None)
    return replace(plain, **changes)


def cell(builder: str = "ssd300_vgg16", *of: Score, **changes: Any) -> Cell:
    dataset = Dataset("shapes", "0" * 64, [1], list(range(10)), [f"{i}.jpg" for i in range(10)])
    accuracy = job(builder, suite="accuracy", dataset=dataset, images=[])
    scores = CellScores(1, accuracy.cell, "0" * 64, "0" * 64, 0, 0, 0, list(of), [])
    execution = Execution(1, accuracy.cell, "docker", Host("h"), 0, False, False, 1.0, None, None, True, [])
    result = ok_result(accuracy, latency=None, detections=PASSED)
    plain = Cell(accuracy, result, execution, scores)
    return replace(plain, scores=replace(scores, **changes))


BOTH = (scored("bbox", "float"), scored("bbox", "truncate-int", 0.4))


def test_a_row_is_a_model_under_a_box_rule_and_figures_are_percent() -> None:
    boxes, _ = accuracy_tables([cell("ssd300_vgg16", *BOTH)])
    assert boxes.title == "AP of boxes in %, shapes, 10 images: cuda10.2 · AMD EPYC 7B12, 2 cores"
    assert boxes.headings[:4] == ["Model", "AP", "95 % interval", "AP50"]
    assert [row[:4] for row in boxes.rows] == [
        ["SSD300 VGG16, float", "50.00", "40.00 to 60.00", "25.00"],
        ["SSD300 VGG16, truncate-int", "40.00", "30.00 to 50.00", "25.00"],
    ]


def test_each_kind_of_detection_has_a_table_with_coco_s_numbers_of_it() -> None:
    masks = cell(MASKRCNN, *BOTH, scored("segm", "float"))
    keypoints = cell("keypointrcnn_resnet50_fpn", *BOTH, scored("keypoints", "float"))
    tables = accuracy_tables([masks, keypoints])
    assert [table.title.split(",")[0] for table in tables] == [
        "AP of boxes in %",
        "AP of masks in %",
        "AP of keypoints in %",
        "Time of the detection pass",
    ]
    assert len(tables[1].headings) == 2 + len(METRICS["segm"])
    assert len(tables[2].headings) == 2 + len(METRICS["keypoints"])
    assert tables[1].rows[0][0] == "Mask R-CNN ResNet-50 FPN"


def on(dataset: str, of: Cell) -> Cell:
    assert of.job.dataset is not None
    return replace(of, job=replace(of.job, dataset=replace(of.job.dataset, name=dataset)))


def test_the_published_ap_is_that_of_the_same_box_rule() -> None:
    masks = on("coco-val2017", cell(MASKRCNN, *BOTH, scored("segm", "float")))
    keypoints = on("coco-val2017", cell("keypointrcnn_resnet50_fpn", *BOTH))
    of_boxes, of_masks, _ = accuracy_tables([masks, keypoints], with_published=True)
    assert of_boxes.headings[-1] == "published AP"
    assert [row[-1] for row in of_boxes.rows] == ["37.9", "37.07", "54.6", GAP]
    assert of_masks.rows[0][-1] == "34.6"


def test_nothing_published_stands_beside_another_dataset_s_figures() -> None:
    boxes, _ = accuracy_tables([cell(MASKRCNN, *BOTH)], with_published=True)
    assert "published AP" not in boxes.headings


def test_where_the_time_went() -> None:
    *_, times = accuracy_tables([cell("ssd300_vgg16", *BOTH)])
    assert dict(zip(times.headings, times.rows[0], strict=True)) == {
        "Model": "SSD300 VGG16",
        "images / s": "2.00",
        "boxes / image": "5.0",
        "decode ms": "10.0",
        "waited ms": "2.0",
        "transfer ms": "2.0",
        "forward ms": "200.0",
        "encode ms": "3.0",
    }


def test_passes_that_are_not_comparable_have_tables_of_their_own() -> None:
    one, other = cell("ssd300_vgg16", *BOTH), cell("ssd300_vgg16", *BOTH)
    other = replace(other, job=replace(other.job, variant=replace(other.job.variant, reader="cv2")))
    tables = accuracy_tables([one, other])
    assert len(tables) == 4
    assert "read by pil" in tables[0].notes[0]
    assert "read by cv2" in tables[2].notes[0]


def test_latency_has_no_part_in_it() -> None:
    assert accuracy_tables([Cell(job(), ok_result(job()), None)]) == []


def test_what_a_reader_must_know_is_in_the_notes() -> None:
    empty = scored("bbox", "float", interval=None, interval_missing_reason="one image has objects")
    odd = cell("ssd300_vgg16", empty, bad_images=2, turned_images=3, warnings=["AP is not as published"])
    boxes, _ = accuracy_tables([odd])
    text = "\n".join(boxes.notes)
    assert boxes.rows[0][2] == GAP
    for words in (
        "random weights: what is detected means nothing",
        "2 images could not be read and are left out",
        "3 images were read in another size than annotated",
        "no interval: one image has objects",
        "SSD300 VGG16: WARNING: AP is not as published",
        "torch 1.9.0+cu102",
    ):
        assert words in text


def test_a_pass_that_failed_is_named() -> None:
    good, bad = cell("ssd300_vgg16", *BOTH), cell(MASKRCNN)
    failure = Failure("JobError", "the image x.jpg can't be read", "restore it", "infrastructure")
    bad = replace(bad, scores=None, result=replace(bad.result, status="failed", detections=None, failure=failure))
    boxes, times = accuracy_tables([good, bad])
    for table in (boxes, times):
        assert "Mask R-CNN ResNet-50 FPN: failed, the image x.jpg can't be read; restore it" in table.notes
    (alone,) = accuracy_tables([bad])
    assert alone.notes[-1] == "Mask R-CNN ResNet-50 FPN: failed, the image x.jpg can't be read; restore it"


def test_what_coco_calls_minus_one_is_a_gap() -> None:
    boxes, _ = accuracy_tables([cell("ssd300_vgg16", scored("bbox", "float", -1.0))])
    assert boxes.rows[0][1] == GAP


def test_pictures_that_the_reader_did_not_turn_are_said_with_what_helps() -> None:
    def notes(turned: int | None, reader: Any) -> str:
        of = cell("ssd300_vgg16", *BOTH)
        turning = replace(of.job, variant=replace(of.job.variant, reader=reader))
        passed = replace(PASSED, turned_images=turned)
        boxes, _ = accuracy_tables([replace(of, job=turning, result=replace(of.result, detections=passed))])
        return "\n".join(boxes.notes)

    assert "3 images have an EXIF orientation that the reader did not follow; --reader cv2 does" in notes(3, "pil")
    assert "1 image has an EXIF orientation" in notes(1, "torchvision")
    assert "did not follow" in notes(2, "cv2")
    assert "--reader cv2" not in notes(2, "cv2")
    assert "EXIF" not in notes(0, "pil") + notes(None, "pil")


def test_where_pictures_were_parted_ap_stands_by_what_they_hold() -> None:
    parts = [
        ApPart("objects", 0, 0, 3, 0, None, None, "no object to find"),
        ApPart("objects", 4, 7, 5, 25, 0.4, ApInterval(0.3, 0.52, 0.95, 400, 0), None),
        ApPart("pixels", 512**2, 724**2 - 1, 9, 40, 0.5, None, "one picture"),
        ApPart("pixels", 2896**2, None, 1, 4, 0.25, None, "one picture"),
    ]
    boxes = [scored("bbox", "float", parts=parts), scored("bbox", "truncate-int", parts=[])]
    _, table, _ = accuracy_tables([cell("ssd300_vgg16", *boxes)])
    assert table.title.startswith("AP of boxes in % by what a picture holds, shapes")
    assert dict(zip(table.headings[1:], table.rows[0][1:], strict=True)) == {
        "0 objects": GAP,
        "4 to 7 objects": "40.0 (30.0 to 52.0)",
        "side 512 to 723": "50.0",
        "side 2896 or more": "25.0",
    }
    assert table.notes[1].startswith("0 objects: 3 pictures, 4 to 7 objects: 5 pictures")
    assert not table.stands_in(Form.SHORT)


def test_parts_of_ap_are_tidy_rows_with_their_intervals() -> None:
    interval = ApInterval(0.3, 0.52, 0.95, 400, 0)
    parts = [
        ApPart("objects", 0, 0, 3, 0, None, None, "no object to find"),
        ApPart("objects", 1, 1, 5, 5, 0.4, interval, None),
        ApPart("pixels", 512**2, 724**2 - 1, 9, 40, 0.5, None, "one picture"),
        ApPart("pixels", 2896**2, None, 1, 4, 0.25, None, "one picture"),
    ]
    rows = {row.metric: row for row in figures(cell("ssd300_vgg16", scored("bbox", "float", parts=parts)), None)}
    assert {name for name in rows if name and name.startswith(("AP_objects", "AP_side"))} == {
        "AP_objects_1",
        "AP_side_512_to_723",
        "AP_side_2896_up",
    }
    one = rows["AP_objects_1"]
    assert (one.value, one.low, one.high, one.n, one.reported, one.box_rule) == (0.4, 0.3, 0.52, 5, True, "float")
