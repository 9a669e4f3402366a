"""Options that several commands of the command line share."""

from typing import Annotated

import typer

Names = Annotated[list[str] | None, typer.Option("--model", metavar="NAME", help="A model; may be given again.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
