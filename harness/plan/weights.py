"""What each model of a plan is filled with: fetched checkpoints, bundled or random weights, or a person's own file."""

import math
from dataclasses import replace
from pathlib import Path

from harness import paths
from harness.catalogue import Detector, Model
from harness.data import checkpoints
from harness.errors import BadInput, CannotRunHere
from harness.plan import own
from harness.plan.request import Request
from harness.progress import OnBytes
from runner.contract import Weights

#: What --weights takes beside a file's path.
KNOWN_WEIGHTS = ("pretrained", "random", "shapes", "auto")


def of(
    request: Request, chosen: list[Detector], on_bytes: OnBytes
) -> tuple[dict[str, Weights], Path | None, str | None]:
    """Return the weights by builder, the folder that holds their files, and a remark on them; None where there is none.

    Raises HarnessError where they can't be had.
    """
    text = request.weights
    _check_norm_eps(request)
    if text not in KNOWN_WEIGHTS:
        return _from_file(request, chosen)
    catalogued = [model for model in chosen if isinstance(model, Model)]
    filled = own.filled(chosen, text)
    random = filled | {model.builder: Weights(kind="random", seed=0) for model in catalogued}
    if text == "random" or not catalogued:
        return random, None, None
    if text == "shapes":
        bundled = checkpoints.shapes_weights(catalogued)
        return filled | {model.builder: bundled for model in catalogued}, paths.SHAPES_WEIGHTS.parent, None
    if request.dry:
        promised = {model.builder: checkpoints.promised(model) for model in catalogued}
        remark = checkpoints.to_be_fetched(catalogued, or_random=text == "auto")
        return filled | promised, paths.weights_folder(), remark
    try:
        fetched = {model.builder: checkpoints.pretrained(model, on_bytes) for model in catalogued}
        return filled | fetched, paths.weights_folder(), None
    except CannotRunHere as error:
        if text == "pretrained":
            raise
        return random, None, f"random weights: {error.reason}"


def _from_file(request: Request, chosen: list[Detector]) -> tuple[dict[str, Weights], Path, None]:
    if len(chosen) > 1:
        raise BadInput(f"the weights {request.weights} are one model's", "name that model alone with --model")
    if request.norm_eps is not None and not isinstance(chosen[0], Model):
        raise BadInput("--norm-eps is of torchvision's models", "leave it out, and let your own code choose")
    path = Path(request.weights)
    return {chosen[0].builder: replace(checkpoints.weights_file(path), norm_eps=request.norm_eps)}, path.parent, None


def _check_norm_eps(request: Request) -> None:
    """Raise BadInput where an epsilon was chosen that is none, or for weights whose graph is known."""
    eps = request.norm_eps
    if eps is None:
        return
    if request.weights in KNOWN_WEIGHTS:
        raise BadInput(f"--norm-eps says how a file of weights was trained, not {request.weights} ones", "leave it out")
    if not (math.isfinite(eps) and eps >= 0):
        raise BadInput(f"--norm-eps {eps:g} is no epsilon of a batch norm", "give 0, 1e-5 or another small number")
