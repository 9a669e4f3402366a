"""harness models: the catalogue."""

import dataclasses
import json

from rich.console import Console

from harness.catalogue import Model, models
from harness.catalogue.entries import FLOPS_OF
from harness.cli.console import print_table, say
from harness.documents.scores import Iou
from harness.report.table import Column, Table
from harness.text import GAP

HEADINGS: dict[Iou, str] = {"bbox": "Box", "segm": "Mask", "keypoints": "Keypt"}
#: From this width on a terminal has room for all columns.
WIDE = 170


def list_models(as_json: bool) -> None:
    """Print every catalogued model, with what torchvision publishes of its COCO weights."""
    catalogue = list(models().values())
    if as_json:
        print(json.dumps([dataclasses.asdict(model) for model in catalogue], indent=1))
        return
    console = Console()
    wide = console.width >= WIDE
    print_table(console, Table("", Column("Builder", [model.builder for model in catalogue]), _groups(catalogue, wide)))
    more = "" if wide else f"; {WIDE} columns, or --json, show names and checkpoints too"
    side = FLOPS_OF
    say(console, f"GFLOPS are torchvision's: billions of multiply-adds for noise of {side} by {side} pixels.")
    say(console, f"AP on COCO val2017 as torchvision publishes it for the checkpoints{more}.")


def _groups(catalogue: list[Model], wide: bool) -> list[list[Column]]:
    figures = [
        Column("Params M", [f"{model.parameters / 1e6:.1f}" for model in catalogue]),
        Column("GFLOPS", [f"{model.gflops:.1f}" for model in catalogue]),
        *(Column(heading, [_ap(model.ap(iou)) for model in catalogue]) for iou, heading in HEADINGS.items()),
    ]
    names = [
        Column("Model", [model.display for model in catalogue], "names"),
        Column("Checkpoint", [model.checkpoint for model in catalogue], "names"),
    ]
    return [figures, names] if wide else [figures]


def _ap(published: float | None) -> str:
    return GAP if published is None else f"{published:.1f}"
