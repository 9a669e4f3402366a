"""What tells why two sides differ: explain. Parse and call."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Names

SIDE = "RUN, RUN:ENV, RUN@threads=1; or ENV, ENV@threads=1, measured first."


def explain(
    a: Annotated[str, typer.Argument(metavar="A", help=SIDE)],
    b: Annotated[str, typer.Argument(metavar="B", help=SIDE)],
    model: Names = None,
    weights: Annotated[
        str, typer.Option(metavar="pretrained|random|auto", help="Of what is measured: random when offline (auto).")
    ] = "auto",
    tries: Annotated[bool, typer.Option("--try", help="Take causes away from both, and tell what remains.")] = False,
    as_json: Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write it there, with flame graphs and traces.")
    ] = None,
) -> None:
    """Tell where B is slower or faster than A: in which operators, and under which circumstances."""
    from harness.cli.commands.explain import explain_sides
    from harness.explaining import Question

    explain_sides(Question(a, b, model or [], weights, tries), sys.argv[1:], out, as_json=as_json)
