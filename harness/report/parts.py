"""The table of AP by how many objects a picture has and how large it is."""

from collections.abc import Sequence

from harness.catalogue import Detector
from harness.documents.scores import ApPart, Score
from harness.report.table import LONG, Column, Table
from harness.text import GAP, count

NOTE = "objects: in a picture, crowds not counted; side: of a square of as many pixels as the picture has"


def parts_tables(title: str, rows: Sequence[tuple[Detector, Score]]) -> list[Table]:
    """Return the table of scores by model, none where their pictures were not parted."""
    parted = [(model.display, score.parts) for model, score in rows if score.parts]
    if not parted:
        return []
    keys = sorted({_key(part) for _, parts in parted for part in parts})
    by_key = [{_key(part): part for part in parts} for _, parts in parted]
    columns = [Column(heading(*key), [_told(each.get(key)) for each in by_key], forms=LONG) for key in keys]
    pictures = [(heading(*key), next(each[key].images for each in by_key if key in each)) for key in keys]
    counts = ", ".join(f"{text}: {count(images, 'picture')}" for text, images in pictures)
    return [Table(title, Column("Model", [name for name, _ in parted], kind="names"), [columns], [NOTE, counts])]


def _key(part: ApPart) -> tuple[str, int, int | None]:
    return part.of, part.least, part.most


def heading(of: str, least: int, most: int | None) -> str:
    """Return what a part is of: 4 to 7 objects, or a side of 512 to 723 pixels."""
    if of == "pixels":
        least, most = round(least**0.5), None if most is None else int(most**0.5)
    ends = f"{least} or more" if most is None else f"{least}" if least == most else f"{least} to {most}"
    return f"side {ends}" if of == "pixels" else f"{ends} {'object' if ends == '1' else 'objects'}"


def _told(part: ApPart | None) -> str:
    if part is None or part.ap is None:
        return GAP
    interval = part.interval
    ends = f" ({100 * interval.low:.1f} to {100 * interval.high:.1f})" if interval else ""
    return f"{100 * part.ap:.1f}{ends}"
