"""Which published column this host can repeat, and how much of it a budget holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.catalogue import Environment, environments, models, published
from harness.data import fetching
from harness.documents import Plan, PlannedCell
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.host.gpus import Gpu
from harness.preflight import compatibility
from harness.preflight.checks import Preflight
from runner.contract import Job

#: The accuracy table's column of AP; the other columns are those of the latency table.
MAP = "map"
#: How much of a budget is planned for: estimates err, and a budget should hold.
PLANNED_FOR = 0.85
#: What is timed before a budget is divided: of a detection pass the first image warms up and tells nothing.
PILOT_ITERATIONS = 2


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
        builder: each.table_ms if published.statistic_of(each) == "mean" else each.mean_ms
        for builder, each in figures.items()
    }


def choose(gpu: str | None, cpu_model: str) -> tuple[str, str]:
    """Return the latency column of the machine most like this one, and why; `gpu` is a GPU's name or None."""
    device, name = ("cpu", cpu_model) if gpu is None else ("cuda", gpu)
    for column, machine in MACHINES.items():
        if published.latency()[column].device == device and re.search(machine.like, name):
            return column, f"of the published machines it is the most like this one, {name}"
    return ("epyc" if gpu is None else "t4"), f"no published machine is like this one, {name}"


def obstacle(column: str, stack: Environment, preflight: Preflight) -> HarnessError | None:
    """Return why the column can't be measured here in the environment, or None where it can."""
    if device_of(column) == "cuda" and not preflight.gpus.found:
        return CannotRunHere(f"a GPU is needed, and {preflight.gpus.reason}", preflight.gpus.remedy)
    if column == MAP:
        try:
            fetching.folder_of(published.accuracy().dataset)
        except CannotRunHere as error:
            return error
    target = preflight.target(device_of(column))
    found = preflight.obstacle(stack, target)
    return _with_substitute(stack, found, target.gpu) if found and stack.base else found


def _with_substitute(stack: Environment, found: HarnessError, gpu: Gpu | None) -> CannotRunHere:
    """Return the obstacle with a way around it: the software nearest to the published one that runs here."""
    if gpu is None or compatibility.verdict(stack, gpu).possible:
        return CannotRunHere(found.reason, f"{found.remedy}, or measure in other software: --image local")
    oldest = next(reversed(compatibility.ranked(gpu)), environments()["local"])
    versions = [each.expected.get("torch", "").partition("+")[0] for each in (stack, oldest)]
    kind = "another build of the same versions" if versions[0] == versions[1] else "other versions"
    return CannotRunHere(found.reason, f"the nearest that may run here is --image {oldest.name}, {kind}")


def parse_budget(text: str) -> float:
    """Return the seconds of a time such as 90s, 30m or 2h. Raises BadInput where it is none."""
    match = re.fullmatch(r"(\d+)([smh])", text.lower())
    if not match:
        raise BadInput(f"{text!r} is no time", "write the --budget such as 90s, 30m or 2h")
    return int(match.group(1)) * {"s": 1.0, "m": 60.0, "h": 3600.0}[match.group(2)]


def length(plan: Plan) -> int:
    """Return how many measured iterations each cell of the plan has, or how many images."""
    return max(len(cell.job.dataset.ids) if cell.job.dataset else cell.job.measured_iterations for cell in plan.cells)


def shortened(plan: Plan, n: int) -> Plan:
    """Return the plan with `n` measured iterations a cell, or its first `n` images."""
    return replace(plan, cells=[replace(cell, job=_shortened(cell.job, n)) for cell in plan.cells])


def _shortened(job: Job, n: int) -> Job:
    if job.dataset is None:
        return replace(job, variant=replace(job.variant, iterations=n))
    return replace(job, dataset=replace(job.dataset, ids=job.dataset.ids[:n], files=job.dataset.files[:n]))


def pilot(plan: Plan) -> Plan:
    """Return the plan that tells what a budget holds: a moment of the largest model, which takes most of the time."""
    largest: PlannedCell = max(plan.cells, key=lambda cell: models()[cell.job.model.builder].gflops)
    return shortened(replace(plan, cells=[largest]), PILOT_ITERATIONS)


def affordable(shortest_s: float, whole_s: float, whole: int, budget_s: float) -> int:
    """Return how many of `whole` iterations fit the budget, 0 where not even one does.

    `shortest_s` and `whole_s` are the seconds that the plan takes with one of them and with all.
    """
    if budget_s >= whole_s:
        return whole
    if budget_s < shortest_s:
        return 0
    return 1 + int((whole - 1) * (budget_s - shortest_s) / (whole_s - shortest_s))
