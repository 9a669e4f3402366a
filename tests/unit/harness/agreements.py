"""What a comparison of passes came to, for tests that need no passes."""

from dataclasses import replace
from typing import Any

from harness.documents.agreement import Agreement, PassName, Portion, Tolerances
from runner.contract import SCHEMA_VERSION


def portion(*causes: Any, unexplained: bool = False, images: int = 2, alike: int = 0) -> Portion:
    return Portion(list(causes), unexplained, list(range(images)), alike, ["such"], [], [])


def agreement(**changes: Any) -> Agreement:
    """Return what passes come to that found nothing, all but what is changed."""
    name = PassName("run", "cell", "local")
    plain = Agreement(
        schema_version=SCHEMA_VERSION,
        model="fasterrcnn_resnet50_fpn",
        reference=name,
        other=name,
        verdict="equal",
        tolerances=Tolerances(),
        images=5,
        images_different=0,
        pixels_different=0,
        detections_reference=0,
        detections_other=0,
        unmatched_reference=0,
        unmatched_other=0,
        borderline=0,
        box_shift_px=0.0,
        score_difference=0.0,
        mask_iou=None,
        keypoint_shift_px=None,
        worst=[],
        ap_differences=[],
    )
    return replace(plain, **changes)


def judged(*parts: Portion, images: int = 5) -> Agreement:
    differ = sum(part.images for part in parts)
    verdict = "different" if differ else "equal"
    return agreement(verdict=verdict, images=images, images_different=differ, parts=list(parts), weights="random")
