"""From the planned code to the detector: its folder checked, its function called, its weights filled in."""

import inspect
import random
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, List, Optional, Tuple

import numpy
import torch
from torch import nn

from runner import checkpoints, models, states, weights
from runner.contract import Code, ModelSpec
from runner.contract.code import DIGITS, UnusableCodeError, folder_sha256
from runner.errors import JobError
from runner.own.blame import a, words, wrong
from runner.own.importing import imported, missing, require_no_clash

#: The seed of every generator before the function is called, so that two builds are alike.
SEED = 0


def load(
    spec: ModelSpec, code: Code, folder: Optional[Path], weights_folder: Optional[Path], remark: states.Remark
) -> Tuple[nn.Module, str]:
    """Build the detector and fill it with the weights' file, if there is one.

    Returns the module on the device where the function made it, and the SHA-256 of the state that it holds. `folder` is
    where its code lies. Raises JobError where that is not the planned one, where the function is not there, can't be
    called without arguments or returns no module, and where the weights do not fit. What its code raises goes through.
    """
    place = _checked(code, folder)
    function = _function(code, imported(code, place))
    for seed in (torch.manual_seed, numpy.random.seed, random.seed):
        seed(SEED)
    try:
        model = function()
    except ModuleNotFoundError as error:
        raise missing(code, str(error.name), place) from error
    require_no_clash(place)
    if not isinstance(model, nn.Module):
        raise wrong(f"{code.name} returned {a(model)}, not a torch.nn.Module", "return the detector itself")
    if spec.weights.kind == "file":
        content = checkpoints.read(models.verified(spec.weights, weights_folder), trusted=False)
        _fill(model, states.opened(content, str(spec.weights.file), remark), str(spec.weights.file), code)
    else:
        remark("the weights are those that its own function gives it")
    return model, _state_sha256(model, code)


def _checked(code: Code, folder: Optional[Path]) -> Path:
    """Return the folder of the code. Raises JobError where it is not the one that was planned."""
    if folder is None:
        raise JobError(f"{code.name} is a person's own detector, and no folder has its code", "name it with --code")
    try:
        sha256 = folder_sha256(folder)
    except UnusableCodeError as error:
        raise JobError(f"the code of {code.name} can't be used: {error}", error.remedy) from error
    except OSError as error:
        raise JobError(f"the code of {code.name} can't be read: {error}", "name its folder with --code") from error
    if sha256 != code.sha256:
        raise JobError(
            f"the code of {code.name} changed after the run was planned: its hash is {sha256[:DIGITS]}, not "
            f"{code.sha256[:DIGITS]}",
            "restore it, or plan the run again",
        )
    return folder.resolve()


def _function(code: Code, module: ModuleType) -> Callable[[], Any]:
    """Return the function. Raises JobError where there is none that can be called without arguments."""
    function = getattr(module, code.function, None)
    if function is None:
        raise wrong(f"the module {code.module} has no function {code.function}", "name one that it has")
    if isinstance(function, nn.Module) or not callable(function):
        raise wrong(
            f"{code.name} is {a(function)}, not a function",
            "name a function without arguments that returns the detector",
        )
    needed = _needed(function)
    if needed:
        raise wrong(
            f"{code.name} needs arguments ({', '.join(needed)}), and is called without any",
            "write a function that gives them, and name that",
        )
    return function  # type: ignore[no-any-return]


def _needed(function: Callable[..., Any]) -> List[str]:
    """Return the names of the arguments that it can't be called without, none where it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is inspect.Parameter.empty and p.kind not in optional]


def _fill(model: nn.Module, state: Any, file: str, code: Code) -> None:
    """Load the state. Raises JobError where it is not the module's."""
    own = model.state_dict()
    if not any(name in own for name in state) and all(name.startswith("module.") for name in state):
        state = {name[len("module.") :]: tensor for name, tensor in state.items()}  # saved from a parallel wrapper
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items() if isinstance(tensor, torch.Tensor)}
    problems = states.misfits(state, shapes, shapes)
    if problems:
        raise JobError(
            f"the weights {file} do not fit {code.name}: {'; '.join(problems)}",
            "name the function that makes the model that they were saved from",
        )
    model.load_state_dict(state, strict=False)


def _state_sha256(model: nn.Module, code: Code) -> str:
    state = {name: tensor for name, tensor in model.state_dict().items() if isinstance(tensor, torch.Tensor)}
    try:
        return weights.state_hash({name: _with_numpy(tensor) for name, tensor in state.items()})
    except (TypeError, RuntimeError, ValueError) as error:
        raise wrong(
            f"the state of {code.name} can't be read: {words(error)}", "keep its tensors dense and filled"
        ) from error


def _with_numpy(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor that NumPy can hold: its bits, where it has no such type."""
    plain = tensor.detach().cpu().contiguous()
    return plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain
