"""Writes the table of verdicts in docs/statistics.md anew by simulation; a test tells when it needs it."""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from tools.comparisons import DESIGNS, TRIALS, Row, fingerprint, simulated
from tools.write_coverage import NONE, PAGE

BEGIN, END = "<!-- comparisons -->\n", "<!-- end of comparisons -->\n"
HEADINGS = [
    "processes",
    "deviation",
    "drift",
    "repeats",
    "false alarms",
    "3 % found",
    "other direction",
    "6 % equivalent",
    "repeats foretold",
    "settled by them",
]


def table(trials: int) -> Iterator[list[str]]:
    """Yield the table, a row a design."""
    yield HEADINGS
    with ProcessPoolExecutor() as pool:
        yield from map(line, pool.map(simulated, range(len(DESIGNS)), repeat(trials)))


def line(row: Row) -> list[str]:
    """Return a row of the table."""
    design = row.design
    said = [
        "paired" if design.paired else "unpaired",
        f"{100 * design.deviation:g} %",
        "yes" if design.drifts else "no",
        str(design.repeats),
    ]
    return [*said, *map(_percent, (row.alarms, row.found, row.reversed, row.missed, row.foretold, row.settled))]


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.1f} %"


def page(text: str, trials: int = TRIALS) -> str:
    """Return the page with its table replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    rows = list(table(trials))
    lines = ["| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * len(HEADINGS), *rows[1:]]]
    note = f"{trials} trials a figure. <!-- compared {fingerprint()} -->"
    return before + BEGIN + note + "\n\n" + "\n".join(lines) + "\n" + END + after


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    if sys.argv[2:] == ["--print"]:
        print("\n".join(" | ".join(row) for row in table(wanted)))
    else:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), wanted), encoding="utf-8")
