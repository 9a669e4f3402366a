"""What of a model's detections can be compared with the annotations: known before anything is detected."""

from typing import Any

from harness.catalogue import Detector
from harness.data.coco import Annotations, has_mask
from harness.documents.scores import Iou

BY_TASK: dict[str, Iou] = {"boxes": "bbox", "masks": "segm", "keypoints": "keypoints"}


def scorable(model: Detector, annotations: Annotations) -> tuple[list[Iou], dict[Iou, str]]:
    """Return the kinds that are scored, and the reason for each that is left out since no object has its like.

    Raises BadInput for an object that lacks what is scored, or has it damaged, where others have it.
    """
    from harness.scoring.coco_data import require  # only here: NumPy and hotcoco

    kinds = [BY_TASK[task] for task in model.tasks]
    left_out: dict[Iou, str] = {}
    if "segm" in kinds and annotations.objects and not any(map(has_mask, annotations.objects)):
        left_out["segm"] = f"masks are not scored, since no object of {annotations.path.name} has one"
    if "keypoints" in kinds and annotations.objects and not any(map(_has_keypoints, annotations.objects)):
        left_out["keypoints"] = f"keypoints are not scored, since no object of {annotations.path.name} has any"
    scored = [iou for iou in kinds if iou not in left_out]
    for iou in scored:
        require(annotations, iou)
    return scored, left_out


def _has_keypoints(entry: dict[str, Any]) -> bool:
    return bool(entry.get("keypoints"))
