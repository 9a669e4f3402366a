"""The accuracy tables: COCO's numbers in percent as in the published table, and where the time of the passes went."""

from collections.abc import Callable, Iterable, Iterator

from harness.analysis.cautions import warnings_of
from harness.analysis.labels import labels_of
from harness.analysis.series import AccuracySeries, by_accuracy_series, own_beside
from harness.analysis.timed import outcome, stack_of
from harness.catalogue import Detector, detectors, displays, models
from harness.catalogue.detectors import notes_on_own
from harness.catalogue.published import accuracy as published_accuracy
from harness.documents.run_folder import Cell
from harness.documents.scores import Iou, Score
from harness.knobs.words import detecting
from harness.report.describe import attributed, software
from harness.report.parts import parts_tables
from harness.report.table import EVERYWHERE, FULL, Column, Table
from harness.text import GAP, count
from runner.contract import Detections

KINDS: dict[Iou, str] = {"bbox": "boxes", "segm": "masks", "keypoints": "keypoints"}
#: COCO's metrics in groups that stay together on a narrow page; a table shows those that its kind has.
METRICS = [
    ["AP50", "AP75"],
    ["APsmall", "APmedium", "APlarge"],
    ["ARmax=1", "ARmax=10", "ARmax=100"],
    ["AR", "AR50", "AR75"],
    ["ARsmall", "ARmedium", "ARlarge"],
]
PARTS = ["decode", "waited", "transfer", "forward", "encode"]


def accuracy_tables(cells: Iterable[Cell], *, with_published: bool = False) -> list[Table]:
    """Arrange the cells of the suite into tables: for each series two a kind of detection, and one of times.

    What was published stands only beside what was detected in the same images.
    """
    return [
        table
        for series, title, alike in _titled(cells)
        for table in [
            *_precision(series, title, alike, with_published),
            *_parts(series, title, alike),
            _times(title, alike),
        ]
    ]


def precision_tables(cells: Iterable[Cell], *, with_published: bool = False) -> list[Table]:
    """Return those of them that hold AP."""
    return [
        table for series, title, alike in _titled(cells) for table in _precision(series, title, alike, with_published)
    ]


def _titled(cells: Iterable[Cell]) -> list[tuple[AccuracySeries, str, list[Cell]]]:
    """Return the cells by table, each with what tells it from the other tables."""
    alike_by_series = own_beside(by_accuracy_series(cells), lambda cell: cell.job.model.builder)
    titles = labels_of(list(alike_by_series))
    return [(series, titles[series], alike) for series, alike in alike_by_series.items()]


def published_table() -> Table:
    """Return the accuracy table published in 2021."""
    table = published_accuracy()
    names = Column("Model", [models()[builder].display for builder in table.models])
    groups = [
        [Column(metric, [f"{row[metric]:.2f}" for row in table.models.values()]) for metric in group]
        for group in [["AP"], *METRICS]
        if "AR" not in group  # of keypoints alone
    ]
    where = f"{table.dataset}, {table.images} images, {', '.join(table.machine)}"
    notes = [f"{', '.join(table.software)}; boxes cut to integers before they were scored"]
    return Table(f"AP of boxes in %, published in 2021: {where}", names, groups, notes)


def _precision(series: AccuracySeries, place: str, cells: list[Cell], with_published: bool) -> Iterator[Table]:
    shown = {each.builder: each for each in detectors(cell.job.model.builder for cell in cells)}
    scored = [(shown[cell.job.model.builder], score) for cell in cells if cell.scores for score in cell.scores.scores]
    for iou, kind in KINDS.items():
        rows = [(model, score) for model, score in scored if score.iou == iou]
        if rows:
            names = [model.display + (f", {score.box_rule}" if iou == "bbox" else "") for model, score in rows]
            title = f"AP of {kind} in %, {place}"
            beside = with_published and series.dataset == published_accuracy().dataset
            yield Table(title, Column("Model", names), _groups(rows, beside), _notes(series, cells, iou))


def _parts(series: AccuracySeries, place: str, cells: list[Cell]) -> Iterator[Table]:
    """Yield the tables of AP by what the pictures hold, of boxes by the rule of their pass."""
    shown = {each.builder: each for each in detectors(cell.job.model.builder for cell in cells)}
    scored = [(shown[cell.job.model.builder], score) for cell in cells if cell.scores for score in cell.scores.scores]
    for iou, kind in KINDS.items():
        rows = [
            pair for pair in scored if pair[1].iou == iou and (iou != "bbox" or pair[1].box_rule == series.box_rule)
        ]
        yield from parts_tables(f"AP of {kind} in % by what a picture holds, {place}", rows)


def _groups(rows: list[tuple[Detector, Score]], with_published: bool) -> list[list[Column]]:
    groups = [
        [Column("AP", [_percent(score.metrics["AP"]) for _, score in rows])],
        [Column("95 % interval", [_interval(score) for _, score in rows])],
    ]
    for group in METRICS:
        shown = [name for name in group if name in rows[0][1].metrics]
        forms = FULL if group[0].startswith("AR") else EVERYWHERE
        values = {name: [_percent(score.metrics[name]) for _, score in rows] for name in shown}
        groups.append([Column(name, texts, forms=forms) for name, texts in values.items()])
    if with_published:
        groups.append([Column("published AP", [_published(model, score) for model, score in rows])])
    return [group for group in groups if group]


