"""harness published: the table of 2021 beside the files that it was made from."""

import dataclasses
import json

from rich.console import Console

from harness.catalogue import models
from harness.catalogue.published import SourceCheck, check, latency
from harness.cli.console import print_table, say
from harness.report.table import Column, Table
from harness.text import GAP


def check_published(as_json: bool) -> bool:
    """Print the cells that are not the mean of their source file.

    Returns whether each is one of its file's statistics, and the documents' other figures are the files' own.
    """
    cells = check()
    if as_json:
        print(json.dumps([dataclasses.asdict(cell) for cell in cells], indent=1))
    else:
        _show(Console(), cells)
    return all(cell.is_the and cell.faithful for cell in cells)


def _show(console: Console, cells: list[SourceCheck]) -> None:
    odd = [cell for cell in cells if cell.is_the != "mean"]
    say(console, f"{len(cells) - len(odd)} of {len(cells)} cells are the mean of their source file")
    for cell in cells:
        if not cell.faithful:
            say(console, f"{cell.column}, {cell.builder}: the document differs from its source file")
    if not odd:
        return
    names = Column("Model", [models()[cell.builder].display for cell in odd])
    groups = [
        [Column("column", [cell.column for cell in odd])],
        [Column("published ms", [f"{cell.published_ms:.2f}" for cell in odd])],
        [Column("mean ms", [f"{cell.mean_ms:.2f}" for cell in odd])],
        [Column("it is the", [cell.is_the or GAP for cell in odd])],
    ]
    sources = [f"{cell.column}: {latency()[cell.column].source.file}" for cell in odd]
    print_table(console, Table("Cells that are not the mean", names, groups, list(dict.fromkeys(sources))))
