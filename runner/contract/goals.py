"""What a job asks of its measurement, where that ends by what the series does."""

from typing import Optional

from runner.contract.certainty import CONFIDENCE
from runner.contract.job import Job
from runner.contract.pilot import PILOT, Goal


def goal_of(job: Job) -> Optional[Goal]:
    """Return how narrow the job wants its interval and how long it may take; None where its protocol counts.

    Raises ValueError where a rule of the protocol is not known, or asks for what pilot.py has not.
    """
    warmup, measure = job.protocol.warmup, job.protocol.measure
    if (warmup.rule, measure.rule) == ("count", "count"):
        return None
    known = (
        (warmup.rule, measure.rule) == ("steady", "interval")
        and measure.relative_half_width is not None
        and measure.confidence == CONFIDENCE
        and measure.pilot_effective_samples == PILOT
        and max(warmup.min_iterations, measure.min_iterations) <= PILOT
    )
    if not known or measure.relative_half_width is None:
        rules = f"{warmup.rule!r} and {measure.rule!r}"
        raise ValueError(f"the stopping rules {rules} of {job.protocol.name} are not known, or not as they are set")
    return Goal(precision=measure.relative_half_width, max_iterations=job.measured_iterations)
