"""What a knob may be: how its text becomes a value, and its value a text."""

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.errors import BadInput, unknown


class Kind(NamedTuple):
    """A kind of values: their type, and what stands for one in the help.

    `parse` takes the name of the knob and a text, and returns the one value that the text means; it raises BadInput
    where that is none. `show` returns the one text of a value, as `parse` takes it.
    """

    type: type[int] | type[float] | type[str]
    metavar: str
    parse: Callable[[str, str], Any]
    show: Callable[[Any], str] = str


#: Of anything. Each iteration keeps a sample: so many are a file of some 100 MB, and more than any interval needs.
MOST = 1_000_000


def _count(name: str, text: str) -> int:
    option, digits = f"--{name.replace('_', '-')}", text.lstrip("0")
    if not re.fullmatch(r"[0-9]+", digits):
        raise BadInput(f"{option} {text!r:.80} is no whole number of at least 1", "give one such as 2")
    if len(digits) > len(str(MOST)) or int(digits) > MOST:
        raise BadInput(f"{option} {text:.80} is more than {MOST}, which is the most", "give fewer")
    return int(digits)


def _percentile(name: str, text: str) -> float:
    value = float(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", text) else 0.0
    if not 0 < value < 100:
        reason = f"--{name} {text!r:.80} is no percentile: one lies above 0 and below 100"
        raise BadInput(reason, "give one such as 99 or 99.9")
    return value


def _cpus(name: str, text: str) -> str:
    """Return the one text of a set of CPUs such as 0,2-3. Raises BadInput where it is none or names absent CPUs."""
    from runner.contract.cpus import format_cpus, parse_cpus

    try:
        chosen = parse_cpus(text)
    except ValueError as error:
        raise BadInput(str(error), "write it such as 0,2-3") from None
    usable = os.sched_getaffinity(0)
    absent = sorted(set(chosen) - usable)
    if absent:
        raise BadInput(f"this process may not use CPU {absent[0]}", f"it may use {format_cpus(usable)}")
    return format_cpus(chosen)


def _shown_cpus(cpus: str | list[int]) -> str:
    from runner.contract.cpus import format_cpus

    return cpus if isinstance(cpus, str) else format_cpus(cpus)


def one_of(*names: str) -> Kind:
    """Return the kind of a knob that is one of these names, which the contract lists as well."""

    def parse(name: str, text: str) -> str:
        if text not in names:
            raise unknown(name.replace("_", " "), text, names)
        return text

    return Kind(str, "|".join(names), parse)


COUNT = Kind(int, "N", _count)
PERCENTILE = Kind(float, "P", _percentile, "{:g}".format)
CPUS = Kind(str, "LIST", _cpus, _shown_cpus)
