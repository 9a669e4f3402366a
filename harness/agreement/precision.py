"""The difference of two passes' AP, with an interval over images that are drawn for both at once."""

import numpy as np

from harness.data.coco import Annotations
from harness.documents.agreement import ApDifference
from harness.documents.scores import Iou
from harness.scoring.detections import Detected
from harness.scoring.evaluate import RESAMPLES, evaluation_of
from harness.scoring.interval import CONFIDENCE, average_precision, draw


def difference(
    annotations: Annotations, reference: Detected, other: Detected, iou: Iou, resamples: int = RESAMPLES
) -> ApDifference:
    """Return AP of the other detections less that of the reference's; boxes as they are, not cut to integers.

    Each resample is of the same images on both sides, so what the choice of images does to both cancels out.
    """
    both = [evaluation_of(annotations, detections, iou, "float", "hotcoco") for detections in (reference, other)]
    change = float(both[1].summary[0] - both[0].summary[0])
    if np.count_nonzero(both[0].matches.objects.any(axis=0)) < 2:
        return ApDifference(iou, change, None, None, CONFIDENCE, 0)
    drawn = draw(len(annotations.pictures), resamples)
    sides = [average_precision(evaluation.matches, drawn) for evaluation in both]
    low, high = np.nanpercentile(sides[1] - sides[0], [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)])
    return ApDifference(iou, change, float(low), float(high), CONFIDENCE, resamples)
