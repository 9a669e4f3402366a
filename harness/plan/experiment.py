"""Images of a detection pass again, by the rules of the pass that it was compared with: what of a cause remains?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from harness.documents import Plan, PlannedCell
from harness.documents.agreement import Portion
from harness.documents.causes import WORDS, Cause
from harness.documents.names import cell_name
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput
from runner.contract import Dataset, Job, NmsRoute, Variant


class Rules(NamedTuple):
    """What the other pass is to be redone by: the reference, and the route that its NMS took in all of the images."""

    reference: Cell
    nms_route: NmsRoute | None


def redone(planned: PlannedCell, part: Portion, rules: Rules) -> PlannedCell:
    """Return the cell that detects in the images of a part as the reference did, as far as the part's causes say.

    Raises BadInput where that can't be asked for.
    """
    job = planned.job
    for cause in part.causes:
        job = _by(cause, job, rules)
    name = cell_name(job.cell, "as-" + "-".join(part.causes))
    return replace(planned, job=replace(job, cell=name, dataset=_chosen(job, part.image_ids)), joins=[])


def plan(folder: RunFolder, cells: Sequence[PlannedCell]) -> Plan:
    """Return the plan of an experiment with these cells of a run."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(folder.plan, created_at=now, cells=list(cells))


def _chosen(job: Job, image_ids: Sequence[int]) -> Dataset | None:
    dataset, wanted = job.dataset, set(image_ids)
    if dataset is None:
        return None
    pairs = [pair for pair in zip(dataset.ids, dataset.files, strict=True) if pair[0] in wanted]
    return replace(dataset, ids=[image_id for image_id, _ in pairs], files=[file for _, file in pairs])


def _by(cause: Cause, job: Job, rules: Rules) -> Job:
    """Return the job with what the cause is about as in the reference."""
    if cause == "thresholds":
        return replace(job, model=replace(job.model, thresholds=rules.reference.job.model.thresholds))
    variant = _variant(cause, job.variant, rules)
    if variant is None or _detecting(replace(job, variant=variant)) == _detecting(job):
        raise BadInput(f"{job.cell}: what is {WORDS[cause]} can't be redone as in the reference", _WHY[cause])
    return replace(job, variant=variant)


def _detecting(job: Job) -> tuple[object, ...]:
    """Return how a job detects, whether the protocol or the variant says so."""
    return job.detection, job.numerics, job.variant.resize_rule, job.variant.nms_route


def _variant(cause: Cause, variant: Variant, rules: Rules) -> Variant | None:
    """Return the variant with the reference's rule, None where there is none to ask for."""
    job, result = rules.reference.job, rules.reference.result
    if cause == "resize":
        rule = result.detections.resize_rule if result.detections else None
        return replace(variant, resize_rule=rule) if rule else None
    if cause in ("exif", "channels", "decoder"):
        return replace(variant, reader=job.detection.reader) if job.detection else None
    if cause == "nms":
        return replace(variant, nms_route=rules.nms_route) if rules.nms_route else None
    if cause == "threads":
        return replace(variant, threads=result.software.threads) if result.software else None
    return replace(variant, numerics=job.numerics) if cause == "precision" else None


#: What to do instead where a cause can't be redone.
_WHY: dict[Cause, str] = {
    "exif": "one reader does otherwise in each environment: run in both with another --reader",
    "channels": "look at how the pictures are read",
    "decoder": "one reader does otherwise in each environment: run in both with another --reader",
    "resize": "run in both with --resize-rule float64",
    "nms": "run in both with --nms-route vanilla",
    "precision": "harness agree --sweep turns each switch",
    "threads": "run in both with --threads 1",
    "rounding": "a sum in another order is no rule",
    "thresholds": "run in both with one protocol",
    "weights": "run in both with the same --weights",
    "cut-off": "a tie is no rule, and may fall either way",
}
