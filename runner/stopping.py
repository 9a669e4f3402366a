"""When a phase of the measuring loop ends: after a count, or by what the series of times itself says.

The warm-up that ends when the series is steady and the measuring that ends when its median is known well enough look at
one and the same series, from the first iteration on (runner/watching.py). A look takes milliseconds, between two
iterations; it comes each time the series is a fifth longer, so that it slows down no other.
"""

from dataclasses import dataclass, replace
from typing import List, Literal, NamedTuple, Optional, Tuple

from runner.contract import Job, Samples, StoppedBy, Warmup
from runner.contract.goals import goal_of
from runner.contract.pilot import Goal
from runner.errors import JobError
from runner.watching import TailWatch, Watch

PhaseName = Literal["warmup", "measured"]


class Ending(NamedTuple):
    """What ended a measurement and what its series did, as the result has it."""

    stopped_by: StoppedBy
    warmup: Optional[Warmup] = None
    steady_from: Optional[int] = None
    pilot_iterations: Optional[int] = None


@dataclass
class Phase:
    """A phase of the loop. One that begins anew begins with the first input; `max_seconds` is from its beginning on."""

    name: str
    anew: bool
    max_seconds: Optional[float]

    def goes_on(self, done: int, late: bool) -> bool:
        """Tell, before each iteration, whether there is one more; `done` were made and `late` says that time is up."""
        raise NotImplementedError

    def shown(self, done: int) -> Tuple[int, Optional[int]]:
        """Return how many iterations are behind, and of how many, None where that can't be known yet."""
        raise NotImplementedError


class Course:
    """The phases of a measurement, whose loop appends to the samples, and what is made of them in the end."""

    phases: List[Phase]

    def finish(self, samples: Samples) -> Tuple[Samples, Ending]:
        """Return the samples, each with the phase that it belongs to, and what ended the measurement."""
        raise NotImplementedError


def course_of(job: Job, samples: Samples) -> Course:
    """Return how the job's protocol measures. Raises JobError where it has rules that this runner does not know."""
    try:
        goal = goal_of(job)
    except ValueError as error:
        remedy = "build the image again from the harness's own runner"
        raise JobError(f"this runner can't measure: {error}", remedy) from error
    return Counts(job) if goal is None else Watched(job, goal, samples)


@dataclass
class Count(Phase):
    """So many iterations, and at least one of them however late it is."""

    iterations: int

    def goes_on(self, done: int, late: bool) -> bool:
        """Go on up to the count."""
        return done < self.iterations and not (late and done)

    def shown(self, done: int) -> Tuple[int, Optional[int]]:
        """The count is known from the start."""
        return done, self.iterations


class Counts(Course):
    """A count warms up and another one is measured."""

    def __init__(self, job: Job) -> None:
        protocol, self._planned = job.protocol, job.measured_iterations
        self.phases = [
            Count("warmup", True, protocol.warmup.max_seconds, job.warmup_iterations),
            Count("measured", True, protocol.measure.max_seconds, self._planned),
        ]

    def finish(self, samples: Samples) -> Tuple[Samples, Ending]:
        """All is as it was planned, or was cut short."""
        return samples, Ending("count" if samples.phase.count("measured") == self._planned else "cap")


@dataclass
class Settling(Phase):
    """Until a look finds the series steady; where it is not at the cap, the measurement ends there."""

    max_iterations: int
    watch: Watch

    def goes_on(self, done: int, late: bool) -> bool:
        """Go on while it is not steady."""
        self.watch.follow()
        if self.watch.is_steady or self.watch.ended:
            return False
        if done and (late or done >= self.max_iterations):
            self.watch.ends_unsteady()
            return False
        return True

    def shown(self, done: int) -> Tuple[int, Optional[int]]:
        """Nobody knows when it will be steady."""
        return done, None


@dataclass
class Narrowing(Phase):
    """Until what was asked for is known well enough, or the cap is reached."""

    watch: Watch

    def goes_on(self, done: int, late: bool) -> bool:
        """Go on while the watch does."""
        self.watch.follow()
        if late and not self.watch.ended:
            self.watch.end()
        return not self.watch.ended

    def shown(self, done: int) -> Tuple[int, Optional[int]]:
        """Once there is a pilot it is known how many iterations it takes, the warm-up's included."""
        return len(self.watch), self.watch.planned


class Watched(Course):
    """A series that warms up until it is steady, and is measured until its median is known well enough."""

    def __init__(self, job: Job, goal: Goal, samples: Samples) -> None:
        protocol, percent = job.protocol, job.variant.percentile
        self._watch = Watch(samples, goal) if percent is None else TailWatch(samples, goal, percent)
        self.phases = [
            Settling("warmup", True, protocol.warmup.max_seconds, job.warmup_iterations, self._watch),
            Narrowing("measured", False, protocol.measure.max_seconds, self._watch),
        ]

    def finish(self, samples: Samples) -> Tuple[Samples, Ending]:
        """Only the last look tells where the steady part began; where there is none, all samples count as measured."""
        seen = self._watch.latest
        if seen is None:
            raise JobError("nothing was measured", "plan the run again")
        steady_from = None if seen.steadiness.kind == "no steady state" else seen.steadiness.begin
        n, begin = len(samples.phase), steady_from or 0
        ending = Ending(
            stopped_by="precise" if self._watch.is_precise else "cap",
            warmup=seen.steadiness.kind,
            steady_from=steady_from,
            pilot_iterations=seen.pilot.begin + seen.pilot.samples if seen.pilot else None,
        )
        phases: List[PhaseName] = ["warmup"] * begin
        return replace(samples, phase=phases + ["measured"] * (n - begin)), ending
