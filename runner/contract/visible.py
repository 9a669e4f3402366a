"""What CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER leave of a machine's GPUs. NVML reads neither.

https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html says what is meant, and
torch.cuda's own reading (_parse_visible_devices) what CUDA does with what is not.
"""

import os
import re
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
    else CUDA orders by speed, and of unlike GPUs nothing can be told. The first entry that names none, or several, ends
    the list, and one that is there twice leaves nothing. A GPU's name means its instances, too.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return list(range(len(known)))
    kind = next((prefix for prefix in ("GPU-", "MIG-") if named.startswith(prefix)), None)
    alike = len({(each.name or "").partition(" MIG ")[0] for each in known}) <= 1
    if re.match(r"\s*\+?\d", named) and os.environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and not alike:
        return None
    chosen: List[int] = []
    for entry in named.split(","):
        places = _by_uuid(entry.strip(), kind, known) if kind else _by_number(entry.strip(), known)
        if not places:
            break
        if set(places) & set(chosen):
            return []
        chosen += places
    return chosen


def _by_number(entry: str, known: Sequence[Known]) -> List[int]:
    """Return the places of the GPU of that number and of its instances; CUDA reads no further than the digits go."""
    digits = re.match(r"\+?(\d+)", entry)
    return [place for place, each in enumerate(known) if digits and each.number == int(digits.group(1))]


def _by_uuid(entry: str, kind: str, known: Sequence[Known]) -> List[int]:
    """Return the places of the one GPU, or instance, whose UUID begins so; none where there is no such, or several."""
    if not entry.startswith(kind):
        return []
    own = [place for place, each in enumerate(known) if each.uuid is not None and each.uuid.startswith(entry)]
    if kind == "MIG-":
        return own if len(own) == 1 else []
    wholes = {each.number for each in known if (each.whole or each.uuid or "").startswith(entry)}
    return [place for place, each in enumerate(known) if len(wholes) == 1 and each.number in wholes]
