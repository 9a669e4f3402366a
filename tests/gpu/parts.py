"""The parts of the check, the most important first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """A part: its module of tests, what it tells, what that takes on a GPU of a data centre, and what it needs."""

    name: str
    module: str
    about: str
    seconds: int
    needs: str

    @property
    def path(self) -> Path:
        """The module's file."""
        return HERE / f"{self.module}.py"


PARTS: Sequence[Part] = (
    Part("there", "part1_there", "what is there: NVML, driver, torch, architectures", 15, "a GPU"),
    Part("identity", "part2_identity", "which GPU computed", 40, "a GPU; more is told where there are several"),
    Part("models", "part3_models", "every catalogued model; the published loop beside the runner's", 110, "a GPU"),
    Part("synchronisation", "part4_synchronisation", "queued work, events, the first inference", 20, "a GPU"),
    Part("detections", "part5_detections", "what GPU and CPU detect, TF32 on and off, the same twice", 90, "a GPU"),
    Part("memory", "part6_memory", "memory as torch and NVML count it, running out of it", 50, "an idle GPU of 8 GB"),
    Part("nvml", "part7_nvml", "NVML's raw answers while a model runs", 25, "a GPU"),
    Part("harness", "part8_harness", "the harness itself: doctor, eight models, a published column", 100, "WHEELS=DIR"),
)
