"""harness explain: two sides explained, measured first where that is asked for, printed and written."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console

from harness import explaining
from harness.cli.console import say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible
from harness.explaining import Explained, Question
from harness.report.explained import write
from harness.report.explanation import sentences


def explain_sides(question: Question, command: list[str], out: Path | None, *, as_json: bool) -> None:
    """Explain B beside A, print it, and write it into a folder where one is named."""
    console = Console(stderr=as_json)
    with interruptible(console):
        found = explaining.explain(question, command, progress_on(console))
    lacking = write(found.models, found.remarks, out, found.profiles) if out else []
    if as_json:
        print(json.dumps([dataclasses.asdict(each) for each in found.models], indent=1, allow_nan=False))
    else:
        _tell(console, found)
    for text in lacking:
        say(console, text)
    if out:
        say(console, f"written: {out}")


def _tell(console: Console, found: Explained) -> None:
    for each in found.models:
        for line in sentences(each):
            say(console, line)
    for text in found.remarks:
        say(console, text)
