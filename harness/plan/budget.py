"""How much of a published column a budget of time holds."""

import re
from dataclasses import replace

from harness.catalogue import models
from harness.documents import Plan, PlannedCell
from harness.errors import BadInput
from runner.contract import Job

#: How much of a budget is planned for: estimates err, and a budget should hold.
PLANNED_FOR = 0.85
#: What is timed before a budget is divided: of a detection pass the first image warms up and tells nothing.
PILOT_ITERATIONS = 2


def parse_budget(text: str) -> float:
    """Return the seconds of a --budget. Raises BadInput where it is none."""
    return parse_time("--budget", text)


def parse_time(option: str, text: str) -> float:
    """Return the seconds of a time such as 90s, 30m or 2h. Raises BadInput where it is none."""
    match = re.fullmatch(r"([0-9]{1,9})([smh])", text.lower())
    if not match:
        raise BadInput(f"{text!r:.80} is no time", f"write the {option} such as 90s, 30m or 2h")
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
