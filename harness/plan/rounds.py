"""Repeats in rounds: the order in which a plan measures, and how close processes have to agree for it to end early."""

import random
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from harness.documents import PlannedCell
from harness.errors import BadInput
from runner.contract import Protocol, Suite

#: The widest interval over processes that may be asked for, in percent of the figure.
WIDEST = 50.0


def seed_for(protocol: Protocol) -> int | None:
    """Return a seed for the order of repeats, None where the protocol lets environments take turns."""
    return secrets.randbits(32) if protocol.repeating else None


def with_repeats(protocol: Protocol, repeats: int | None) -> Protocol:
    """Return the protocol with the number of repeats that was asked for: of those that may not all be needed, the share
    that was measured tells how wide their interval is."""
    return replace(protocol, repeats=repeats) if repeats and protocol.repeating else protocol


def ordered(cells: Sequence[PlannedCell], seed: int) -> list[PlannedCell]:
    """Return the cells with each round of latencies in an order of its own; detection passes stay where they are.

    A round has one process of each environment and model, so what drifts over time is spread over all of them. The
    order follows from the seed and from what is measured, whatever order the cells come in.
    """
    chance, shuffled = random.Random(seed), []  # noqa: S311 -- an order, no secret
    for (suite, _), group in groupby(cells, key=lambda cell: (cell.job.suite, cell.job.repeat)):
        alike = list(group)
        if suite == "latency":
            alike.sort(key=lambda cell: cell.job.cell)
            chance.shuffle(alike)
        shuffled += alike
    return shuffled


def parse_precision(text: str) -> float:
    """Return the relative half width that a text such as 3% means. Raises BadInput where it is none, 0 or too wide."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*%?", text.strip())
    percent = float(match.group(1)) if match else 0.0
    if not 0 < percent <= WIDEST:
        raise BadInput(f"--precision {text!r:.80} is no share above 0 and up to {WIDEST:g} %", "write it such as 3%")
    return percent / 100


def check_precision(precision: float | None, suites: Sequence[Suite], protocol: Protocol) -> None:
    """Raise BadInput where a precision was chosen for what has no repeats, or for a protocol that measures them all."""
    if precision is not None and "latency" not in suites:
        raise BadInput("--precision belongs to the suite latency", "add --suite latency, or leave it out")
    if precision is not None and protocol.repeating is None:
        reason = f"--precision says when repeats end early, and those of the protocol {protocol.name} never do"
        raise BadInput(reason, "choose --protocol standard-1, or leave it out")


def check_iterations(iterations: int | None, protocol: Protocol) -> None:
    """Raise BadInput where so few iterations are no pilot, of a protocol that takes one."""
    pilot = protocol.measure.pilot_effective_samples
    if iterations is not None and pilot is not None and iterations < pilot:
        reason = f"--iterations {iterations} is below one pilot of the protocol {protocol.name}, {pilot:g} iterations"
        raise BadInput(reason, "give more, or choose --protocol quick-1")
