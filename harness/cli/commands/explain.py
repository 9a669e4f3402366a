"""harness explain: two sides measured where that is asked for, explained, printed and written."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness import explaining
from harness.cli.console import say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible
from harness.errors import BadInput
from harness.explaining import Anew, Explained
from harness.plan import Request
from harness.preflight.checks import Preflight
from harness.report.explained import write
from harness.report.explanation import sentences


@dataclass(frozen=True)
class Wanted:
    """What a person asks to be explained, and the command that asked."""

    a: str
    b: str
    models: list[str]
    weights: str
    command: list[str]


def explain_sides(wanted: Wanted, out: Path | None, *, as_json: bool) -> None:
    """Explain B beside A, print it, and write it into a folder where one is named."""
    console = Console(stderr=as_json)
    found = explaining.explain(*_sides(wanted, console), wanted.models, progress_on(console))
    written = write(found.models, found.remarks, out) if out else None
    if as_json:
        print(json.dumps([dataclasses.asdict(each) for each in found.models], indent=1, allow_nan=False))
    else:
        _tell(console, found)
    if written:
        say(console, f"written: {written}")


def _sides(wanted: Wanted, console: Console) -> tuple[str, str]:
    """Return the names of both sides, which are measured first where they are environments."""
    a, b = explaining.anew(wanted.a), explaining.anew(wanted.b)
    if a is None or b is None:
        if a or b:
            raise BadInput("one of A and B is a run, the other an environment", "name two runs, or two environments")
        return wanted.a, wanted.b
    return _measured(a, b, wanted, console)


def _measured(a: Anew, b: Anew, wanted: Wanted, console: Console) -> tuple[str, str]:
    if not wanted.models:
        raise BadInput("explain measures the models that it is told to", "name one with --model")
    request = Request(images=[], models=wanted.models, weights=wanted.weights)
    with Preflight() as preflight, interruptible(console):
        run = explaining.measured(a, b, request, wanted.command, None, preflight, progress_on(console))
    return explaining.part_of(run, a), explaining.part_of(run, b)


def _tell(console: Console, found: Explained) -> None:
    for each in found.models:
        for line in sentences(each):
            say(console, line)
    for text in found.remarks:
        say(console, text)
