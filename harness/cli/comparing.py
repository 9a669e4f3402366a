"""What puts measurements beside each other: compare. Parse and call."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Long

AMBIGUOUS = 6
SIDE = "RUN, RUN:ENV, RUN@threads=1, or latest."


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=SIDE)],
    b: Annotated[str, typer.Argument(metavar="B", help=SIDE)],
    margin: Annotated[str, typer.Option(metavar="PERCENT", help="Less than that makes no difference.")] = "3%",
    fail_on: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Exit code 1 where one is slower by more than that.")
    ] = None,
    fail_on_ambiguous: Annotated[
        bool, typer.Option("--fail-on-ambiguous", help="Exit code 6 where one is ambiguous.")
    ] = False,
    on: Annotated[str, typer.Option(metavar="wall|cpu|both", help="The clock that exit codes follow.")] = "wall",
    allow: Annotated[bool, typer.Option("--allow", help="Also what was not measured alike, labelled.")] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="Measure more repeats, by turns, until nothing is ambiguous.")
    ] = False,
    max_time: Annotated[str | None, typer.Option(metavar="TIME", help="Of --settle: at most 90s, 30m or 2h.")] = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write report.html and report.md there, too.")
    ] = None,
    long: Long = False,
) -> None:
    """Tell whether B is faster or slower than A, or equivalent, model by model, and how sure that is."""
    from harness import comparing
    from harness.cli.commands.compare import Settle, compare_sides
    from harness.errors import BadInput

    if as_json and markdown:
        raise BadInput("--json and --markdown are two forms", "choose one")
    most_s = comparing.most_seconds(max_time, settle=settle)
    asked = comparing.asked(margin, fail_on, on, allow=allow)
    form = "json" if as_json else "markdown" if markdown else "long" if long else "short"
    found = compare_sides(a, b, asked, form, out, Settle(most_s, sys.argv[1:]) if settle else None)
    if fail_on is not None and found.fails:
        raise typer.Exit(1)
    if fail_on_ambiguous and found.ambiguous:
        raise typer.Exit(AMBIGUOUS)
