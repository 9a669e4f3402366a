"""The table of the rows and the file of them."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.rows import Outcome, Verdict

GAP = "-"


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the table, and below it a line for each row: what it compares, and how."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("What", overflow="fold")
    for heading in ("Ours", "Reference", "Ratio", "95 %", "Bound", "Holds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in outcomes:
        table.add_row(outcome.name, *_figures(outcome))
    console.print(table)
    for outcome in outcomes:
        text = f"- {outcome.name}: {outcome.what}; {outcome.pairs} pairs; {outcome.note}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def write(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [dataclasses.asdict(outcome) for outcome in outcomes]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many rows came out how, in one line."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    named: dict[Verdict, str] = {"yes": "hold", "no": "do not hold", "undecided": "undecided", "skipped": "skipped"}
    return f"of {len(outcomes)} rows: " + ", ".join(f"{counts[each]} {words}" for each, words in named.items())


def _figures(outcome: Outcome) -> list[str]:
    return [
        _side(outcome.ours, outcome.unit),
        _side(outcome.reference, outcome.unit),
        GAP if outcome.ratio is None else f"{outcome.ratio:.3f}",
        GAP if outcome.ratio is None else f"{outcome.low:.3f}..{outcome.high:.3f}",
        f"≤ {outcome.bound}" if outcome.floor is None else f"{outcome.floor}..{outcome.bound}",
        "NO" if outcome.verdict == "no" else outcome.verdict,
    ]


def _side(figure: float | None, unit: str) -> str:
    return GAP if figure is None else f"{figure:.3g} {unit}"
