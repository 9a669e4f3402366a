"""What an explanation of a difference leaves behind, as a document: `harness explain --json`."""

from dataclasses import dataclass, field
from typing import Literal

from runner.contract import Document

#: Of the document, a number of its own.
EXPLANATION_VERSION = 1
Why = Literal["other work", "other kernels", "threads waiting", "slower"]


@dataclass(frozen=True)
class Spending(Document):
    """What one side spends at a place in an iteration: wall and CPU ms (of all threads), calls, allocated bytes.

    `operators` are those that take most of it, None where the side has no profile of operators.
    """

    ms: float
    cpu_ms: float
    calls: float
    allocated_bytes: float | None
    operators: list[str] | None


@dataclass(frozen=True)
class PlaceDifference(Document):
    """A place where the sides differ: a part of the model, and what kind of operators it runs.

    `share` is of all that is slower where the whole is, or faster. `bearing` names circumstances that differ and bear
    on such operators.
    """

    where: str
    what: str
    a: Spending
    b: Spending
    share: float
    why: Why
    bearing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Circumstance(Document):
    """What was not alike, with its value on each side, None where it is not known."""

    what: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Remaining(Document):
    """B's time over A's, with its 95 % interval over so many pairs of fresh processes."""

    ratio: float
    low: float
    high: float
    processes: int


@dataclass(frozen=True)
class Tried(Document):
    """A cause that was taken away from both sides: the ratio with it and without it, None below two processes each."""

    what: str
    before: Remaining | None
    after: Remaining | None


@dataclass(frozen=True)
class Explanation(Document):
    """Where the time of a model differs between A and B: the largest first, until nine tenths are named.

    a_ms and b_ms are the medians of whole calls of the profiled passes. Without `beyond_noise` nothing is named.
    `remarks` say what could not be told, and why.
    """

    schema_version: int
    builder: str
    model: str
    a: str
    b: str
    a_ms: float
    b_ms: float
    a_cpu_ms: float
    b_cpu_ms: float
    beyond_noise: bool
    differences: list[PlaceDifference]
    circumstances: list[Circumstance]
    remarks: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
