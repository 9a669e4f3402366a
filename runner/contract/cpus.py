"""Sets of CPUs as text, the way that taskset, cpusets and the kernel write them: 0,2-3."""

import re
from typing import Iterable, List, Set

#: More CPUs than any kernel can have; a range beyond it is a slip of the finger and not a machine.
LIMIT = 1 << 16


def parse_cpus(text: str) -> List[int]:
    """Return the numbers of a set of CPUs such as "0,2-3", each once, in order. Raises ValueError where it is none."""
    cpus: Set[int] = set()
    for part in text.strip().split(","):
        match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", part)
        if match is None:
            raise ValueError(f"{text!r:.80} is no list of CPUs")
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if first > last:
            raise ValueError(f"{text!r:.80} is no list of CPUs: {part} ends before it begins")
        if last >= LIMIT:
            raise ValueError(f"{text!r:.80} is no list of CPUs: no machine has a CPU {last}")
        cpus.update(range(first, last + 1))
    return sorted(cpus)


def format_cpus(cpus: Iterable[int]) -> str:
    """Return the one text of a set of CPUs: in order, neighbours as a range."""
    ranges: List[List[int]] = []
    for cpu in sorted(set(cpus)):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
