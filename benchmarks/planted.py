"""Whether `explain` names causes that are planted in a model first, as it is profiled here and now."""

from importlib.util import find_spec

from benchmarks.rows import Sides, Skipped
from harness.analysis.explaining import named
from harness.documents.explanation import PlaceDifference
from runner.contract import Profile

#: What is planted makes its place take so many times the CPU time, or it was not planted.
LEAST_TIMES = 3.0


def measure() -> Sides:
    """Return how many planted causes are named first, beside how many there are."""
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    from tools.record_profiles import CAUSES, PLAIN, model_of_one_thread, recorded

    model = model_of_one_thread()
    planted = {name: cause.where for name, cause in CAUSES.items() if cause.where}
    recorded(PLAIN, model)  # until it is warm
    plain = recorded(PLAIN, model).profile
    found = {name: _named_first(plain, recorded(name, model).profile) for name in planted}
    missed = [f"{name}: {where or 'nothing'}" for name, where in found.items() if where != planted[name]]
    return Sides([float(len(planted) - len(missed))], [float(len(planted))], "; ".join(missed) or ", ".join(planted))


def cpu_times(first: PlaceDifference) -> float:
    """Return B's CPU time over A's at a place."""
    return first.b.cpu_ms / first.a.cpu_ms if first.a.cpu_ms else float("inf")


def _named_first(plain: Profile, planted: Profile) -> str:
    """Return the place that is named first, and what it takes where that is less than what was planted."""
    first = next(iter(named(plain, planted)), None)
    if first is None:
        return ""
    times = cpu_times(first)
    return first.where if times >= LEAST_TIMES else f"{first.where}, {times:.1f} times"
