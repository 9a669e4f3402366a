"""What a job asks of its measurement, where that ends by what the series does."""

from typing import Optional

from runner.contract.certainty import CONFIDENCE, FEWEST
from runner.contract.job import Job, Protocol
from runner.contract.pilot import Goal


def goal_of(job: Job) -> Optional[Goal]:
    """Return how narrow the job wants its interval and how long it may take; None where its protocol counts.

    Raises ValueError as goal_under does.
    """
    return goal_under(job.protocol, job.measured_iterations)


def goal_under(protocol: Protocol, iterations: int) -> Optional[Goal]:
    """Return what the protocol asks of a series of at most so many iterations; None where it counts.

    Raises ValueError where a rule of the protocol is not known, or asks for what pilot.py has not.
    """
    warmup, measure = protocol.warmup, protocol.measure
    if (warmup.rule, measure.rule) == ("count", "count"):
        return None
    precision, pilot = measure.relative_half_width, measure.pilot_effective_samples
    if (
        (warmup.rule, measure.rule) == ("steady", "interval")
        and measure.confidence == CONFIDENCE
        and precision is not None
        and pilot is not None
        and max(FEWEST, warmup.min_iterations, measure.min_iterations) <= pilot
    ):
        return Goal(precision, iterations, pilot)
    rules = f"{warmup.rule!r} and {measure.rule!r}"
    raise ValueError(f"the stopping rules {rules} of {protocol.name} are not known, or not as they are set")
