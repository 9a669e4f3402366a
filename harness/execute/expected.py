"""What is expected of a plan's time, as cells and as a sentence."""

from dataclasses import dataclass

from harness.text import duration

#: What is under way until a sentence can be said; reading earlier runs, or a probe, takes seconds.
ESTIMATING = "estimating how long it takes"


@dataclass(frozen=True)
class Expected:
    """The seconds that each cell still takes, 0 where it is not measured and None where nothing like it is known.

    What ends by itself is taken to end where earlier runs did, of which some cells are `learnt`, else at the protocol's
    caps, at which some are `capped`.
    """

    seconds: list[float | None]
    learnt: bool = False
    capped: bool = False

    @property
    def total(self) -> float:
        """The seconds in all, as far as they are known."""
        return sum(seconds or 0.0 for seconds in self.seconds)


def sentence(expected: Expected) -> str:
    """Return how long it will take, as far as anything is known, and what that goes by where it may end early."""
    unknown = sum(seconds is None for seconds in expected.seconds)
    if not unknown and not expected.total:
        return "nothing is left to measure"
    if not any(expected.seconds):
        return "expected time: unknown, nothing like it was run here yet"
    time = f"{'at most ' if expected.capped else ''}about {duration(expected.total)}"
    return f"expected time: {time}{_basis(expected)}" + (
        f", not counting {unknown} of unknown length" if unknown else ""
    )


def _basis(expected: Expected) -> str:
    if expected.learnt and expected.capped:
        return ", by where earlier runs ended, else by the protocol's caps"
    if expected.capped:
        return ", by the protocol's caps"
    return ", by where earlier runs ended" if expected.learnt else ""
