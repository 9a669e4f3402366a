"""When a phase of the measuring loop ends: after a count, or by what the series of times itself says.

The warm-up that ends when the series is steady and the measuring that ends when its median is known well enough look at
one and the same series, from the first iteration on (runner/contract/pilot.py). A look takes milliseconds, between two
iterations; it comes each time the series is a fifth longer, so that it slows down no other.
"""

from dataclasses import dataclass, replace
from typing import List, Literal, NamedTuple, Optional, Tuple

import numpy

from runner.contract import Job, Samples, StoppedBy, Warmup
from runner.contract.goals import goal_of
from runner.contract.pilot import Goal, Standing, first_look, look
from runner.contract.statistics import times_ms
from runner.errors import JobError

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


class Watch:
    """The times so far and the latest look at them."""

    def __init__(self, samples: Samples, goal: Goal) -> None:
        self._samples, self.goal = samples, goal
        self.latest: Optional[Standing] = None
        self._due = first_look(goal)

    def __len__(self) -> int:
        return len(self._samples.phase)

    @property
    def is_steady(self) -> bool:
        """Whether it was, at the latest look."""
        return self.latest is not None and self.latest.steadiness.kind != "no steady state"

    @property
    def has_verdict(self) -> bool:
        """Whether the latest look ended the measurement."""
        return self.latest is not None and self.latest.verdict is not None

    def follow(self) -> None:
        """Take a look where one is due."""
        if len(self) >= self._due:
            self.latest = self._look(last=False)
            self._due = self.latest.next_look

    def end(self) -> None:
        """Take the last look, which has a verdict."""
        self.latest = self._look(last=True)

    def ends_unsteady(self) -> bool:
        """End where the series is not steady by now. A look that says it is leaves the looks as they were to come."""
        final = self._look(last=True)
        if final.steadiness.kind == "no steady state":
            self.latest = final
        return self.has_verdict

    def _look(self, *, last: bool) -> Standing:
        before = self.latest
        return look(numpy.asarray(times_ms(self._samples)), self._samples.image, self.goal, before, last)


@dataclass
class Settling(Phase):
    """Until a look finds the series steady; where it is not at the cap, the measurement ends there."""

    max_iterations: int
    watch: Watch

    def goes_on(self, done: int, late: bool) -> bool:
        """Go on while it is not steady."""
        self.watch.follow()
        if self.watch.is_steady or self.watch.has_verdict:
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
    """Until the series has a verdict: the median is known well enough, or the cap is reached."""

    watch: Watch

    def goes_on(self, done: int, late: bool) -> bool:
        """Go on without a verdict."""
        self.watch.follow()
        if late and not self.watch.has_verdict:
            self.watch.end()
        return not self.watch.has_verdict

    def shown(self, done: int) -> Tuple[int, Optional[int]]:
        """Once there is a pilot it is known how many iterations it takes, the warm-up's included."""
        seen, goal = self.watch.latest, self.watch.goal
        if seen is None or seen.pilot is None or seen.needed is None:
            return len(self.watch), None
        return len(self.watch), min(goal.max_iterations, max(seen.needed, seen.next_look))


class Watched(Course):
    """A series that warms up until it is steady, and is measured until its median is known well enough."""

    def __init__(self, job: Job, goal: Goal, samples: Samples) -> None:
        protocol, self._watch = job.protocol, Watch(samples, goal)
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
            stopped_by="precise" if seen.verdict == "precise" else "cap",
            warmup=seen.steadiness.kind,
            steady_from=steady_from,
            pilot_iterations=seen.pilot.begin + seen.pilot.samples if seen.pilot else None,
        )
        phases: List[PhaseName] = ["warmup"] * begin
        return replace(samples, phase=phases + ["measured"] * (n - begin)), ending
