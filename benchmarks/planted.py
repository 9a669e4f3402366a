"""Whether `explain` names causes that are planted in a model first, as it is profiled here and now."""

from importlib.util import find_spec

from benchmarks.rows import Sides, Skipped
from harness.analysis.explaining import named
from runner.contract import Profile


def measure() -> Sides:
    """Return how many planted causes are named first, beside how many there are."""
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    from tools.record_profiles import CAUSES, PLAIN, model_of_one_thread, recorded

    model = model_of_one_thread()
    planted = {name: cause.where for name, cause in CAUSES.items() if cause.where}
    plain = recorded(PLAIN, model)
    found = {name: _named_first(plain, recorded(name, model)) for name in planted}
    missed = [f"{name}: {where or 'nothing'}" for name, where in found.items() if where != planted[name]]
    return Sides([float(len(planted) - len(missed))], [float(len(planted))], "; ".join(missed) or ", ".join(planted))


def _named_first(plain: Profile, planted: Profile) -> str:
    return next((each.where for each in named(plain, planted)), "")
