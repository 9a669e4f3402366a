"""python -m tools.write_stages RESULT.json...: writes what stages sum to in such results into docs/explaining.md."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness import documents
from harness.analysis.stages import StageFigures, stage_figures
from harness.catalogue import detectors
from harness.paths import ROOT
from runner.contract import Result

PAGE = ROOT / "docs" / "explaining.md"
BEGIN, END = "<!-- stages -->\n", "<!-- end of stages -->\n"


def rows(results: Sequence[Result]) -> Iterator[list[str]]:
    """Yield the rows, the head first: of each model and environment what the stages sum to, and the remainder."""
    stacks = list(dict.fromkeys(each.job.environment for each in results))
    yield ["model", *(f"{name}, {_torch(results, name)}" for name in stacks)]
    for model in detectors(each.job.model.builder for each in results):
        own = [each for each in results if each.job.model.builder == model.builder]
        yield [model.display, *(_told([each for each in own if each.job.environment == name]) for name in stacks)]


def _torch(results: Sequence[Result], stack: str) -> str:
    seen = (each.software for each in results if each.job.environment == stack)
    return next(f"torch {each.torch.partition('+')[0]}" for each in seen if each)


def _told(results: Sequence[Result]) -> str:
    figures = stage_figures([each.stages for of in results if (each := of.latency) and each.stages])
    if figures is None:
        return next((each.failure.message for each in results if each.failure), "not measured")
    low, high = (f"{100 * share:.1f}" for share in figures.summed)
    return f"{low} to {high} %; {100 * _remainder(figures):.1f} %"


def _remainder(figures: StageFigures) -> float:
    return next((each.share for each in figures.stages if each.name == "remainder"), 0.0)


def page(text: str, results: Sequence[Result]) -> str:
    """Return the page with its table replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    head, *body = rows(results)
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]
    return before + BEGIN + "\n".join(lines) + "\n" + END + after


if __name__ == "__main__":
    found = [documents.read(Result, Path(name)) for name in sys.argv[1:]]
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
