"""Detections seen: frames of a video in, the same frames with what was detected on them out."""
