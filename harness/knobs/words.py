"""Knobs of a job in words."""

from typing import TYPE_CHECKING

from harness.knobs.table import KNOBS

if TYPE_CHECKING:
    from runner.contract import Job


def detecting(job: "Job") -> list[str]:
    """Return how a detection pass detects, such as "read by cv2", "batch 1": the knobs that a person chooses of it."""
    own = [(knob, knob.asked(job)) for knob in KNOBS if knob.option and (knob.suite == "accuracy" or knob.detects)]
    return [(s.said or s.label).format(knob.text(v)) for knob, v in own if v is not None for s in knob.seen]
