"""What two detection passes differ in as wholes, which bears on every image alike."""

from dataclasses import dataclass, fields

from harness.analysis.facts import observed
from harness.documents.run_folder import Cell
from runner.contract import NmsRoute, Software, Thresholds

#: Switches of torch's numerics that change nothing on the other device.
ON_ONE = {
    "cuda": {"cudnn_allow_tf32", "cudnn_benchmark", "cudnn_deterministic"},
    "cpu": {"flush_denormals"},
}
#: What cuts the detections themselves, and so leaves its trace in their scores and number.
TRACED = ("score", "detections")


@dataclass(frozen=True)
class Sides:
    """Two passes: what their results say of each, and sentences on what they differ in, None where they do not.

    `cuts` are thresholds within the model, of boxes before the detections; unknown switches differ in nothing.
    """

    readers: tuple[str, str]
    resize_rules: tuple[str | None, str | None]
    nms_routes: tuple[NmsRoute | None, NmsRoute | None]
    thresholds: tuple[Thresholds | None, Thresholds | None]
    precision: str | None = None
    threads: str | None = None
    stack: str | None = None
    cuts: str | None = None
    weights: str | None = None


def sides_of(reference: Cell, other: Cell) -> Sides:
    """Return what is known of two passes."""
    both = reference, other
    softwares = [cell.result.software for cell in both if cell.result.software]
    one, two = (cell.job.model.thresholds for cell in both)
    return Sides(
        readers=(_reader(reference), _reader(other)),
        resize_rules=(_rule(reference), _rule(other)),
        nms_routes=(reference.job.variant.nms_route, other.job.variant.nms_route),
        thresholds=(one, two),
        precision=_switches(softwares, {cell.job.device for cell in both}) if len(softwares) == 2 else None,
        threads=_unlike("threads", *(each.threads for each in softwares)) if len(softwares) == 2 else None,
        stack=_unlike("torch", *(each.torch for each in softwares)) if len(softwares) == 2 else None,
        cuts=_cuts(one, two),
        weights=_weights(*both),
    )


def _reader(cell: Cell) -> str:
    how = cell.job.detection
    return observed(cell, "decoder")["decoder"] or (how.reader if how else "an unknown reader")


def _rule(cell: Cell) -> str | None:
    return cell.result.detections.resize_rule if cell.result.detections else None


def _unlike(name: str, one: object, two: object) -> str | None:
    return None if one == two or one is None or two is None else f"{name}: {one} and {two}"


def _joined(*texts: str | None) -> str | None:
    return ", ".join(text for text in texts if text) or None


def _switches(both: list[Software], devices: set[str]) -> str | None:
    one, two = both
    idle = set().union(*(names for device, names in ON_ONE.items() if device not in devices))
    known = sorted(set(one.numerics) & set(two.numerics) - idle)
    return _joined(*(_unlike(name.replace("_", " "), one.numerics[name], two.numerics[name]) for name in known))


def _cuts(one: Thresholds | None, two: Thresholds | None) -> str | None:
    names = [field.name for field in fields(Thresholds) if field.name not in TRACED]
    return _joined(*(_unlike(name, getattr(one, name, None), getattr(two, name, None)) for name in names))


def _weights(one: Cell, two: Cell) -> str | None:
    hashes = [(cell.result.weights_sha256 or "")[:8] or None for cell in (one, two)]
    epsilons = [cell.job.model.weights.norm_eps for cell in (one, two)]
    graph = None if epsilons[0] == epsilons[1] else f"epsilon of batch norms: {epsilons[0]} and {epsilons[1]}"
    return _joined(_unlike("weights", *hashes), graph)
