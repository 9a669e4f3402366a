"""What models took over time, as tables: one a model and series, a row a run, and where it changed."""

from collections.abc import Sequence

from harness.analysis.history import History, Point, histories
from harness.analysis.process import Process, Processes
from harness.catalogue import detector
from harness.documents.run_folder import RunFolder
from harness.documents.runs import once
from harness.report.table import Column, Table
from harness.text import GAP, count, percent


def histories_of(folders: Sequence[RunFolder]) -> list[History]:
    """Return what each model took in the runs. Raises BadInput where none was timed, or a measurement comes twice."""
    runs: dict[str, list[Process]] = {folder.label: [] for folder in folders}
    made = Processes()
    for folder, cell in once(folders):
        if process := made.of(cell, folder.label):
            runs[folder.label].append(process)
    return histories(list(runs.items()))


def history_tables(folders: Sequence[RunFolder]) -> list[Table]:
    """Return the tables of runs over time. Raises as histories_of does."""
    return list(map(history_table, histories_of(folders)))


def history_table(history: History) -> Table:
    """Return the table of a model over time."""
    points = history.points
    names = Column("Began (UTC)", [each.began[:16].replace("T", " ") for each in points])
    columns = [
        Column("ms", [f"{each.ms:.4g}" for each in points]),
        Column("95 %", [_interval(each) for each in points]),
        Column("processes", [str(each.processes) for each in points]),
        Column("changed", [_change(each) for each in points], "words"),
        Column("runner", [each.runner or GAP for each in points], "names"),
        Column("image", [each.image or GAP for each in points], "names"),
        Column("run", [each.run for each in points], "words"),
    ]
    return Table(title(history), names, [[column] for column in columns], [_note(history)])


def title(history: History) -> str:
    """Return what a history is of."""
    return ", ".join(filter(None, (f"{detector(history.builder).display} over time", history.series)))


def headline(found: Sequence[History]) -> str:
    """Say of all models together which of them changed."""
    changed = [finding(each) for each in found if any(point.changed for point in each.points)]
    return "; ".join(changed) or f"No change over time is shown: {count(len(found), 'series', 'series')}"


def finding(history: History) -> str:
    """Say whether and when a model changed."""
    changes = [f"{_by(each)} since {each.began[:10]}" for each in history.points if each.changed and each.change]
    return f"{title(history)}: {', '.join(changes) or 'no change is shown'}"


def _interval(each: Point) -> str:
    return GAP if each.low_ms is None or each.high_ms is None else f"{each.low_ms:.4g} to {each.high_ms:.4g}"


def _change(each: Point) -> str:
    return _by(each) if each.changed else GAP


def _by(each: Point) -> str:
    ratio = each.change.value if each.change else 1.0
    return f"{'slower' if ratio > 1 else 'faster'} by {percent(abs(ratio - 1), 1)}"


def _note(history: History) -> str:
    runs = count(len(history.points), "run")
    return (
        f"{runs}; geometric means over pictures and processes, with the 95 % interval over processes; changed: beyond "
        "3 % of all processes since the last change, with at most 5 % for one that never changed"
    )
