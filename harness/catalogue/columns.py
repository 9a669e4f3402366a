"""The columns of the published tables: what machine, which protocol and environment each was measured with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.catalogue import published
from harness.catalogue.entries import Environment, environments

#: The accuracy table's column of AP; the other columns are those of the latency table.
MAP = "map"


@dataclass(frozen=True)
class Machine:
    """The machine of a column by patterns, of what names its like and what names just it; of a CPU also its cores."""

    like: str
    just: str
    cores: int | None = None

    def is_this(self, name: str, usable_cores: int) -> bool:
        """Tell whether a machine of that name is the column's own."""
        return bool(re.search(self.just, name)) and self.cores in (None, usable_cores)


MACHINES = {
    "gtx1070": Machine(r"GTX 1070", r"GTX 1070$"),
    "p100": Machine(r"P100", r"P100"),
    "t4": Machine(r"\bT4\b", r"\bT4\b"),
    "xeon": Machine(r"Intel", r"Xeon\(R\) CPU @ 2\.30GHz", 4),
    "epyc": Machine(r"AMD", r"EPYC 7B12", 4),
}
COLUMNS = [*MACHINES, MAP]


def device_of(column: str) -> str:
    """Return the device that the column needs: its own, and for accuracy whatever is here."""
    return "auto" if column == MAP else published.latency()[column].device


def protocol_of(column: str) -> str:
    """Return the name of the recipe that the column was measured by."""
    return published.accuracy().protocol if column == MAP else published.latency()[column].protocol


def environment_of(column: str) -> Environment:
    """Return the environment that holds the column's software."""
    return next(stack for stack in environments().values() if column in stack.reproduces)


def published_of(column: str) -> Mapping[str, float]:
    """Return the column's figures by builder: AP in percent, or means in ms.

    Where a published latency is another statistic of its source file, the file's mean stands for it.
    """
    if column == MAP:
        return {builder: metrics["AP"] for builder, metrics in published.accuracy().models.items()}
    figures = published.latency()[column].models
    return {
        builder: each.table_ms if published.is_the_mean(each) else each.mean_ms for builder, each in figures.items()
    }


def choose(gpu: str | None, cpu_model: str) -> tuple[str, str]:
    """Return the latency column of the machine most like this one, and why; `gpu` is a GPU's name or None."""
    device, name = ("cpu", cpu_model) if gpu is None else ("cuda", gpu)
    for column, machine in MACHINES.items():
        if published.latency()[column].device == device and re.search(machine.like, name):
            return column, f"of the published machines it is the most like this one, {name}"
    return ("epyc" if gpu is None else "t4"), f"no published machine is like this one, {name}"
