"""One figure over fresh processes, the largest noise being between them, and when there are enough of them."""

import math
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy

from runner.contract.effective import student_t95

#: Before so many processes repeats do not end early.
FEWEST_PROCESSES = 3


@dataclass(frozen=True)
class OverProcesses:
    """The geometric mean of the processes' medians; its 95 % interval is from `figure / factor` to `figure * factor`.

    `factor` is None of a single process.
    """

    figure: float
    factor: Optional[float]
    processes: int

    @property
    def half_width(self) -> Optional[float]:
        """The half width as a share of the figure, the wider side."""
        return None if self.factor is None else self.factor - 1


def over_processes(medians: Sequence[float]) -> OverProcesses:
    """Return the mean of the log medians, and Student's t over processes.

    The fresh process is the top-level unit: Kalibera and Jones, Rigorous Benchmarking in Reasonable Time (ISMM 2013).
    """
    logs = numpy.log(numpy.asarray(medians, dtype=float))
    n = len(logs)
    figure = float(math.exp(logs.mean()))
    if n < 2:
        return OverProcesses(figure, None, n)
    error = float(logs.std(ddof=1)) / math.sqrt(n)
    return OverProcesses(figure, math.exp(student_t95(n - 1) * error), n)


def enough_processes(medians: Sequence[float], precision: float) -> bool:
    """Return whether further processes are not needed: at least 3, and the interval over them within the precision."""
    over = over_processes(medians)
    return over.processes >= FEWEST_PROCESSES and over.half_width is not None and over.half_width <= precision
