"""What a person asks for."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from harness.catalogue import pick
from harness.errors import BadInput
from runner.contract import Reader, Variant
from runner.contract.cpus import format_cpus, parse_cpus


@dataclass(frozen=True)
class Choice:
    """What a person chose of pictures and of the images of a dataset; None leaves the suite's own choice."""

    pictures: Path | None = None
    dataset: str | None = None
    annotations: Path | None = None
    ids: Path | None = None
    limit: int | None = None
    skip_bad_images: bool = False


@dataclass(frozen=True)
class Request:
    """What to measure, in the words of the command line."""

    images: list[str]
    models: list[str]
    all_models: bool = False
    published_models: bool = False
    suites: list[str] = field(default_factory=lambda: ["latency"])
    protocol: str = "quick-1"
    device: str = "auto"
    repeats: int | None = None
    variant: Variant = field(default_factory=Variant)
    weights: str = "pretrained"
    norm_eps: float | None = None
    inputs: Choice = field(default_factory=Choice)
    shards: int = 1
    memory_bytes: int | None = None
    code: Path | None = None


def make_variant(
    threads: int | None, cpus: str | None, iterations: int | None, reader: str | None, batch: int | None
) -> Variant:
    """Return the variant of the command line's knobs. Raises BadInput where one of them is none."""
    readers: dict[str, Reader] = {name: name for name in get_args(Reader)}
    return Variant(
        threads=threads,
        cpus=_cpus(cpus) if cpus else None,
        iterations=iterations,
        reader=pick("reader", reader, readers) if reader else None,
        batch=batch,
    )


def _cpus(text: str) -> str:
    """Return the one text of a set of CPUs such as 0,2-3. Raises BadInput where it is none or names absent CPUs."""
    try:
        chosen = parse_cpus(text)
    except ValueError as error:
        raise BadInput(str(error), "write it such as 0,2-3") from None
    usable = os.sched_getaffinity(0)
    absent = sorted(set(chosen) - usable)
    if absent:
        raise BadInput(f"this process may not use CPU {absent[0]}", f"it may use {format_cpus(usable)}")
    return format_cpus(chosen)


def parse_size(text: str) -> int:
    """Return the bytes of a size such as 512m or 8g. Raises BadInput where it is none."""
    match = re.fullmatch(r"(\d+)([kmgt]?)b?", text.lower())
    if not match:
        raise BadInput(f"{text!r} is no size", "write it such as 512m or 8g")
    return int(match.group(1)) << 10 * " kmgt".index(match.group(2) or " ")
