"""python -m tools.write_stages RUN: writes what stages sum to in a run with --stages into docs/explaining.md."""

import sys
from collections.abc import Iterator, Sequence

from harness.analysis.stages import StageFigures, stage_figures
from harness.catalogue import detectors
from harness.documents.run_folder import Cell
from harness.documents.runs import open_run
from harness.paths import ROOT

PAGE = ROOT / "docs" / "explaining.md"
BEGIN, END = "<!-- stages -->\n", "<!-- end of stages -->\n"


def rows(cells: Sequence[Cell]) -> Iterator[list[str]]:
    """Yield the rows, the head first: of each model and environment what the stages sum to, and the remainder."""
    environments = list(dict.fromkeys(cell.job.environment for cell in cells))
    yield ["model", *(f"{name}, {_torch(cells, name)}" for name in environments)]
    for model in detectors(cell.job.model.builder for cell in cells):
        own = [cell for cell in cells if cell.job.model.builder == model.builder]
        yield [model.display, *(_told([cell for cell in own if cell.job.environment == name]) for name in environments)]


def _torch(cells: Sequence[Cell], environment: str) -> str:
    seen = (cell.result.software for cell in cells if cell.job.environment == environment)
    return next(f"torch {each.torch.partition('+')[0]}" for each in seen if each)


def _told(cells: Sequence[Cell]) -> str:
    figures = stage_figures([each.stages for cell in cells if (each := cell.result.latency) and each.stages])
    if figures is None:
        failures = [cell.result.failure.message for cell in cells if cell.result.failure]
        return failures[0] if failures else "not measured"
    low, high = (f"{100 * share:.1f}" for share in figures.summed)
    return f"{low} to {high} %; {100 * _remainder(figures):.1f} %"


def _remainder(figures: StageFigures) -> float:
    return next((each.share for each in figures.stages if each.name == "remainder"), 0.0)


def page(text: str, cells: Sequence[Cell]) -> str:
    """Return the page with its table replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    head, *body = rows(cells)
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]
    return before + BEGIN + "\n".join(lines) + "\n" + END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), open_run(sys.argv[1]).cells()), encoding="utf-8")
