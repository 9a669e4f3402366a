"""What a comparison of passes came to, for tests that need no passes."""

from typing import Any

from harness.documents.agreement import Agreement, PassName, Portion, Tolerances


def portion(*causes: Any, unexplained: bool = False, images: int = 2, alike: int = 0) -> Portion:
    return Portion(list(causes), unexplained, list(range(images)), alike, ["such"], [], [])


def judged(*parts: Portion, images: int = 5) -> Agreement:
    name, differ = PassName("run", "cell", "local"), sum(part.images for part in parts)
    return Agreement(
        schema_version=3,
        model="fasterrcnn_resnet50_fpn",
        reference=name,
        other=name,
        verdict="different" if differ else "equal",
        tolerances=Tolerances(),
        images=images,
        images_different=differ,
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
        parts=list(parts),
        weights="random",
    )
