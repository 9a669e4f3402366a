"""What a comparison of two sides leaves behind, as a document: `harness compare --json`."""

from dataclasses import dataclass, field, replace
from typing import Literal

from harness.documents.agreement import Agreement, ApDifference
from harness.documents.agreement import Verdict as Detects
from harness.documents.causes import word
from runner.contract import Document

Verdict = Literal["equivalent", "faster", "slower", "ambiguous"]
#: What is compared of a call: its time, the CPU time of all threads, and the instructions that they executed.
Clock = Literal["wall", "cpu", "instructions"]


@dataclass(frozen=True)
class SideName(Document):
    """A side: its run, and of a part the environment and the knobs that it is of."""

    run: str
    environment: str | None = None
    knobs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unlike(Document):
    """What was not alike, with its value on each side, None where it was not recorded.

    `essential` must be alike, and was let differ by --allow; `disturbs` is what makes a verdict doubtful, such as other
    load. `models` are those it holds for.
    """

    what: str
    a: str | None
    b: str | None
    models: list[str]
    essential: bool = False
    disturbs: bool = False


@dataclass(frozen=True)
class Estimate(Document):
    """B's figure over A's, with its 95 % and 90 % (`narrow_*`) intervals over fresh processes.

    `paired` by round, else Welch's. `verdict` is the one of this ratio alone, `corrected` the one by Holm over all that
    were compared on this clock. `slower_p` is the chance of such a ratio if B were slower by what --fail-on says and no
    more, corrected likewise; None without --fail-on. `more_repeats` a side settle an ambiguous one: 0 where none is,
    None where a thousand would not.
    """

    ratio: float
    low: float
    high: float
    narrow_low: float
    narrow_high: float
    paired: bool
    processes_a: int
    processes_b: int
    verdict: Verdict
    corrected: Verdict
    slower_p: float | None
    more_repeats: int | None


@dataclass(frozen=True)
class ModelComparison(Document):
    """A model on both sides. `part` tells it from other parts of the same model, such as "threads: 2"; "" if the only.

    Figures in ms are geometric means over processes and the pictures that both sides have, of each picture's figure;
    `pictures_left_out` are those that one side lacks. `unpaired_reason` says why processes were not paired by round.
    What is None has a reason beside it; agreement and AP are of detection passes, None and empty where a side has none.
    `detects_causes` are what made images differ, each in a word, "unexplained" first; `detects_sentence` says in how
    many. Both are empty where none do, or where it was compared before causes were asked for.
    Instructions are in millions.
    """

    model: str
    part: str
    pictures: int
    pictures_left_out: int
    wall_a_ms: float
    wall_b_ms: float
    wall: Estimate
    cpu_a_ms: float | None
    cpu_b_ms: float | None
    cpu: Estimate | None
    cpu_missing_reason: str | None
    unpaired_reason: str | None
    memory_a_bytes: int | None
    memory_b_bytes: int | None
    detects: Detects | None = None
    ap_differences: list[ApDifference] = field(default_factory=list)
    detects_causes: list[str] = field(default_factory=list)
    detects_sentence: str = ""
    instructions_a: float | None = None
    instructions_b: float | None = None
    instructions: Estimate | None = None
    instructions_missing_reason: str | None = None

    @property
    def detects_word(self) -> str | None:
        """The verdict on detections as tables have it, such as "different: resize"; None without passes."""
        return self.detects and word(self.detects, self.detects_causes)

    def detecting(self, agreement: Agreement) -> "ModelComparison":
        """Return it with the verdict on B's detections beside A's, and what made images differ."""
        return replace(
            self,
            detects=agreement.verdict,
            ap_differences=agreement.ap_differences,
            detects_causes=agreement.causes,
            detects_sentence=agreement.sentence if agreement.causes else "",
        )

    def on(self, clock: Clock) -> Estimate | None:
        """Return what was found on a clock, None where it is not known."""
        return {"wall": self.wall, "cpu": self.cpu, "instructions": self.instructions}[clock]

    def means(self, clock: Clock) -> tuple[float | None, float | None]:
        """Return the figures of A and B on a clock, in ms or millions, None where they are not known."""
        return {
            "wall": (self.wall_a_ms, self.wall_b_ms),
            "cpu": (self.cpu_a_ms, self.cpu_b_ms),
            "instructions": (self.instructions_a, self.instructions_b),
        }[clock]


@dataclass(frozen=True)
class OverModels(Document):
    """The geometric mean over the models of a part, on a clock; of these models alone."""

    part: str
    clock: Clock
    models: int
    estimate: Estimate


@dataclass(frozen=True)
class Comparison(Document):
    """Two sides compared. `margin` and `fail_on` are shares; `left_out` says what was not compared, and why.

    `on` are the clocks by which it `fails`, where one is slower by more than `fail_on`, and is `ambiguous`.
    """

    schema_version: int
    a: SideName
    b: SideName
    margin: float
    fail_on: float | None
    on: list[Clock]
    unlike: list[Unlike]
    models: list[ModelComparison]
    over_models: list[OverModels]
    left_out: list[str]
    fails: bool
    ambiguous: bool
    host_noise: str | None = None
