"""What the tidy table says of content: of a latency's pictures, and of AP by what pictures hold."""

from collections.abc import Iterator
from statistics import fmean

from harness.analysis.content import content_figures
from harness.analysis.design import LineDesign
from harness.analysis.pictured import MEGA, computed_pixels
from harness.analysis.tidy_figure import TidyFigure
from harness.documents.scores import Score
from runner.contract import BoxRule, Latency

#: What a picture is said to have on average, by the field of its content.
COUNTS = {
    "proposals": "proposals_per_image",
    "candidates": "candidates_per_image",
    "uncut": "uncut_detections_per_image",
}


def content_rows(latency: Latency, design: LineDesign | None = None) -> Iterator[TidyFigure]:
    """Yield what the runner saw of the pictures, and what of the latency goes with it; nothing where it did not look.

    A line is over the pictures' medians, so that `n` counts pictures. `design` as content_figures has it.
    """
    if latency.contents is None:
        return
    for field, metric in COUNTS.items():
        seen = [value for each in latency.contents if (value := getattr(each, field)) is not None]
        if seen:
            yield TidyFigure(metric, value=fmean(seen), unit="1", n=len(seen))
    pixels = [value for each in latency.contents if (value := computed_pixels(each)) is not None]
    if pixels:
        yield TidyFigure("computed_megapixels_per_image", value=fmean(pixels) / MEGA, unit="1", n=len(pixels))
    figures = content_figures([latency], design)
    lines = {f"latency_per_{name.removesuffix('s')}": line for name, line in figures.slopes.items()}
    lines |= {f"latency_at_{n}_detections": estimate for n, estimate in figures.at.items()}
    for metric, line in lines.items():
        yield TidyFigure(metric, value=line.value, low=line.low, high=line.high, unit="ms", n=figures.pictures)
    for metric, share in (("explained_by_content", figures.explained), ("between_pictures", figures.by_picture)):
        if share is not None:
            yield TidyFigure(metric, value=share, unit="1", n=figures.samples)


def parts_rows(score: Score, rule: BoxRule | None, *, reported: bool) -> Iterator[TidyFigure]:
    """Yield AP by the objects and the size of pictures, `AP_objects_4_to_7` say, a size as the side of a square."""
    for part in score.parts or []:
        if part.ap is None:
            continue
        name = "objects" if part.of == "objects" else "side"
        least, most = (part.least, part.most) if name == "objects" else (_side(part.least), _side(part.most))
        ends = f"{least}_up" if most is None else f"{least}" if least == most else f"{least}_to_{most}"
        low, high = (part.interval.low, part.interval.high) if part.interval else (None, None)
        yield TidyFigure(f"AP_{name}_{ends}", score.iou, rule, reported, part.ap, low, high, "1", part.images)


def _side(pixels: int | None) -> int | None:
    return None if pixels is None else int(pixels**0.5)
