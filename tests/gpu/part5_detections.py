"""What the GPU detects beside the CPU, with bundled and with random weights; TF32 on; the same to the last bit again.

The tolerances are what rounding does to these models, several times over. It was seen on a CPU: float64 beside float32
moves boxes of the bundled weights by 0.0002 pixels, and inputs and filters rounded to TF32's ten bits by 0.2. Random
weights, which nobody trained to be stable, carry rounding further: 0.5 pixels and 0.005 of a score in float64, and with
TF32's digits three in ten of Faster R-CNN's detections are others.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from runner.contract import Device, Job, Result, Weights
from runner.contract.rows import ImageDetections
from tests.gpu import jobs, pictures
from tests.gpu.conftest import Seen
from tests.gpu.passes import Difference, detected, difference, same_bits
from tests.gpu.runs import Runs
from tests.gpu.sizes import SSDLITE, sizes


@dataclass(frozen=True)
class Tolerance:
    """The share of detections that have to be found again, and how far box and score of those may be off."""

    share: float
    box_px: float
    score: float


#: With the bundled weights it is what the harness itself calls equal (docs/design.md, Agreement).
FLOAT32 = {"shapes": Tolerance(0.98, 0.1, 0.001), "random": Tolerance(0.9, 4.0, 0.05)}
TF32 = {"shapes": Tolerance(0.95, 1.0, 0.01), "random": Tolerance(0.5, 10.0, 0.3)}
#: What lies further off is another detection.
REACH_PX = 10.0
#: A detection counts from so much above its model's threshold on: whether one at a cut-off is there, its last bits say.
CLEAR = 1.1
#: A GPU from this compute capability on has units for TF32.
HAS_TF32 = (8, 0)
#: The passes with each model: on which device, and which switches of the numerics are turned.
HOW: dict[str, tuple[Device, dict[str, object]]] = {
    "cpu": ("cpu", {}),
    "gpu": ("cuda", {}),
    "tf32": ("cuda", {"tf32": True, "matmul_precision": "high"}),
    "deterministic": ("cuda", {"deterministic": True}),
    "again": ("cuda", {"deterministic": True}),
}
SUBJECTS = ["shapes", *sizes().passes]


@dataclass(frozen=True)
class Subject:
    """A model with its weights, the pictures that it detects in, and the score below which it returns nothing."""

    builder: str
    weights: Weights
    paths: list[Path]

    @property
    def least_score(self) -> float:
        return CLEAR * float(jobs.catalogue()[self.builder]["thresholds"]["score"])

    @property
    def one_stage(self) -> bool:
        return "rpn_score" not in jobs.catalogue()[self.builder]["thresholds"]

    def jobs(self) -> dict[str, Job]:
        """Return its passes. A two-stage model has none that is deterministic: torchvision would compile roi_align."""
        return {
            how: jobs.detection_pass(how, self.builder, self.weights, device, self.paths, **switches)
            for how, (device, switches) in HOW.items()
            if self.one_stage or "deterministic" not in switches
        }


Passes = dict[tuple[str, str], "Future[Result]"]


@pytest.fixture(scope="module")
def subjects(folder: Path) -> dict[str, Subject]:
    drawn, photographs = pictures.draw(folder / "pictures", sizes().pictures), jobs.photographs()[: sizes().pictures]
    random = {builder: Subject(builder, jobs.RANDOM, photographs) for builder in sizes().passes}
    return {"shapes": Subject(SSDLITE, jobs.shapes_weights(), drawn), **random}


@pytest.fixture(scope="module")
def passes(subjects: dict[str, Subject], runs: Runs) -> Iterator[Passes]:
    wanted = {
        (name, how): (job, subject.paths[0].parent)
        for name, subject in subjects.items()
        for how, job in subject.jobs().items()
    }
    with runs.together(wanted) as found:
        yield found


@dataclass(frozen=True)
class Looked:
    """What the passes with one model found."""

    subject: Subject
    name: str
    passes: Passes
    runs: Runs

    def at(self, how: str) -> list[ImageDetections]:
        """Return what one pass found. Raises AssertionError where it did not end well."""
        result = self.passes[self.name, how].result()
        said = result.failure.message if result.failure else ""
        assert result.status == "ok", f"{self.name}, {how}: {result.status}, expected ok: {said}"
        return detected(self.runs.of(self.subject.jobs()[how]))

    def difference(self, how: str, reference: str, reach_px: float) -> Difference:
        """Return how much of the reference a pass found again."""
        return difference(self.at(reference), self.at(how), self.subject.least_score, reach_px)


@pytest.fixture(params=SUBJECTS)
def looked(request: pytest.FixtureRequest, subjects: dict[str, Subject], passes: Passes, runs: Runs) -> Looked:
    return Looked(subjects[request.param], request.param, passes, runs)


def _require(found: Difference, tolerance: Tolerance, what: str) -> None:
    assert found.clear > 0, f"{what}: nothing was detected, so nothing is compared"
    near = found.box_px <= tolerance.box_px and found.score <= tolerance.score
    assert near and found.share >= tolerance.share, f"{what}: {found}; expected {tolerance}"


def test_the_gpu_detects_what_the_cpu_does(looked: Looked, seen: Seen) -> None:
    found = looked.difference("gpu", "cpu", REACH_PX)
    seen("GPU beside CPU", found)
    _require(found, FLOAT32[looked.subject.weights.kind], f"{looked.name}, GPU beside CPU")


def test_tf32_moves_boxes_and_no_further_than_its_digits(looked: Looked, seen: Seen) -> None:
    found = looked.difference("tf32", "gpu", REACH_PX)
    seen("TF32 beside float32", found)
    _require(found, TF32[looked.subject.weights.kind], f"{looked.name}, TF32 beside float32")


def test_tf32_is_switched_on(subjects: dict[str, Subject], passes: Passes, runs: Runs, seen: Seen) -> None:
    looked = [Looked(subject, name, passes, runs) for name, subject in subjects.items()]
    changed = [each.name for each in looked if not same_bits(each.at("tf32"), each.at("gpu"))]
    seen("changed by TF32", changed)
    units = torch.cuda.get_device_capability(0) >= HAS_TF32
    assert changed or not units, f"TF32 changes no bit of {list(subjects)} on a GPU with units for it: it was never on"


def test_what_is_deterministic_is_the_same_twice(looked: Looked, seen: Seen) -> None:
    if not looked.subject.one_stage:
        seen("left out", "deterministic algorithms, with which torchvision would compile roi_align for minutes")
        return
    one, two = looked.at("deterministic"), looked.at("again")
    seen("deterministic beside default", difference(one, looked.at("gpu"), looked.subject.least_score, REACH_PX))
    found = difference(one, two, 0.0, REACH_PX)
    assert same_bits(one, two), f"{looked.name}: two deterministic passes differ: {found}"
