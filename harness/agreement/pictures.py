"""A picture in which two passes differ, with both sets of detections drawn on it."""

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, UnidentifiedImageError

from harness.agreement.matching import Matched
from runner.rows import Row

#: What both found is thin and pale, what one alone found thick and bright.
MATCHED, UNMATCHED = ("#9a9a9a", 1), ("#ff2d00", 4)
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
    found = row.found
    order = sorted(range(len(found.scores)), key=lambda number: number in unmatched) if found else []
    for number in order if found else []:
        colour, width = UNMATCHED if number in unmatched else MATCHED
        box: Any = found.boxes[number].tolist() if found else []
        pen.rectangle(box, outline=colour, width=width)
        if number in unmatched and found:
            pen.text((box[0] + 5, box[1] + 4), f"{found.labels[number]}: {found.scores[number]:.2f}", fill=colour)
    side = Image.new("RGB", (canvas.width, canvas.height + HEADING), "white")
    count = len(found.scores) if found else 0
    ImageDraw.Draw(side).text((2, 3), f"{name}: {count} detections, {len(unmatched)} its own", fill="black")
    side.paste(canvas, (0, HEADING))
    return side


def _canvas(path: Path, row: Row) -> Image.Image:
    """Return the picture itself, or grey where it is gone or can't be read."""
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return Image.new("RGB", (row.width or 320, row.height or 240), "#d0d0d0")
