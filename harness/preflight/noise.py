"""What is known of a host's noise, in a sentence."""

from harness.analysis.noise import MARGIN, repeats_for
from harness.documents import Plan
from harness.documents.noise import Noise, kept
from harness.host import machine
from harness.text import count
from runner.contract import Device

COMPUTES = {"cpu": "on its CPU", "cuda": "on its GPU"}


def cited(host: str | None, margin: float = MARGIN, device: Device | None = None) -> str | None:
    """Return how many repeats show a difference of the margin on a host, as harness doctor --noise saw it.

    None where it did not: of a host without an id, or on another `device` than that, if one is given. `host` is the
    pseudonym of execution.json.
    """
    known = kept(host)
    if known is None or device not in (None, known.device):
        return None
    return f"{sentence(known, margin)} (doctor --noise, {known.measured_at[:10]})"


def sentence(noise: Noise, margin: float = MARGIN) -> str:
    """Return how many repeats show a difference of the margin where it is so noisy."""
    repeats = repeats_for(noise.wall.neighbours, margin)
    how = f"with {count(repeats, 'repeat')}" if repeats else "with no number of repeats in reach"
    return f"this host sees {100 * margin:g} % {how} {COMPUTES[noise.device]}"


def of_plan(plan: Plan) -> list[str]:
    """Return what is known of the noise that this host will measure the plan's latencies in, as a sentence or none."""
    devices = {cell.job.device for cell in plan.cells if cell.job.suite == "latency" and cell.skipped is None}
    known = [cited(machine.host_id(), device=device) for device in sorted(devices)]
    return list(filter(None, known))
