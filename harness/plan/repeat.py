"""Which published column this host can repeat, and how much of it a budget holds."""

from harness.catalogue import Environment, environments, published
from harness.catalogue.columns import MAP, device_of
from harness.data import fetching
from harness.errors import CannotRunHere, HarnessError
from harness.host.gpus import HostGpu
from harness.preflight import compatibility
from harness.preflight.checks import Preflight

#: What measures in other software than any that was published.
LOCAL = "--image local"


def obstacle(column: str, stack: Environment, preflight: Preflight) -> HarnessError | None:
    """Return why the column can't be measured here in the environment, or None where it can."""
    if device_of(column) == "cuda" and not preflight.gpus.found:
        return CannotRunHere(f"a GPU is needed, and {preflight.gpus.reason}", preflight.gpus.remedy)
    if column == MAP:
        try:
            fetching.folder_of(published.accuracy().dataset)
        except CannotRunHere as error:
            return error
    target = preflight.target(device_of(column))
    found = preflight.obstacle(stack, target)
    return _with_substitute(stack, found, target.gpu) if found and stack.base else found


def _with_substitute(stack: Environment, found: HarnessError, gpu: HostGpu | None) -> CannotRunHere:
    """Return the obstacle with a way around it: the software nearest to the published one that runs here."""
    if gpu is None or compatibility.verdict(stack, gpu).possible:
        other = "which is other software" if LOCAL in found.remedy else f"or measure in other software: {LOCAL}"
        return CannotRunHere(found.reason, f"{found.remedy}, {other}")
    oldest = next(reversed(compatibility.ranked(gpu)), environments()["local"])
    versions = [each.expected.get("torch", "").partition("+")[0] for each in (stack, oldest)]
    kind = "another build of the same versions" if versions[0] == versions[1] else "other versions"
    return CannotRunHere(found.reason, f"the nearest that may run here is --image {oldest.name}, {kind}")
