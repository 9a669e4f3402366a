from dataclasses import replace
from typing import Any

import pytest

from harness.documents import PlannedCell
from harness.documents.agreement import Portion
from harness.documents.causes import CAUSES, Cause
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.plan.experiment import Rules, redone
from runner.contract import Dataset, Detections, Job, ModelSpec, Numerics, Thresholds, Variant, Weights
from tests.samples import job, ok_result, software

DATASET = Dataset("some", "0" * 64, [1], [4, 5, 6], ["4.jpg", "5.jpg", "6.jpg"])
MODEL = ModelSpec("fasterrcnn_resnet50_fpn", Weights("random", seed=0), Thresholds(0.05, 0.5, 100))


def detecting(**changes: Any) -> Job:
    return job(suite="accuracy", dataset=DATASET, images=[], model=MODEL, **changes)


def portion(*causes: Cause) -> Portion:
    return Portion(list(causes), unexplained=False, image_ids=[4, 6], alike=0, evidence=[], worst=[], ap_differences=[])


def rules(of: Job, route: Any = None) -> Rules:
    totals = dict.fromkeys(
        ("images", "boxes", "load_ms", "wall_ms", "first_batch_ms", "decode_ms", "waited_ms", "transfer_ms"), 1
    )
    more = dict.fromkeys(("forward_ms", "encode_ms", "other_load_cpus", "resumed_images"), 0)
    passed = Detections(file="d", bad_images=[], resize_rule="float32", **totals, **more)
    result = ok_result(of, latency=None, detections=passed, software=software(threads=4))
    return Rules(Cell(of, result, None), route)


def test_the_images_of_a_part_are_planned_again_by_the_reference_s_rule() -> None:
    cell = redone(PlannedCell(detecting(), named=True), portion("resize"), rules(detecting()))
    assert cell.job.dataset == replace(DATASET, ids=[4, 6], files=["4.jpg", "6.jpg"])
    assert cell.job.variant == Variant(resize_rule="float32")
    assert cell.job.cell.endswith("--as-resize")
    assert cell.job.model == MODEL


@pytest.mark.parametrize(
    ("cause", "of", "changes"),
    [
        ("exif", {"variant": Variant(reader="cv2")}, {"reader": "cv2"}),
        ("decoder", {"variant": Variant(reader="torchvision")}, {"reader": "torchvision"}),
        ("threads", {}, {"threads": 4}),
        ("nms", {}, {"nms_route": "vanilla"}),
        ("precision", {"variant": Variant(numerics=Numerics(tf32=True))}, {"numerics": Numerics(tf32=True)}),
    ],
)
def test_each_cause_has_its_rule(cause: Cause, of: dict[str, Any], changes: dict[str, Any]) -> None:
    cell = redone(PlannedCell(detecting(), named=True), portion(cause), rules(detecting(**of), "vanilla"))
    assert cell.job.variant == Variant(**changes)


def test_two_causes_are_redone_at_once_and_thresholds_are_the_model_s() -> None:
    other = replace(MODEL, thresholds=Thresholds(0.01, 0.5, 100))
    cell = redone(
        PlannedCell(detecting(), named=True),
        portion("resize", "thresholds"),
        rules(replace(detecting(), model=other)),
    )
    assert (cell.job.variant, cell.job.model) == (Variant(resize_rule="float32"), other)
    assert cell.job.cell.endswith("--as-resize-thresholds")


@pytest.mark.parametrize("cause", [each for each in CAUSES if each not in ("resize", "threads", "thresholds")])
def test_what_can_t_be_asked_for_is_a_sentence(cause: Cause) -> None:
    """Each reads by pil with its own switches, took several routes of NMS, and has no rule for the rest."""
    with pytest.raises(BadInput, match=r"can't be redone as in the reference; [^\n]+\.$"):
        redone(PlannedCell(detecting(), named=True), portion(cause), rules(detecting()))
