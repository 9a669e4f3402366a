"""The table of agreements: one row a pass that was compared with its reference."""

from collections.abc import Iterator

from harness.catalogue import displays
from harness.documents.agreement import Agreement, ApDifference, Verdict
from harness.documents.scores import Iou
from harness.report.table import Column, Table
from harness.text import GAP, count

MEANINGS: dict[Verdict, str] = {
    "identical": "bit for bit",
    "reordered": "bit for bit, but in another order",
    "equal": "one to one within the tolerances",
    "different": "not one to one within the tolerances",
}
RANDOM = (
    "random weights exaggerate: nearly equal scores make small causes change what is kept; trained ones differ less"
)
HEADINGS: dict[Iou, str] = {"bbox": "AP", "segm": "mask AP", "keypoints": "keypoint AP"}


def agreement_table(agreements: list[Agreement]) -> Table:
    """Arrange agreements into the table."""
    named = displays(each.model for each in agreements)
    names = Column("Model", [named[each.model] for each in agreements])
    groups = [
        [Column("pass", [_name(each) for each in agreements])],
        [Column("detects", [each.word for each in agreements])],
        [Column("images that differ", [f"{each.images_different} of {each.images}" for each in agreements])],
        [Column("box shift px", [f"{each.box_shift_px:.3g}" for each in agreements])],
        [Column("score difference", [f"{each.score_difference:.2g}" for each in agreements])],
        [Column("un- matched", [str(each.unmatched_reference + each.unmatched_other) for each in agreements])],
        [Column("at a cut-off", [str(each.borderline) for each in agreements])],
        [Column("pixels differ", [str(each.pixels_different) for each in agreements])],
    ]
    for iou, heading in HEADINGS.items():
        changes = [next((ap for ap in each.ap_differences if ap.iou == iou), None) for each in agreements]
        if any(changes):
            groups.append([Column(f"{heading} change", [_change(change) for change in changes])])
    if any(each.mask_iou is not None for each in agreements):
        groups.append([Column("least mask IoU", [_or_gap(each.mask_iou) for each in agreements])])
    if any(each.keypoint_shift_px is not None for each in agreements):
        groups.append([Column("keypoint shift px", [_or_gap(each.keypoint_shift_px) for each in agreements])])
    return Table("Agreement of detections", names, groups, _notes(agreements, named))


def _name(agreement: Agreement) -> str:
    """Return what tells the pass from its reference: its environment, or what its cell's name has more."""
    if agreement.other.environment != agreement.reference.environment:
        return agreement.other.environment
    return agreement.other.cell.removeprefix(agreement.reference.cell).strip("-") or agreement.other.run


def _change(change: ApDifference | None) -> str:
    if change is None:
        return GAP
    points = f"{100 * change.difference:+.2f}"
    if change.low is None or change.high is None:
        return points
    return f"{points} ({100 * change.low:+.2f} to {100 * change.high:+.2f})"


def _or_gap(value: float | None) -> str:
    return GAP if value is None else f"{value:.3g}"


def _notes(agreements: list[Agreement], named: dict[str, str]) -> list[str]:
    notes = [f"{verdict}: {MEANINGS[verdict]}" for verdict in dict.fromkeys(each.verdict for each in agreements)]
    for tolerances in dict.fromkeys(each.tolerances for each in agreements):
        notes.append(
            f"tolerances: box {tolerances.box_px:g} px, score {tolerances.score:g}, mask IoU {tolerances.mask_iou:g}, "
            f"keypoint {tolerances.keypoint_px:g} px"
        )
    notes += _causes(agreements, named)
    references = dict.fromkeys(f"{each.against} ({each.reference.cell})" for each in agreements)
    notes.append(f"compared with {', '.join(references)}; AP in points of percent, 95 % interval, paired by image")
    notes += [
        f"{_name(each)}, {named[each.model]}: the interval of the {HEADINGS[ap.iou]} change excludes zero"
        for each in agreements
        for ap in each.ap_differences
        if ap.excludes_zero
    ]
    notes += [f"{_name(each)}, {named[each.model]}: worst images {_worst(each)}" for each in agreements if each.worst]
    return notes


def _causes(agreements: list[Agreement], named: dict[str, str]) -> Iterator[str]:
    """Yield what made passes differ, each with what was recorded of it and what it does to AP."""
    for each in (each for each in agreements if each.parts):
        name = f"{_name(each)}, {named[each.model]}"
        yield f"{name}: {each.sentence}"
        for part in (part for part in each.parts or [] if part.images):
            changes = [f"{HEADINGS[ap.iou]} {_change(ap)}" for ap in part.ap_differences]
            said = [*(f"such as {text}" for text in part.evidence[:1]), *part.evidence[1:], *changes]
            if said:
                yield f"{name}, {part.words}: {', '.join(said)}"
        if each.left_out is not None:
            yield f"{name}: {count(each.left_out, 'image')} left out, which the passes did not resize to one size"
    if any(each.weights == "random" and each.verdict == "different" for each in agreements):
        yield RANDOM


def _worst(agreement: Agreement) -> str:
    return ", ".join(image.file for image in agreement.worst)
