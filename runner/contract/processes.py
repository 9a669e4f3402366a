"""One figure over fresh processes, the largest noise being between them, and when there are enough of them."""

import math
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy

from runner.contract.effective import student_t

#: Before so many processes repeats do not end early.
FEWEST_PROCESSES = 3
#: How often the interval over all planned processes may miss.
_ERROR = 0.05


@dataclass(frozen=True)
class OverProcesses:
    """The geometric mean of the processes' figures; its 95 % interval is from `figure / factor` to `figure * factor`.

    `factor` is None of a single process.
    """

    figure: float
    factor: Optional[float]
    processes: int

    @property
    def half_width(self) -> Optional[float]:
        """The half width as a share of the figure, the wider side."""
        return None if self.factor is None else self.factor - 1


def over_processes(figures: Sequence[float], planned: Optional[int] = None) -> OverProcesses:
    """Return the mean of the log figures, and Student's t over processes.

    The fresh process is the top-level unit: Kalibera and Jones, Rigorous Benchmarking in Reasonable Time (ISMM 2013).
    Where they may end before all that were `planned`, by default as many as there are, the interval of so many of them
    misses as much more seldom: 3 of 5 have 3 of the 5 % (Lan and DeMets, Biometrika 70, 1983, spend an error like
    that). Whoever ends on the first interval that is narrow enough takes one that is narrow by chance.
    """
    logs = numpy.log(numpy.asarray(figures, dtype=float))
    n = len(logs)
    figure = float(math.exp(logs.mean()))
    if n < 2:
        return OverProcesses(figure, None, n)
    error = float(logs.std(ddof=1)) / math.sqrt(n)
    point = student_t(n - 1, _ERROR * min(1.0, n / (planned or n)))
    return OverProcesses(figure, math.exp(point * error), n)


def enough_processes(figures: Sequence[float], precision: float, planned: Optional[int] = None) -> bool:
    """Return whether further processes are not needed: at least 3, and the interval over them within the precision."""
    over = over_processes(figures, planned)
    return over.processes >= FEWEST_PROCESSES and over.half_width is not None and over.half_width <= precision
