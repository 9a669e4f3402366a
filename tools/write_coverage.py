"""Writes the tables of docs/statistics.md anew by simulation, a few minutes; a test tells when they need it."""

import math
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from harness.paths import ROOT
from tools.coverage import PART, SCENARIOS, TRIALS, TYPICAL, Row, drawn, fingerprint, percentiles, processes, row_of

PAGE = ROOT / "docs" / "statistics.md"
BEGIN, END = "<!-- coverage -->\n", "<!-- end of coverage -->\n"
NONE = "\u2013"


def simulated(trials: int) -> Iterator[Row]:
    """Yield what comes of each scenario, of so many trials (a multiple of PART)."""
    with ProcessPoolExecutor() as pool:
        numbers, parts = range(len(SCENARIOS)), range(trials // PART)
        tasks = [[pool.submit(drawn, number, part) for part in parts] for number in numbers]
        for number in numbers:
            yield row_of(number, [trial for task in tasks[number] for trial in task.result()])


def of_series(rows: Iterable[Row]) -> Iterator[list[str]]:
    """Yield the table of the whole procedure, scenario by scenario."""
    after = "width after " + ", ".join(str(n) for n in TYPICAL)
    yield ["series", "verdict", "covered", "end of warm-up", "iterations: median, P95", after]
    for row in rows:
        shares = [_percent(share) for share in (row.verdicts, row.covered, row.begins)]
        counts = ", ".join(str(count) for count in row.iterations)
        yield [row.name, *shares, counts, ", ".join(_width(row.widths[n]) for n in TYPICAL)]


def over_processes() -> Iterator[list[str]]:
    """Yield the table of the interval over processes."""
    yield ["deviation between processes", "3 processes", "5 processes", "3 to 5, ended early", "of these used"]
    for deviation in (0.01, 0.03, 0.05):
        early, used = processes(deviation, 5, early=True)
        fixed = [processes(deviation, most, early=False)[0] for most in (3, 5)]
        yield [f"{deviation:.0%}".replace("%", " %"), *map(_percent, (*fixed, early)), f"{used:.1f}"]


def of_percentiles() -> Iterator[list[str]]:
    """Yield the table of the bounds of p99."""
    yield ["samples", "φ", "p99 has bounds", "covered"]
    for n, phi in ((300, 0.0), (500, 0.0), (2000, 0.0), (2000, 0.5), (4000, 0.9)):
        bounded, held = percentiles(n, phi)
        yield [str(n), f"{phi:g}", _percent(bounded), _percent(held if bounded else None)]


def _width(width: float | None) -> str:
    return NONE if width is None else f"± {100 * width:.1f} %"


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.1f} %"


def tables(rows: Iterable[Row], trials: int) -> str:
    """Return the tables and what they are of; the rows come of so many trials."""
    points = 196 * math.sqrt(0.95 * 0.05 / trials)
    known = f"{trials} trials a line of the first table, so that a share of 95 % is known to {points:.1f} points"
    of = f"{known}; {TRIALS} of the others. <!-- sources {fingerprint()} -->"
    parts = [of_series(rows), over_processes(), of_percentiles()]
    return "\n\n".join([of, *("\n".join(_lines(list(rows))) for rows in parts)]) + "\n"


def _lines(rows: list[list[str]]) -> Iterator[str]:
    for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]:
        yield "| " + " | ".join(row) + " |"


def main() -> None:
    """Simulate and write."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    if wanted < PART or wanted % PART:
        sys.exit(f"{wanted} is no multiple of {PART} trials")
    replace_tables(tables(simulated(wanted), wanted))


def replace_tables(made: str) -> None:
    """Write the page, which may have changed meanwhile, with these tables."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + made + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
