"""What is observed of a measurement that tells it from others: one entry a fact, each read from what a cell left.

Those of knobs are read from the table of knobs, harness/knobs/table.py. A fact that was not recorded, as by an early
version, is None: known and unknown never make one series.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from harness.analysis import observing
from harness.analysis.naming import inputs_name, short
from harness.documents.run_folder import Cell
from harness.knobs.entry import Knob, Sight
from harness.knobs.table import KNOBS
from runner.contract import Suite

NOT_RECORDED = "not recorded"


class Of(Enum):
    """What a fact is of: how it was measured, the machine, the software of the environment, or the runner itself."""

    RECIPE = "recipe"
    MACHINE = "machine"
    STACK = "stack"
    RUNNER = "runner"


@dataclass(frozen=True)
class Fact:
    """A fact: its name, what it is of, and how it is read from a cell; None where the cell does not tell.

    `label` says it in a column's heading, `word` in a sentence. Where series of one environment on one machine differ
    in it, a merge refuses them unless `may_differ`; it labels them in any case. `asked` facts are known of a cell that
    was never measured, too. `suite` is the only one that has it, `unset` its value where nobody chose one. A verdict on
    detections holds for latencies of the same `detects` facts only. One that `grows` has a word for each thing that the
    measurement came to: where it was cut short, it begins as the others go on, and differs from none of them.
    """

    name: str
    of: Of
    observed: Callable[[Cell], str | None]
    label: str
    word: str = ""
    may_differ: bool = False
    asked: bool = False
    suite: Suite | None = None
    unset: str | None = None
    detects: bool = False
    grows: bool = False

    def text(self, value: str | None) -> str:
        """Return the fact in a column's heading."""
        return self.label.format(NOT_RECORDED if value is None else self.shown(value))

    def shown(self, value: str) -> str:
        """Return a value as people read it: of one that grows, a hash over its words."""
        return short(value) if self.grows else value


def goes_on(value: str | None, beginning: str | None) -> bool:
    """Tell whether a value of a fact that grows is another one, or goes on from it."""
    if value is None or beginning is None:
        return value is beginning
    return f"{value} ".startswith(f"{beginning} ")


def furthest(values: Iterable[str]) -> list[str]:
    """Return those values of a fact that grows from which none of the others goes on, each once."""
    known = dict.fromkeys(values)
    return [value for value in known if not any(other != value and goes_on(other, value) for other in known)]


def facts_of(knob: Knob) -> Iterator[Fact]:
    """Yield the facts that tell cells with other values of a knob apart."""
    for sight in (sight for sight in knob.seen if sight.splits):
        yield Fact(
            sight.name,
            Of.RECIPE,
            _seen(knob, sight),
            sight.label,
            sight.word,
            sight.may_differ,
            asked=not sight.place,
            suite=knob.suite,
            unset=sight.unset,
            detects=knob.detects,
        )


def _seen(knob: Knob, sight: Sight) -> Callable[[Cell], str | None]:
    def observed(cell: Cell) -> str | None:
        value = knob.observed(cell, sight)
        return sight.unset if value is None else knob.text(value)

    return observed


#: What tells the software that detects from another of one name. The libraries are none of it: a reader loads its own.
SOFTWARE = ("torch", "torchvision", "python", "build")

