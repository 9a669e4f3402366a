"""How the page writes numbers and words."""

import math
import re
from collections.abc import Sequence

from harness import text as texts

#: How long a text may be, in characters; that of how torch was built is the longest honest one.
LONGEST = 4000


def significant(value: float, digits: int = 3) -> str:
    """Return a positive number with so many significant digits and without an exponent."""
    decimals = digits - 1 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{round(value, decimals):.{max(0, decimals)}f}"


def times(ratio: float) -> str:
    """Return how many times a ratio of at least 1 is, as a sentence says it: 14 times, 1.3 times."""
    return f"{ratio:.0f} times" if ratio >= 10 else f"{significant(ratio, 2 if ratio >= 1.095 else 3)} times"


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """Return words as a sentence lists them."""
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def column_name(heading: str) -> str:
    """Return what the address of the page calls the column of a heading: "latency, ms" is latency-ms there."""
    return re.sub(r"[^a-z0-9.]+", "-", heading.lower()).strip("-")


def printable(text: str) -> str:
    """Return the text as it may stand on a page: what does not print is a space, and what is endless is cut."""
    return texts.printable(text, LONGEST)


def all_printable(value: object) -> object:
    """Return the value of a JSON document with each of its texts printable; keys are taken as they are."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: all_printable(member) for key, member in value.items()}
        case list():
            return [all_printable(member) for member in value]
    return value
