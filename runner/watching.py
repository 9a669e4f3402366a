"""The times of a series so far, and the looks at them that tell when its measurement may end."""

from typing import Optional

import numpy

from runner.contract import Samples
from runner.contract.pilot import Goal, Standing, first_look, look
from runner.contract.statistics import times_ms
from runner.contract.tails import bounds, look_beyond, next_look_for


class Watch:
    """The times so far and the latest look at them. It has `ended` where that look ended the measurement."""

    def __init__(self, samples: Samples, goal: Goal) -> None:
        self._samples, self.goal = samples, goal
        self.latest: Optional[Standing] = None
        self.ended = False
        self._due = first_look(goal)

    def __len__(self) -> int:
        return len(self._samples.phase)

    @property
    def is_steady(self) -> bool:
        """Whether it was, at the latest look."""
        return self.latest is not None and self.latest.steadiness.kind != "no steady state"

    @property
    def is_precise(self) -> bool:
        """Whether all that was asked for was known, at the latest look."""
        return self.latest is not None and self.latest.verdict == "precise"

    @property
    def planned(self) -> Optional[int]:
        """How many iterations it takes, warm-up included, once there is a pilot that tells."""
        seen = self.latest
        if seen is None or seen.pilot is None or seen.needed is None:
            return None
        return min(self.goal.max_iterations, max(seen.needed, self._due))

    def follow(self) -> None:
        """Take a look where one is due."""
        if len(self) >= self._due and not self.ended:
            self._take(last=False)

    def end(self) -> None:
        """Take the last look, which has a verdict."""
        self._take(last=True)

    def ends_unsteady(self) -> bool:
        """End where the series is not steady by now. A look that says it is leaves the looks as they were to come."""
        final = self._look(last=True)
        if final.steadiness.kind == "no steady state":
            self.latest, self.ended = final, True
        return self.ended

    def _take(self, *, last: bool) -> None:
        self.latest = self._look(last=last)
        self.ended, self._due = self.latest.verdict is not None, self.latest.next_look

    def _look(self, *, last: bool) -> Standing:
        return look(self._times(), self._samples.image, self.goal, self.latest, last)

    def _times(self) -> numpy.ndarray:
        return numpy.asarray(times_ms(self._samples))


class TailWatch(Watch):
    """A watch that goes on once the median is known, until a percentile (0 to 100, both excluded) has bounds, too."""

    def __init__(self, samples: Samples, goal: Goal, percent: float) -> None:
        super().__init__(samples, goal)
        self._percent, self._bounded = percent, False
        self._precise: Optional[Standing] = None

    @property
    def is_precise(self) -> bool:
        """Whether the median was, and the percentile had bounds."""
        return super().is_precise and self._bounded

    def _take(self, *, last: bool) -> None:
        if self._precise is None:
            super()._take(last=last)
            self._precise = self.latest if super().is_precise else None
        else:
            self.latest = look_beyond(self._times(), self._samples.image, self.goal, self._precise)
        if self._precise is not None and self.latest is not None:
            found = bounds(self._times(), self.latest, self._percent)
            self._bounded = found.needed is None
            self.ended = self.is_precise or last or len(self) >= self.goal.max_iterations
            if not self.ended:
                self._due = next_look_for(found, self.latest, self.goal)