#: Every fact, in the order in which labels name them: those of the recipe first, then what tells alike columns apart.
FACTS: tuple[Fact, ...] = (
    Fact("recipe", Of.RECIPE, observing.recipe, "recipe {}", "the protocol's recipe", asked=True),
    Fact("inputs", Of.RECIPE, lambda cell: inputs_name(cell.job), "{}", "inputs", asked=True),
    *(fact for knob in KNOBS if knob.option for fact in facts_of(knob)),
    Fact("quota", Of.RECIPE, observing.quota, "CPU quota: {}", "CPU quota"),
    *(fact for knob in KNOBS if not knob.option for fact in facts_of(knob)),
    Fact(
        "default_dtype",
        Of.RECIPE,
        observing.software(lambda software: software.numerics.get("default_dtype")),
        "default dtype: {}",
        "default dtype",
        detects=True,
    ),
    Fact("torch", Of.STACK, observing.software(lambda software: software.torch), "torch {}", "torch"),
    Fact(
        "torchvision",
        Of.STACK,
        observing.software(lambda software: software.torchvision),
        "torchvision {}",
        "torchvision",
    ),
    Fact("python", Of.STACK, observing.software(lambda software: software.python), "Python {}", "Python"),
    Fact("build", Of.STACK, observing.software(observing.build), "torch's build {}", "how torch was built"),
    Fact("libraries", Of.STACK, observing.software(observing.libraries), "libraries {}", "BLAS or OpenMP"),
    Fact(
        "interop",
        Of.STACK,
        observing.software(lambda software: software.interop_threads),
        "threads between operators: {}",
        "threads between operators",
    ),
    Fact("pixels", Of.STACK, observing.pixels, "pictures decoded to {}", "decoded pictures", grows=True),
    Fact("decoder", Of.STACK, observing.decoder, "{}", "decoder of pictures", may_differ=True),
    Fact("image", Of.STACK, observing.image, "image {}", may_differ=True),
    Fact("driver", Of.MACHINE, observing.of_card(lambda gpu: gpu.driver), "driver {}", "driver"),
    Fact(
        "power limit",
        Of.MACHINE,
        observing.of_card(lambda gpu: gpu.power_limit_watts),
        "power limit {} W",
        "power limit",
    ),
    Fact("clock", Of.MACHINE, observing.of_card(lambda gpu: gpu.max_sm_clock_mhz), "up to {} MHz", "highest clock"),
    Fact(
        "memory clock",
        Of.MACHINE,
        observing.of_card(lambda gpu: gpu.max_memory_clock_mhz),
        "memory up to {} MHz",
        "highest clock of memory",
    ),
    Fact("ecc", Of.MACHINE, observing.of_card(lambda gpu: gpu.ecc_enabled), "ECC: {}", "ECC"),
    Fact("gpu", Of.MACHINE, observing.gpu, "GPU {}", may_differ=True),
    Fact("governor", Of.MACHINE, observing.hardware("governor"), "governor {}", "governor"),
    Fact("frequency", Of.MACHINE, observing.hardware("max_frequency_mhz"), "CPU up to {} MHz", "highest frequency"),
    Fact("processor", Of.MACHINE, observing.hardware("cpu_model"), "{}", may_differ=True),
    Fact("cores", Of.MACHINE, observing.hardware("logical_cores"), "logical cores: {}", may_differ=True),
    Fact("physical cores", Of.MACHINE, observing.hardware("physical_cores"), "physical cores: {}", may_differ=True),
    Fact("virtualisation", Of.MACHINE, observing.hardware("virtualisation"), "on {}", may_differ=True),
    Fact("kernel", Of.MACHINE, observing.hardware("kernel"), "kernel {}", may_differ=True),
    Fact("runner", Of.RUNNER, lambda cell: (cell.result.runner_sha256 or "")[:6] or None, "runner {}", may_differ=True),
    Fact("harness", Of.RUNNER, lambda cell: cell.result.harness_version, "harness {}", may_differ=True),
)


def observed(cell: Cell, *names: str) -> dict[str, str | None]:
    """Return the facts of these names."""
    return {fact.name: fact.observed(cell) for fact in FACTS if fact.name in names}


def departures(values: Sequence[str | None]) -> list[str]:
    """Return what was chosen instead of what the protocol says, by the values of FACTS in their order."""
    pairs = zip(FACTS, values, strict=True)
    chosen = [fact.text(value) for fact, value in pairs if fact.unset is not None and value not in (None, fact.unset)]
    return [f"{text} instead of the protocol's own" for text in chosen]
