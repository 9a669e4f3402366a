"""The part about AP: the eight published models on COCO val2017, beside what was published of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from harness.catalogue import Model, entries, models
from harness.catalogue.published import accuracy
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.scores import Iou, Score
from harness.images import lock
from runner.contract import BoxRule
from tests.online.check import Broken, Pass, Places
from tests.online.web import NotReached

COCO = "coco-val2017"
#: A full pass by torchvision's own recipe differs from its published AP by rounding and the stack, in points.
FULL_PASS_POINTS = 0.3


def servers(places: Places) -> list[str]:
    """Return the servers of the checkpoints and of COCO's archives."""
    return [places.weights, *(archive.url for archive in entries.datasets()[COCO].archives)]


def coco_gb() -> float:
    """Return how much COCO val2017's archives are."""
    return sum(archive.size_bytes for archive in entries.datasets()[COCO].archives) / 1e9


@dataclass(frozen=True)
class Figure:
    """An AP that was published, in percent: of what, under which rule of boxes, and by whom."""

    model: Model
    iou: Iou
    box_rule: BoxRule
    by: str
    ap: float

    @property
    def item(self) -> str:
        """What the report calls it."""
        return f"{self.model.display}, {self.iou}, {self.by}"


def figures() -> Iterator[Figure]:
    """Yield every published AP of the eight models: torchvision's, and those of the table of 2021."""
    for model in (model for model in models().values() if model.published_2021):
        for iou in get_args(Iou):
            if (ap := model.ap(iou)) is not None:
                yield Figure(model, iou, "float", "torchvision", ap)
        if row := accuracy().models.get(model.builder):
            yield Figure(model, "bbox", "truncate-int", "table of 2021", row["AP"])


def precision(doing: Pass) -> None:
    """Fetch COCO val2017, detect in it, or go on with that, and put each AP beside what was published."""
    limit = doing.check.limit
    run = doing.check.folder / (f"accuracy-{limit}" if limit else "accuracy")
    obstacle = _fetched(doing) or _detected(doing, run)
    here = RunFolder(run).cells() if (run / "plan.json").is_file() else []
    cells = {cell.job.model.builder: cell for cell in here}
    if obstacle or not cells:
        doing.found("the run", "", "not reached", obstacle or f"{run} holds no result")
    if not cells:
        return
    for figure in figures():

        def look(figure: Figure = figure) -> str:
            return beside(figure, cells.get(figure.model.builder))

        doing.each(figure.item, "", None, look)


def _fetched(doing: Pass) -> str:
    """Fetch COCO val2017 unless it is here. Returns why it can't be had, "" where it is here."""
    done = doing.check.harness(["data", "fetch", COCO], False)
    if done.code != 0:
        return done.sentence
    lock.certify_dataset(COCO, doing.check.draft, "verified: downloaded, with this size and hash")
    return ""


def _detected(doing: Pass, run: Path) -> str:
    """Make the run, or go on with it. Returns why it ended early, "" where every cell has a result."""
    limit = ["--limit", str(doing.check.limit)] if doing.check.limit else []
    what = ["--suite", "accuracy", "--dataset", COCO, "--weights", "pretrained", "--published-models", *limit]
    begun = (run / "plan.json").is_file()
    done = doing.check.harness(["run", *(["--resume", str(run)] if begun else [*what, "--out", str(run)])], False)
    return done.sentence if done.code not in (0, 1) else ""  # 1: a cell is not ok, which says why itself


def beside(figure: Figure, cell: Cell | None) -> str:
    """Return the AP of a pass beside the published one, in percent. Raises Broken where they differ by too much.

    All images have to come within 0.3 points; of a part of them, the interval has to hold the published AP.
    Raises NotReached where there is none.
    """
    score, published = _score(figure, cell), f"published {figure.ap:.2f}"
    found, interval = 100 * score.metrics["AP"], score.interval
    if score.metrics["AP"] < 0:
        raise Broken(f"there was nothing to score in {score.images} images")
    if score.images == accuracy().images:
        return _judged(abs(found - figure.ap) <= FULL_PASS_POINTS, f"AP {found:.2f}, {published}")
    if interval is None:
        raise NotReached(f"AP {found:.2f} of {score.images} images has no interval: {score.interval_missing_reason}")
    low, high = 100 * interval.low, 100 * interval.high
    seen = f"AP {found:.2f} ({low:.2f} to {high:.2f}) of {score.images} images, {published}"
    return _judged(low <= figure.ap <= high, seen)


def _judged(holds: bool, seen: str) -> str:
    if not holds:
        raise Broken(seen)
    return seen


def _score(figure: Figure, cell: Cell | None) -> Score:
    if cell is None:
        raise NotReached("its pass has no result")
    if cell.result.status != "ok":
        raise NotReached(
            f"its pass ended as {cell.result.status}: {cell.result.failure and cell.result.failure.message}"
        )
    if cell.scores is None:
        raise NotReached("its pass was not scored")
    for score in cell.scores.scores:
        if (score.iou, score.box_rule) == (figure.iou, figure.box_rule):
            return score
    raise NotReached(cell.scores.not_scored.get(figure.iou, "its pass was not scored for this"))
