"""What a person asks for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.catalogue import pick
from harness.errors import BadInput
from harness.knobs.table import OPTIONS
from runner.contract import Dataset, Suite, Variant

#: Of a memory limit: Docker takes none below, and more is no machine's.
LEAST_BYTES, MOST_BYTES = 6 << 20, 1 << 60


@dataclass(frozen=True)
class Choice:
    """What a person chose of pictures and of the images of a dataset; None leaves the suite's own choice.

    `frames` are pictures that come while the pass goes on, into the folder `pictures`.
    """

    pictures: Path | None = None
    dataset: str | None = None
    annotations: Path | None = None
    ids: Path | None = None
    limit: int | None = None
    skip_bad_images: bool = False
    frames: Dataset | None = None


@dataclass(frozen=True)
class Request:
    """What to measure, in the words of the command line.

    `ladder` are variants that are measured beside `variant`; `precision` is a share, None for the protocol's. `stages`
    are looked at in a pass after each latency, and so are operators for a `profile`. For a plan that is only shown, a
    `dry` one, nothing is fetched.
    """

    images: list[str]
    models: list[str]
    all_models: bool = False
    published_models: bool = False
    suites: list[str] = field(default_factory=lambda: ["latency"])
    protocol: str = "quick-1"
    device: str = "auto"
    repeats: int | None = None
    variant: Variant = field(default_factory=Variant)
    ladder: list[Variant] = field(default_factory=list)
    weights: str = "pretrained"
    norm_eps: float | None = None
    inputs: Choice = field(default_factory=Choice)
    shards: int = 1
    memory_bytes: int | None = None
    precision: float | None = None
    code: Path | None = None
    stages: bool = False
    dry: bool = False
    profile: bool = False


def make_variant(**chosen: object) -> Variant:
    """Return the variant of the knobs that a person chose, by name; None leaves the protocol's, or the machine's, own.

    Raises BadInput where there is no such knob, or a value of another kind than its own.
    """
    values = {}
    for name, value in chosen.items():
        _, option = pick("knob", name, OPTIONS)
        if value is not None:
            values[name] = option.kind.parse(name, str(value))
    return Variant(**values)


def require_suites(variant: Variant, suites: Sequence[Suite]) -> None:
    """Raise BadInput where a knob was chosen that only a suite knows which is not measured."""
    for name, (knob, _) in OPTIONS.items():
        if getattr(variant, name) is not None and knob.suite not in (None, *suites):
            remedy = f"add --suite {knob.suite}, or leave it out"
            raise BadInput(f"--{name.replace('_', '-')} belongs to the suite {knob.suite}", remedy)


def require_latency(request: Request, suites: Sequence[Suite]) -> None:
    """Raise BadInput where a look inside is asked for, and no latency is measured that it could be of."""
    for name in ("stages", "profile"):
        if getattr(request, name) and "latency" not in suites:
            raise BadInput(f"--{name} belongs to the suite latency", "add --suite latency, or leave it out")


def parse_size(text: str) -> int:
    """Return the bytes of a size such as 512m or 8g. Raises BadInput where it is none that an engine takes."""
    match = re.fullmatch(r"0*([1-9][0-9]{0,17})([kmgt]?)b?", text.lower())
    size = int(match.group(1)) << 10 * " kmgt".index(match.group(2) or " ") if match else 0
    if not LEAST_BYTES <= size <= MOST_BYTES:
        raise BadInput(f"{text!r:.80} is no size", "write it such as 512m or 8g")
    return size
