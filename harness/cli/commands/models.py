"""harness models: the catalogue."""

import dataclasses
import json
from typing import get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from harness.catalogue import Model, models
from harness.cli.console import say, say_row
from harness.documents.scores import Iou
from harness.text import GAP

#: From this width on a terminal has room for all columns.
WIDE = 170


def list_models(as_json: bool) -> None:
    """Print every catalogued model, with what torchvision publishes of its COCO weights."""
    catalogue = list(models().values())
    if as_json:
        print(json.dumps([dataclasses.asdict(model) for model in catalogue], indent=1))
        return
    console = Console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Builder", no_wrap=True)
    for heading in ("Params M", "GFLOPS", "Box", "Mask", "Keypt"):
        table.add_column(heading, justify="right")
    wide = console.width >= WIDE
    for heading in ("Model", "Checkpoint") if wide else ():
        table.add_column(heading, no_wrap=True)
    for model in catalogue:
        say_row(table, [model.builder, *_figures(model), *((model.display, model.checkpoint) if wide else ())])
    console.print(table)
    more = "" if wide else f"; {WIDE} columns, or --json, show names and checkpoints too"
    say(console, f"AP on COCO val2017 as torchvision publishes it for the checkpoints{more}.")


def _figures(model: Model) -> list[str]:
    precision = [f"{ap:.1f}" if ap is not None else GAP for ap in map(model.ap, get_args(Iou))]
    return [f"{model.parameters / 1e6:.1f}", f"{model.gflops:.1f}", *precision]
