"""harness run: plan, build what is missing, estimate, execute, print the table."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from harness import pipeline
from harness.cli.live import progress_on
from harness.cli.telling import interruptible, tell
from harness.documents.runs import open_run
from harness.plan import Request
from harness.preflight.checks import Preflight
from harness.report.table import Form


def new_run(
    request: Request, command: list[str], out: Path | None, *, dry_run: bool, published: bool, long: bool
) -> bool:
    """Plan and execute a run. Returns whether every cell that must be ok is."""
    console = Console()
    progress = progress_on(console)
    with Preflight() as preflight:
        planned = pipeline.planned(replace(request, dry=dry_run), command, preflight, progress)
        if dry_run:
            pipeline.foretell(planned, progress)
            return True
        with interruptible(console):
            outcome = pipeline.start(planned, preflight, progress, request.protocol, out, published=published)
    tell(console, outcome, Form.LONG if long else Form.SHORT)
    return outcome.fine


def resume_run(name: str, *, published: bool, long: bool, precision: float | None) -> bool:
    """Execute what a run still lacks, to another precision if one is given. Returns as new_run does."""
    console = Console()
    folder = open_run(name)
    with Preflight() as preflight, interruptible(console):
        outcome = pipeline.resume(folder, preflight, progress_on(console), published=published, precision=precision)
    tell(console, outcome, Form.LONG if long else Form.SHORT)
    return outcome.fine
