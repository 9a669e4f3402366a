"""Options that several commands of the command line share."""

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[list[str] | None, typer.Option("--model", metavar="NAME", help="A model; may be given again.")]
RunNames = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME|MODULE:FUNCTION", help="A model; may be given again."),
]
Code = Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of your own MODULE:FUNCTION.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N|UUID]", help="Where to compute.")]
Long = Annotated[bool, typer.Option("--long", help="Tables in full: detections, iterations, images / s, AR.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where the run goes (results/ID).")]
Precision = Annotated[
    str | None, typer.Option(metavar="PERCENT", help="End repeats once they agree so closely, as in 3%.")
]
NormEps = Annotated[
    float | None, typer.Option(metavar="EPS", help="Your own weights: the batch norms' epsilon in training.")
]
Stages = Annotated[bool, typer.Option("--stages", help="What takes how long, in a pass of its own.")]
Profiled = Annotated[bool, typer.Option("--profile", help="Which operators take it, for harness explain.")]
DatasetName = Annotated[
    str | None, typer.Option(metavar="NAME|DIR", help="coco-val2017, shapes, a designed set, or a COCO-format folder.")
]
