"""Which devices CUDA has in a process that sees only some of them: each answer from a process of its own."""

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from runner import used_gpu
from runner.contract import UsedGpu

#: What decides which devices a process has, and in which order.
VARIABLES = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")


@dataclass(frozen=True)
class Answer:
    """torch's devices in its order, and their UUIDs without a prefix where this torch knows them; and the runner's."""

    names: list[str]
    uuids: list[str | None]
    used: UsedGpu | None


def answers(variants: Sequence[Mapping[str, str]]) -> list[Answer]:
    """Return the answer of each variant of the environment.

    Forked, since importing torch anew takes seconds; so this process must not have started CUDA, which can't be
    started again in a child.
    """
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return pool.map(_answer, variants, chunksize=1)


def _answer(variant: Mapping[str, str]) -> Answer:
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(variant)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    properties: list[Any] = [torch.cuda.get_device_properties(number) for number in range(count)]
    uuids = [str(each.uuid) if hasattr(each, "uuid") else None for each in properties]
    return Answer([each.name for each in properties], uuids, used_gpu.observe())
