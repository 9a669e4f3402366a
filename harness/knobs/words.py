"""Knobs of a job in words."""

from typing import TYPE_CHECKING, Any

from harness.knobs.entry import Knob
from harness.knobs.table import KNOBS
from harness.text import count

if TYPE_CHECKING:
    from runner.contract import Job


#: How much is measured, which a cell's outcome says anyhow.
_AMOUNTS = ("iterations", "percentile")


def turned(job: "Job") -> list[str]:
    """Return the knobs that tell a cell from others of its model, such as "2 threads", "BLAS threads: 1"."""
    known = [knob for knob in KNOBS if knob.option and knob.suite in (None, job.suite) and knob.field not in _AMOUNTS]
    values = [(knob, getattr(job.variant, knob.field)) for knob in known]
    return [_turned(knob, value) for knob, value in values if value is not None]


def _turned(knob: Knob, value: Any) -> str:
    if knob.field == "threads":
        return count(value, "thread")
    sight = knob.seen[0]
    return (sight.said or sight.label).format(knob.text(value))


def detecting(job: "Job") -> list[str]:
    """Return how a detection pass detects, such as "read by cv2", "batch 1": the knobs that a person chooses of it."""
    own = [(knob, knob.asked(job)) for knob in KNOBS if knob.option and (knob.suite == "accuracy" or knob.detects)]
    return [(s.said or s.label).format(knob.text(v)) for knob, v in own if v is not None for s in knob.seen]
