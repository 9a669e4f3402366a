"""What two jobs must share for one to tell something of the other's time."""

from harness.knobs.table import KNOBS
from runner.contract import Job


def same_work(job: Job) -> tuple[str, ...]:
    """Return what two jobs must share for the time of one to tell the time of the other, model aside."""
    fed = job.dataset.name if job.dataset else job.protocol.input
    return (job.environment, job.device, fed, *(str(knob.asked(job)) for knob in KNOBS if knob.paces))
