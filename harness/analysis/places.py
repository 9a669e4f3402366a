"""A profile by place: the part of the model, and the kind of operators that it runs."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from harness.documents.explanation import Spending
from runner.contract import Operator, Profile

#: Kinds of operators, by what their names hold; the first that fits.
KINDS = {
    "suppression": re.compile("nms"),
    "pooled regions": re.compile("roi_(align|pool)"),
    "convolutions": re.compile("conv|slow_conv|thnn"),
    "batch norms": re.compile("norm"),
    "matrix products": re.compile("addmm|linear|matmul|::b?mm"),
    "resizing": re.compile("upsample|interpolate"),
    "sums and products": re.compile("::(add|sub|mul|div)_?$"),
    "activations": re.compile("relu|hardswish|hardsigmoid|sigmoid|softmax|clamp"),
    "choosing boxes": re.compile("topk|sort|gather|index|nonzero|where|cat|select|unbind"),
}
OTHER = "other operators"
#: An operator is named of a place where it takes this share of it.
MUCH = 0.2
Place = tuple[str, str]


@dataclass
class Expense:
    """What a side spends at a place: ms by operator and shapes, and the elements of tensors that operators take in."""

    ms: float = 0.0
    cpu_ms: float = 0.0
    calls: float = 0.0
    allocated_bytes: float = 0.0
    elements: float = 0.0
    by_operator: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def operators(self) -> list[str]:
        """The operators that take most, by name, those first that take more."""
        whole = sum(self.by_operator.values())
        ordered = sorted(self.by_operator.items(), key=lambda pair: -pair[1])
        return [name for name, ms in ordered if ms >= MUCH * whole]

    def told(self, profile: Profile) -> Spending:
        """Return it as a document."""
        known = bool(profile.operators)
        counted = known and all(each.allocated_bytes is not None for each in profile.operators)
        return Spending(
            self.ms,
            self.cpu_ms,
            self.calls,
            self.allocated_bytes if counted else None,
            self.operators if known else None,
        )


def by_place(profile: Profile, kinds: Mapping[str, str]) -> dict[Place, Expense]:
    """Return what is spent at each place; `kinds` are those of modules by their paths."""
    found: dict[Place, Expense] = defaultdict(Expense)
    for module in profile.modules:
        spent = found[part_of(module.path), kinds.get(module.path, OTHER)]
        spent.ms += float(np.median(module.wall_ms))
        spent.cpu_ms += float(np.median(module.cpu_ms))
        spent.calls += module.calls
    for operator in profile.operators:
        spent = found[part_of(operator.module), kinds.get(operator.module, OTHER)]
        spent.by_operator[operator.name] += _ms(operator)
        spent.allocated_bytes += operator.allocated_bytes or 0.0
    for path, elements in _elements_of(profile).items():
        found[part_of(path), kinds.get(path, OTHER)].elements += elements
    return dict(found)


def _elements_of(profile: Profile) -> dict[str, float]:
    """Return the elements that each module takes in, by its path: those of the operator that takes in most.

    Of operators that were called by others none counts: they have the same tensors, through more of them in some
    versions of torch than in others, and a slow route may take the whole input for each channel.
    """
    by_name: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for operator in profile.operators:
        by_name[operator.module][operator.name] += _outer_calls(operator) * _elements(operator.shapes)
    return {path: max(of.values()) for path, of in by_name.items()}


def _outer_calls(operator: Operator) -> float:
    return operator.calls if operator.outer_calls is None else operator.outer_calls


def part_of(path: str) -> str:
    """Return the part of a model that a module belongs to: backbone.body, rpn.head, or the function that it is."""
    names = path.split(".")
    return names[-1] if names[0] in ("ops", "models") else ".".join(names[:2])


def kinds_of(profiles: Iterable[Profile]) -> dict[str, str]:
    """Return the kind of each module by its path: of the operators that take most of it.

    Where sides differ, the one tells in which these take the larger share: a slow route has more around its kernels.
    """
    shares: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for profile in profiles:
        ms: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for operator in profile.operators:
            ms[operator.module][_kind(operator)] += _ms(operator)
        for path, of in ms.items():
            whole = sum(of.values()) or 1.0
            for kind, spent in of.items():
                shares[path][kind] = max(shares[path][kind], spent / whole)
    return {path: max(of, key=of.__getitem__) for path, of in shares.items()}


def _ms(operator: Operator) -> float:
    return operator.wall_ms if operator.device_ms is None else operator.device_ms


def _kind(operator: Operator) -> str:
    kind = next((kind for kind, pattern in KINDS.items() if pattern.search(operator.name)), OTHER)
    return _of_convolution(operator.shapes) if kind == "convolutions" else kind


def _of_convolution(shapes: str) -> str:
    """Tell a convolution's kind by the shape of its weight: (out, in of a group, height, width)."""
    weights = [each.split("x") for each in shapes.split()[1:2]]
    if not weights or len(weights[0]) != 4:
        return "convolutions"
    out, of_group, height, width = map(int, weights[0])
    if of_group == 1 and out > 1:
        return "depthwise convolutions"
    return "pointwise convolutions" if height == width == 1 else "convolutions"


def _elements(shapes: str) -> float:
    return sum(prod(map(int, each.split("x"))) for each in shapes.split())
