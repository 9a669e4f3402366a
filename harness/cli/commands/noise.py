"""harness doctor --noise: how noisy this host is, what disturbs, and what it can tell nevertheless."""

import dataclasses
import json

import typer
from rich.console import Console

from harness import noise
from harness.cli.console import print_table, say
from harness.cli.live import progress_on
from harness.documents.noise import Disturbance, Noise, Scatter, keep
from harness.host.interruptions import INTERRUPTED
from harness.pipeline import Interrupted
from harness.preflight.checks import Preflight
from harness.preflight.noise import COMPUTES, sentence
from harness.report.table import Column, Table
from harness.text import GAP, count, percent


def print_noise(minutes: str | None, command: list[str], *, as_json: bool) -> None:
    """Measure the host's noise and print it."""
    console = Console(stderr=as_json)
    wanted = noise.MINUTES if minutes is None else noise.parse_minutes(minutes)
    try:
        with Preflight() as preflight:
            found = noise.measure(wanted, command, preflight, progress_on(console))
    except Interrupted as interrupted:
        say(console, f"interrupted before two processes a side were measured; nothing is kept but {interrupted.folder}")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=1, allow_nan=False))
    else:
        for line in lines(found):
            say(console, line)
        print_table(console, disturbances(found.disturbances))
    kept = keep(found)  # once it is told, so that a disk that is full loses nothing
    say(console, f"kept in {kept}" if kept else "not kept: this host has no machine-id to know it by")
    if found.interrupted:
        raise typer.Exit(INTERRUPTED)


def lines(found: Noise) -> list[str]:
    """Return what is printed above the table of what disturbs."""
    what = f"{found.model} in {found.environment} {COMPUTES[found.device]}"
    how = f"{count(found.processes, 'process', 'processes')} of {found.iterations} iterations"
    failed = f", {found.failed} failed" if found.failed else ""
    reaches = found.smallest
    told = [
        f"noise         {what}: {how}{failed}{', interrupted' if found.interrupted else ''}",
        f"processes     {_processes(found.wall)}",
        f"samples       scatter by {_percent(found.wall.samples)} within a process",
        f"CPU time      {_cpu(found)}",
        f"false alarms  {_percent(found.paired_false_alarms)} of comparisons by turns, "
        f"{_percent(found.unpaired_false_alarms)} of others: faster or slower than itself, by a margin of "
        f"{100 * found.margin:g} %",
        f"can show      differences of {', '.join(f'{_percent(one.difference)} by {one.repeats}' for one in reaches)} "
        "repeats a side, in 9 of 10 comparisons",
    ]
    return [*told, sentence(found, found.margin)]


def _processes(scatter: Scatter) -> str:
    return (
        f"scatter by {_percent(scatter.processes)}, by {_percent(scatter.neighbours)} from one to the next "
        f"(below {_percent(scatter.neighbours_at_most)} with 95 %)"
    )


def _cpu(found: Noise) -> str:
    if found.cpu is None:
        return f"unknown: {found.cpu_missing_reason}"
    apart = f"scatters by {_percent(found.cpu.neighbours)} from one process to the next"
    if not found.cpu.neighbours:
        return apart
    return f"{apart}: {found.wall.neighbours / found.cpu.neighbours:.1f} times as steady as wall time"


def disturbances(seen: list[Disturbance]) -> Table:
    """Return what disturbs as a table."""
    judged = {True: "yes", False: "no", None: "unknown"}
    columns = [
        Column("Disturbs", [judged[one.disturbs] for one in seen], "names"),
        Column("Seen", [one.seen or one.missing_reason or GAP for one in seen], "words"),
        Column("What would help", [one.helps or GAP for one in seen], "words"),
    ]
    return Table("", Column("What may disturb", [one.name for one in seen]), [[column] for column in columns])


def _percent(share: float | None) -> str:
    return "unknown" if share is None else percent(share, 1)
