"""How one time stands to another that was measured beside it, with an interval."""

import math
from dataclasses import dataclass
from statistics import mean, median, stdev

#: Student's t, two-sided, 95 %, by degrees of freedom: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
T_95 = {1: 12.706, 5: 2.571, 7: 2.365, 9: 2.262, 11: 2.201, 15: 2.131, 19: 2.093}


@dataclass(frozen=True)
class Ratio:
    """The runner's time over the plain loop's, with its 95 % interval over rounds, and both in ms."""

    ratio: float
    low: float
    high: float
    runner_ms: float
    plain_ms: float

    def __str__(self) -> str:
        interval = f"{self.ratio:.4f} (95 %: {self.low:.4f} to {self.high:.4f})"
        return f"{interval}; the runner {self.runner_ms:.3f} ms, the plain loop {self.plain_ms:.3f} ms"


def compared(pairs: list[tuple[float, float]]) -> Ratio:
    """Return the ratio of paired times: of their logarithms the mean, and its interval by Student's t."""
    logs = [math.log(one / two) for one, two in pairs]
    half = T_95[len(logs) - 1] * stdev(logs) / math.sqrt(len(logs))
    middle = mean(logs)
    low, ratio, high = (math.exp(value) for value in (middle - half, middle, middle + half))
    return Ratio(ratio, low, high, median(one for one, _ in pairs), median(two for _, two in pairs))
