"""Ladders: a knob of which several values are measured, each by cells of its own, such as --threads 1,2,4."""

from collections.abc import Sequence
from itertools import product

from harness.knobs.table import OPTIONS
from harness.plan.request import make_variant
from runner.contract import Variant


def make_variants(**chosen: object) -> list[Variant]:
    """Return the variants of the knobs that a person chose: one for each step of a ladder, each once, in their order.

    Raises BadInput as make_variant does.
    """
    ladders = {
        name: [text.strip() for text in str(value).split(",")]
        for name, value in chosen.items()
        if value is not None and name in OPTIONS and OPTIONS[name][1].ladder
    }
    steps = (dict(zip(ladders, values, strict=True)) for values in product(*ladders.values()))
    return list(dict.fromkeys(make_variant(**{**chosen, **step}) for step in steps))


def step(variant: Variant, variants: Sequence[Variant]) -> list[str]:
    """Return what tells a variant from the others of its ladder in the name of a cell, such as threads-2."""
    differing = [name for name in OPTIONS if len({getattr(each, name) for each in variants}) > 1]
    return [f"{name}-{OPTIONS[name][1].kind.show(getattr(variant, name))}" for name in differing]
