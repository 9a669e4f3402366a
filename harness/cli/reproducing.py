"""What measures again: reproduce. Parse and call."""

import sys
from typing import Annotated

import typer

from harness.cli.options import DryRun, Json, Long, Names, Out


def reproduce(
    column: Annotated[
        str, typer.Option(metavar="gtx1070|p100|t4|xeon|epyc|map|auto", help="A column of the published tables.")
    ] = "auto",
    model: Names = None,
    image: Annotated[
        str | None, typer.Option(metavar="ENV[:TAG]", help="Another environment than the column's own software.")
    ] = None,
    weights: Annotated[
        str, typer.Option(metavar="pretrained|random|auto", help="auto: pretrained, or random when offline.")
    ] = "auto",
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="Fewer iterations, so that it takes 90s, 30m or 2h.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Measure nothing: compare this run, or latest.")
    ] = None,
    dry_run: DryRun = False,
    out: Out = None,
    long: Long = False,
    as_json: Json = False,
) -> None:
    """Measure what was published in 2021 again, and print both side by side with a verdict for each model."""
    from harness.cli.commands.reproduce import compare_run, reproduce_column
    from harness.repeating import Wish

    if run is not None:
        fine = compare_run(run, column, image, as_json=as_json, long=long)
    else:
        wish = Wish(column, model or [], image, weights, budget)
        fine = reproduce_column(wish, sys.argv[1:], out, dry_run=dry_run, as_json=as_json, long=long)
    if not fine:
        raise typer.Exit(1)
