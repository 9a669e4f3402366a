"""Scores detections as COCO does: a pure function of annotations, detections and three named choices."""
