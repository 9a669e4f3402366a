"""What CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER leave of a machine's GPUs. NVML reads neither.

https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
"""

import os
import re
from itertools import takewhile
from typing import List, NamedTuple, Optional, Sequence


class Known(NamedTuple):
    """What a GPU can be named by: NVML's number, UUID and name; of an instance the number and UUID of its GPU, too."""

    number: int
    uuid: Optional[str]
    name: Optional[str]
    whole: Optional[str] = None


def visible(known: Sequence[Known]) -> Optional[List[int]]:
    """Return the places in `known` of those that CUDA may use, in CUDA's order; None where that can't be told.

    The variable names UUIDs or beginnings of them, or numbers, which are NVML's where CUDA_DEVICE_ORDER is PCI_BUS_ID;
    else CUDA orders by speed, and of unlike GPUs nothing can be told. What follows an entry that is none, such as -1,
    does not count. A GPU's name means its instances, too.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return list(range(len(known)))
    entries = [entry.strip() for entry in named.split(",")]
    wanted = list(takewhile(lambda entry: re.fullmatch(r"\d+|(GPU|MIG)-.*", entry), entries))
    by_number = any(entry.isdigit() for entry in wanted)
    alike = len({(each.name or "").partition(" MIG ")[0] for each in known}) <= 1
    if by_number and os.environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and not alike:
        return None
    found: List[int] = []
    for entry in wanted:
        found += [place for place in _meant(entry, known) if place not in found]
    return found


def _meant(entry: str, known: Sequence[Known]) -> List[int]:
    if entry.isdigit():
        return [place for place, each in enumerate(known) if each.number == int(entry)]
    return [
        place
        for place, each in enumerate(known)
        if any(uuid is not None and uuid.startswith(entry) for uuid in (each.uuid, each.whole))
    ]
