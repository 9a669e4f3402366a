"""What every table says of its cells: the software, and what became of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.documents.run_folder import Cell


@dataclass(frozen=True)
class Stack:
    """The software of a cell in words, None where it left none on record, and whether it is what the pins say."""

    text: str | None
    pinned: bool
    deviations: list[str]


def stack_of(cell: Cell) -> Stack:
    """Return the software of a cell."""
    observed, execution = cell.result.software, cell.execution
    text = (
        f"torch {observed.torch}, torchvision {observed.torchvision}, threads: {observed.threads}" if observed else None
    )
    return Stack(text, execution.pinned if execution else True, execution.deviations if execution else [])


def software(stacks: Sequence[Stack]) -> list[str]:
    """Return what there is to say of the software of cells of one environment, pins included."""
    parts = list(dict.fromkeys(stack.text for stack in stacks if stack.text))
    if any(not stack.pinned for stack in stacks):
        deviations = dict.fromkeys(text for stack in stacks for text in stack.deviations)
        parts.append("not pinned" + (f" ({'; '.join(deviations)})" if deviations else ""))
    return parts


def outcome(cell: Cell) -> list[str]:
    """Return why the cell has no figure, if it has none, and what would help."""
    failure = cell.result.failure
    if failure is None:
        return []
    remedy = failure.remedy if cell.result.status != "skipped" else ""  # whose reason says it all
    return ["; ".join(filter(None, (f"{cell.result.status}, {failure.message}", remedy)))]


def attributed(remarks_of: Mapping[str, Iterable[list[str]]]) -> list[str]:
    """Return the remarks on the cells of each model, each remark once with the models that it is about."""
    about: dict[str, list[str]] = {}
    for display, remarks in remarks_of.items():
        cells = list(remarks)
        said = [remark for cell in cells for remark in cell] if cells else ["not in this run"]
        for remark in dict.fromkeys(said):
            about.setdefault(remark, []).append(display)
    return [f"{', '.join(names)}: {remark}" for remark, names in about.items()]
