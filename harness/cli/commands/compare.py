"""harness compare: two sides beside each other, printed and, where that is asked for, on a page."""

import dataclasses
import json
import shlex
import sys
from pathlib import Path

import typer
from rich.console import Console

from harness import comparing
from harness.analysis.comparison import Asked
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.comparing import settling
from harness.comparing.settling import Settled
from harness.documents.comparison import Comparison
from harness.host.interruptions import INTERRUPTED
from harness.knobs.table import KNOBS
from harness.preflight.checks import Preflight
from harness.report.comparison import comparison_tables, headline, markdown
from harness.report.table import Form
from harness.report.writing import write_comparison

#: What is asked for and can be asked for again; a runner or an image that was replaced can not.
CAN_BE_HAD = {"environment", "device", *(sight.word for knob in KNOBS if knob.option for sight in knob.seen)}
#: Verdicts that have a reason.
DIFFERENT = ("faster", "slower")


@dataclasses.dataclass(frozen=True)
class Settle:
    """That what is ambiguous is to be settled: in how many seconds at most, and the command that asked."""

    most_s: float | None
    command: list[str]


def compare_sides(
    a: str, b: str, asked: Asked, form: str, out: Path | None, settle: Settle | None = None
) -> Comparison:
    """Compare two sides, and print it as json, markdown, or tables in short or long. Returns what was found."""
    console = Console(stderr=True)
    done = _settled(a, b, asked, settle, console) if settle else None
    found = done.comparison if done else comparing.compared(a, b, asked, progress_on(console))
    _print(found, form)
    if out is not None:
        with progress_on(console).working("drawing"):
            written = write_comparison(found, comparing.folders(a, b), out)
        say(console, str(written))
    if done and done.folder:
        say(console, f"further repeats, as cells of A and of B by turns: {done.folder.path}")
    elif not done and form in ("short", "long") and _can_be_settled(found):
        say(console, _offer(a, b, found))
    if form in ("short", "long") and any(each.wall.verdict in DIFFERENT for each in found.models):
        say(console, f"why: harness explain {shlex.join([a, b])}")
    if done and done.interrupted:
        raise typer.Exit(INTERRUPTED)
    return found


def _can_be_settled(found: Comparison) -> bool:
    """Tell whether more repeats may settle something: a clock that is not known stays so."""
    known = [each.on(clock) for each in found.models for clock in found.on]
    return any(each and each.corrected == "ambiguous" for each in known)


def _offer(a: str, b: str, found: Comparison) -> str:
    """Say how to measure more repeats: by turns, where what differs can be had again."""
    if any(each.what in CAN_BE_HAD for each in found.unlike):
        return f"more repeats, by turns: harness compare {shlex.join([a, b])} --settle --max-time 10m"
    return "more repeats: measure both again, with a higher --repeats each"


def _settled(a: str, b: str, asked: Asked, settle: Settle, console: Console) -> Settled:
    with Preflight() as preflight:
        return settling.settled(a, b, asked, settle.most_s, settle.command, preflight, progress_on(console))


def _print(found: Comparison, form: str) -> None:
    if form == "json":
        print(json.dumps(dataclasses.asdict(found), indent=1, allow_nan=False))
    elif form == "markdown":
        sys.stdout.write(markdown(found))
    else:
        console = Console()
        print_tables(console, comparison_tables(found), Form.LONG if form == "long" else Form.SHORT)
        say(console, headline(found))
