"""What was measured, by its builder: a catalogued model, a person's own detector, or another of torchvision's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.catalogue.entries import Detector, models
from runner.contract import Code, ModelSpec, Task, Weights
from runner.contract.code import builder_of, own_name


@dataclass(frozen=True)
class OwnDetector(Detector):
    """A person's own detector. Until it has answered, it is known to make boxes alone."""

    code: Code

    def spec(self, weights: Weights) -> ModelSpec:
        """Return what the runner is told."""
        return ModelSpec(self.builder, weights, self.thresholds, self.code)


def own_detector(code: Code) -> OwnDetector:
    """Return the detector that a person's code makes."""
    return OwnDetector(builder_of(code), code.name, ["boxes"], None, code)


def detector(builder: str, makes: list[Task] | None = None) -> Detector:
    """Return what a builder's name means; `makes` is what it was seen to make (Result.makes).

    One that is not catalogued is called by its own name.
    """
    own = own_name(builder)
    return models().get(builder) or Detector(builder, own[0] if own else builder, makes or ["boxes"], None)


def detectors(builders: Iterable[str]) -> list[Detector]:
    """Return each detector once: the catalogued ones in the order of the catalogue, then the others in their own.

    Where two have one name, it has the hash of the folder beside it, or the builder.
    """
    given = dict.fromkeys(builders)
    order = [builder for builder in models() if builder in given]
    known = [detector(builder) for builder in dict.fromkeys([*order, *given])]
    alike = Counter(each.display for each in known)
    return [each if alike[each.display] == 1 else replace(each, display=_whole_name(each)) for each in known]


def displays(builders: Iterable[str]) -> dict[str, str]:
    """Return what to call each of the detectors that stand side by side, by builder."""
    return {each.builder: each.display for each in detectors(builders)}


def notes_on_own(shown: Iterable[Detector]) -> list[str]:
    """Return what the code of people's own detectors is known by, a sentence for each folder, if their names don't."""
    by_code: dict[str, list[str]] = {}
    for each in shown:
        own = own_name(each.builder)
        if own and each.display != _whole_name(each):
            by_code.setdefault(own[1], []).append(each.display)
    return [f"{', '.join(names)}: no model of torchvision's, but own code, {code}" for code, names in by_code.items()]


def _whole_name(each: Detector) -> str:
    name, known_by = own_name(each.builder) or (detector(each.builder).display, each.builder)
    return f"{name} ({known_by})"