def _percent(value: float) -> str:
    return GAP if value == -1 else f"{100 * value:.2f}"


def _interval(scored: Score) -> str:
    return f"{100 * scored.interval.low:.2f} to {100 * scored.interval.high:.2f}" if scored.interval else GAP


def _published(model: Detector, scored: Score) -> str:
    """Return what was published on val2017: in 2021 for boxes cut to integers, by torchvision for all else."""
    if scored.box_rule == "truncate-int":
        row = published_accuracy().models.get(model.builder)
        return f"{row['AP']:.2f}" if row else GAP
    value = model.ap(scored.iou)
    return f"{value:.1f}" if value is not None else GAP


def _notes(series: AccuracySeries, cells: list[Cell], iou: Iou) -> list[str]:
    parts = [series.protocol, f"{series.weights} weights", *detecting(cells[0].job)]
    notes = [", ".join([*parts, *software([stack_of(cell) for cell in cells])])]
    if series.weights == "random":
        notes.append("random weights: what is detected means nothing, and so does its AP")
    if iou == "bbox":
        notes.append("truncate-int: boxes cut to integers, as in 2021; float: as torchvision scores them")
    notes += notes_on_own(detectors(cell.job.model.builder for cell in cells))
    return notes + attributed(_remarks_of(cells, lambda cell: _remarks_on(cell, iou)))


def _remarks_of(cells: list[Cell], remarks_on: Callable[[Cell], list[str]]) -> dict[str, list[list[str]]]:
    by_model: dict[str, list[list[str]]] = {}
    named = displays(cell.job.model.builder for cell in cells)
    for cell in cells:
        by_model.setdefault(named[cell.job.model.builder], []).append(remarks_on(cell))
    return by_model


def _remarks_on(cell: Cell, iou: Iou) -> list[str]:
    remarks = outcome(cell)
    if cell.scores is None:
        return remarks or ["not scored yet"]
    if cell.scores.bad_images:
        verb = "is" if cell.scores.bad_images == 1 else "are"
        remarks.append(f"{count(cell.scores.bad_images, 'image')} could not be read and {verb} left out")
    if cell.scores.turned_images:
        masks = ", and their masks are left out" if iou == "segm" else ""
        verb = "was" if cell.scores.turned_images == 1 else "were"
        turned = count(cell.scores.turned_images, "image")
        remarks.append(f"{turned} {verb} read in another size than annotated{masks}")
    if cell.scores.foreign_detections:
        every = cell.scores.foreign_detections + max((each.detections for each in cell.scores.scores), default=0)
        lacking = "are of categories that the annotations lack, and are left out"
        remarks.append(f"{cell.scores.foreign_detections} of {every} detections {lacking}")
    remarks += cell.scores.not_scored.values()
    remarks += dict.fromkeys(text for scored in cell.scores.scores if scored.iou == iou for text in scored.remarks)
    remarks += _orientation(cell)
    if cell.agreement and cell.agreement.verdict == "different":
        images, reference = cell.agreement.images_different, cell.agreement.against
        why = f": {cell.agreement.because}" if cell.agreement.because else ""
        remarks.append(f"DIFFERENT from {reference} in {images} of {cell.agreement.images} images{why}")
    missing = [scored.interval_missing_reason for scored in cell.scores.scores if scored.iou == iou]
    remarks += [f"no interval: {reason}" for reason in dict.fromkeys(missing) if reason]
    return remarks + warnings_of(cell.result) + [f"WARNING: {text}" for text in cell.scores.warnings]


def _orientation(cell: Cell) -> list[str]:
    """Say how many pictures the reader did not turn; where the annotations are of turned ones, AP is low for that."""
    passed = cell.result.detections
    if passed is None or not passed.turned_images:
        return []
    reader = cell.job.detection.reader if cell.job.detection else None
    remedy = "" if reader == "cv2" else "; --reader cv2 does"
    verb = "has" if passed.turned_images == 1 else "have"
    return [f"{count(passed.turned_images, 'image')} {verb} an EXIF orientation that the reader did not follow{remedy}"]


def _times(place: str, cells: list[Cell]) -> Table:
    passes = [cell.result.detections for cell in cells]
    named = displays(cell.job.model.builder for cell in cells)
    names = Column("Model", [named[cell.job.model.builder] for cell in cells])
    speeds = Column("images / s", [_speed(passed) if passed else GAP for passed in passes])
    counts = Column("boxes / image", [f"{passed.boxes / passed.images:.1f}" if passed else GAP for passed in passes])
    parts = [Column(f"{part} ms", [_share(passed, part) if passed else GAP for passed in passes]) for part in PARTS]
    notes = ["ms an image; decoding goes on beside the rest, which waited for it as long as the column says"]
    return Table(
        title=f"Time of the detection pass, {place}",
        names=names,
        groups=[[speeds], [counts], parts],
        notes=notes + attributed(_remarks_of(cells, outcome)),
    )


def _speed(passed: Detections) -> str:
    images = passed.images - passed.resumed_images
    return f"{1000 * images / passed.wall_ms:.2f}" if images else GAP


def _share(passed: Detections, part: str) -> str:
    # What it waited for is known of this process alone, the rest of every image of the pass.
    images = passed.images - passed.resumed_images if part == "waited" else passed.images
    return f"{getattr(passed, part + '_ms') / images:.1f}" if images else GAP
