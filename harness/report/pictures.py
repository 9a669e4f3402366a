"""A picture in which two passes differ, with both sets of detections drawn on it."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, UnidentifiedImageError

from harness.agreement.beside import Pass, beside
from harness.agreement.matching import Matched, match
from harness.documents.agreement import Agreement
from harness.documents.files import replacing, storing
from runner.contract.rows import ImageDetections, Row

#: What both found is thin and white, and only so many of them, the surest; what one alone found is thick and red.
MATCHED, UNMATCHED, SUREST = ("#ffffff", 1), ("#ff2d00", 4), 10
GAP, HEADING = 10, 18


def draw(path: Path, rows: tuple[Row, Row], matched: Matched, names: tuple[str, str]) -> Image.Image:
    """Return the picture twice side by side, left the reference's detections, right the other's."""
    lost = matched.unmatched_reference.tolist(), matched.unmatched_other.tolist()
    sides = [_side(path, row, unmatched, name) for row, unmatched, name in zip(rows, lost, names, strict=True)]
    whole = Image.new("RGB", (sum(side.width for side in sides) + GAP, max(side.height for side in sides)), "white")
    whole.paste(sides[0], (0, 0))
    whole.paste(sides[1], (sides[0].width + GAP, 0))
    return whole


def _side(path: Path, row: Row, unmatched: list[int], name: str) -> Image.Image:
    canvas = _canvas(path, row)
    pen = ImageDraw.Draw(canvas)
    count = len(row.detections.scores) if row.detections else 0
    if row.detections:
        by_score = row.detections.scores.argsort()[::-1].tolist()
        surest = [number for number in by_score if number not in unmatched][:SUREST]
        for number in [*surest[::-1], *unmatched]:
            _draw(pen, row.detections, number, *(UNMATCHED if number in unmatched else MATCHED))
    side = Image.new("RGB", (canvas.width, canvas.height + HEADING), "white")
    ImageDraw.Draw(side).text((2, 3), f"{name}: {count} detections, {len(unmatched)} without a match", fill="black")
    side.paste(canvas, (0, HEADING))
    return side


def _draw(pen: ImageDraw.ImageDraw, detections: ImageDetections, number: int, colour: str, width: int) -> None:
    left, top, right, bottom = detections.boxes[number].tolist()
    pen.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=width)
    pen.text((left + 5, top + 4), f"{detections.labels[number]}: {detections.scores[number]:.2f}", fill=colour)


def _canvas(path: Path, row: Row) -> Image.Image:
    """Return the picture itself, or grey where it is gone or can't be read."""
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith("I"):  # 16 bits of grey, of which the readers take the upper 8
                return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return Image.new("RGB", (row.width or 320, row.height or 240), "#d0d0d0")


def disagreements(of: Pass, folder: Path | None = None) -> list[Path]:
    """Return the pictures of where the pass differs most: in its cell's folder, or in one of that name in `folder`."""
    return sorted(_drawn_in(of, folder).glob("disagreement-*.png"))


def _drawn_in(of: Pass, folder: Path | None) -> Path:
    return folder / of.job.cell if folder else of.place


def draw_worst(agreement: Agreement, reference: Pass, other: Pass, folder: Path | None = None) -> None:
    """Draw the worst images where `disagreements` says. Raises StorageError where that can't be made."""
    for old in disagreements(other, folder):
        old.unlink(missing_ok=True)  # two may compare at once
    if not agreement.worst:
        return
    place = _drawn_in(other, folder)
    elsewhere = "choose another --pictures"
    wanted = {image.file: number for number, image in enumerate(agreement.worst, start=1)}
    with storing(place, "made", elsewhere):
        place.mkdir(parents=True, exist_ok=True)
    images = Path(str(other.folder.plan.dataset_folder))
    for one, two in beside(reference, other):
        if one.file in wanted:
            matched = match(one, two, other.job.model.thresholds, agreement.tolerances)
            drawn = draw(images / one.file, (one, two), matched, _names(reference, other))
            file = place / f"disagreement-{wanted[one.file]}.png"
            with replacing(file, elsewhere) as part:
                drawn.save(part)


def _names(reference: Pass, other: Pass) -> tuple[str, str]:
    if reference.job.environment != other.job.environment:
        return reference.job.environment, other.job.environment
    return reference.job.cell, other.job.cell
