"""From what a checkpoint holds to the state of a model: unwrapped, under the model's own names, in float32."""

import re
from typing import Any, Callable, Dict, Iterable, List, Mapping

import torch

from runner.checkpoints import SAVE
from runner.compat import Shapes, State
from runner.errors import JobError
from runner.names import canonical_name

Remark = Callable[[str], None]
#: What the names of every catalogued model's state begin with; anything before that is a wrapper's.
PARTS = ("backbone", "rpn", "roi_heads", "head")
#: The first part in a tensor's name, whatever stands before it.
PART = re.compile(rf"(?:^|\.)({'|'.join(PARTS)})\.")
#: What a wrapped part of a model, parallel or compiled, has within its names, and no graph of torchvision's.
WITHIN = re.compile(r"(?:\.(?:module|_orig_mod))+\.")
#: Of what is wrong, so many are named.
NAMED = 2


def state_of(content: Any, file: str, remark: Remark) -> State:
    """Return the one state that a checkpoint holds; `remark` is told of everything that was done to it.

    Raises JobError where it holds none or several, and where a tensor can't be one of a model or is not finite.
    """
    tensors = opened(content, file, remark)
    if tensors.pop("n_averaged", None) is not None:
        remark(f"{file}: n_averaged, the count of an averaged model, was left out")
    prefix = _common_prefix(list(tensors))
    if prefix:
        remark(f"{file}: the prefix {prefix} of all names was taken off")
    _require_one_model([name[len(prefix) :] for name in tensors], file)
    plain = {WITHIN.sub(".", name[len(prefix) :]): _strided(tensor, name, file) for name, tensor in tensors.items()}
    if len(plain) < len(tensors):
        raise JobError(f"{file} holds a tensor of some names both with and without a wrapper's", SAVE)
    if any(WITHIN.search(name[len(prefix) :]) for name in tensors):
        remark(f"{file}: the names of wrappers within its names were taken out")
    others = sorted({_type(tensor) for tensor in plain.values() if _is_other_float(tensor)})
    if others:
        remark(f"{file}: its {' and '.join(others)} tensors are computed with as float32")
    state = {name: tensor.float() if _is_other_float(tensor) else tensor for name, tensor in plain.items()}
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise JobError(f"{file}: the tensor {name} has values that are not finite", "take an earlier checkpoint")
    return state


def fitting(state: State, shapes: Shapes, file: str, builder: str) -> State:
    """Return the state under canonical names. Raises JobError where it does not fit the shapes of the builder's graph.

    The counters of batch norms may be missing or too many: a frozen one has none, and they play no part in inference.
    """
    named = {canonical_name(name): tensor for name, tensor in state.items()}
    named = {name: tensor for name, tensor in named.items() if name in shapes or not _is_counter(name)}
    needed = [name for name in shapes if not _is_counter(name)]
    problems = [
        *misfits(named, shapes, needed),
        *_problem("not floating point", [n for n, t in named.items() if not (t.is_floating_point() or _is_counter(n))]),
    ]
    if problems:
        raise JobError(
            f"the weights {file} do not fit {builder}: {'; '.join(problems)}",
            "name the model that they were saved from",
        )
    return named


def misfits(state: State, shapes: Shapes, needed: Iterable[str]) -> List[str]:
    """Return what keeps a state from fitting the shapes, in words, if anything. The `needed` names must be there."""
    reshaped = [
        f"{name} of {tuple(tensor.shape)} instead of {shapes[name]}"
        for name, tensor in state.items()
        if name in shapes and tuple(tensor.shape) != shapes[name]
    ]
    return [
        *_problem("missing", [name for name in needed if name not in state]),
        *_problem("unknown", [name for name in state if name not in shapes]),
        *_problem("of another shape", reshaped),
    ]


def _problem(what: str, names: List[str]) -> List[str]:
    """Return what is wrong with the tensors of these names, in words, if there are any."""
    if not names:
        return []
    count = f"{len(names)} tensors are" if len(names) > 1 else "one tensor is"
    return [f"{count} {what}, {'such as ' if len(names) > NAMED else ''}{' and '.join(names[:NAMED])}"]


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def opened(content: Any, file: str, remark: Remark) -> Dict[str, torch.Tensor]:
    """Return the tensors of a checkpoint by name, of its one entry that is a mapping of tensors if it has such.

    `remark` is told what was left out. Raises JobError where it holds none or several.
    """
    if not isinstance(content, Mapping):
        raise JobError(f"{file} holds a {type(content).__name__}, not a mapping of tensors", SAVE)
    wrapped = [key for key, value in content.items() if _is_state(value)]
    if len(wrapped) > 1:
        raise JobError(
            f"{file} holds {len(wrapped)} states, {' and '.join(map(str, wrapped))}, and does not say which one counts",
            "save the one that is meant alone, best as safetensors",
        )
    if wrapped:
        remark(f"{file}: its entry {wrapped[0]} was read")
        content = content[wrapped[0]]
    tensors = {str(key): value for key, value in content.items() if isinstance(value, torch.Tensor)}
    others = [str(key) for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if not tensors:
        entries = f" with the entries {', '.join(others[:5])}" if others else ""
        raise JobError(f"{file} holds a {type(content).__name__}{entries}, not a mapping of tensors", SAVE)
    if others:
        remark(f"{file}: {', '.join(others[:5])} beside the tensors {'was' if len(others) == 1 else 'were'} left out")
    return tensors


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(v, torch.Tensor) for v in value.values())


def _common_prefix(names: List[str]) -> str:
    """Return what all names begin with before the parts of a model: module., _orig_mod., model., also several."""
    prefix = ""
    while names:
        first = names[0][len(prefix) :].partition(".")[0]
        longer = f"{prefix}{first}."
        if first in PARTS or not all(name.startswith(longer) for name in names):
            break
        prefix = longer
    return prefix


def _require_one_model(names: List[str], file: str) -> None:
    """Raise JobError where a model's names have a prefix that others have not: another model, or a loss's tensors."""
    parts = {name: PART.search(name) for name in names}
    prefixes = sorted({name[: part.start(1)] for name, part in parts.items() if part})
    if not prefixes or "" in prefixes:
        return
    if len(prefixes) > 1:
        what = f"{len(prefixes)} models, under {' and '.join(prefixes[:NAMED])}, and does not say which one counts"
    else:
        other = next(name for name in names if not name.startswith(prefixes[0]))
        what = f"a model under {prefixes[0]} and other tensors beside it, such as {other}"
    raise JobError(f"{file} holds {what}", "save the one that is meant alone, best as safetensors")


def _strided(tensor: torch.Tensor, name: str, file: str) -> torch.Tensor:
    """Return the tensor. Raises JobError where it is quantised, sparse, complex, or has no values."""
    for what, is_so in (
        (f"quantised ({_type(tensor)})", tensor.is_quantized),
        ("sparse", tensor.layout != torch.strided),
        (f"complex ({_type(tensor)})", tensor.is_complex()),
        ("without values (on the device meta)", tensor.device.type == "meta"),
    ):
        if is_so:
            raise JobError(f"{file}: the tensor {name} is {what}", "save it in float32")
    return tensor


def _is_other_float(tensor: torch.Tensor) -> bool:
    return bool(tensor.is_floating_point()) and tensor.dtype != torch.float32


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).replace("torch.", "")
