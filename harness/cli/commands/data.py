"""harness data: fetch, list and verify datasets and checkpoints."""

import dataclasses
import json

from rich.console import Console

from harness.cli.console import print_table, say
from harness.cli.live import progress_on
from harness.data.chosen import WEIGHTS, fetched
from harness.data.inventory import Item, Verified, items, verify
from harness.paths import data_folder
from harness.report.table import Column, Table
from harness.text import GAP, count

#: So many differences of one item are printed; --json has all.
SHOWN = 10


def fetch_data(name: str, builders: list[str], *, every: bool, origin: str | None) -> None:
    """Fetch a dataset or checkpoints and print where they are."""
    console = Console()
    with progress_on(console).downloads() as on_bytes:
        for path in fetched(name, builders, every, origin, on_bytes):
            say(console, f"{path} is here")


def list_data(as_json: bool) -> None:
    """Print everything that can be fetched, and what of it is here."""
    fetchable = items()
    if as_json:
        print(json.dumps([dataclasses.asdict(item) for item in fetchable], indent=1))
        return
    console = Console()
    print_table(console, _table(fetchable))
    say(console, f"Datasets are in {data_folder()}, checkpoints in its folder {WEIGHTS}.")


def _table(fetchable: list[Item]) -> Table:
    columns = [
        Column("Here", ["no" if item.disk_bytes is None else "yes" for item in fetchable], "names"),
        Column("On disk", [_megabytes(item.disk_bytes) for item in fetchable]),
        Column("Download", [_megabytes(item.download_bytes) for item in fetchable]),
        Column("SHA-256", [item.sha256_known for item in fetchable], "names"),
    ]
    return Table("", Column("Name", [item.name for item in fetchable]), [[column] for column in columns])


def _megabytes(size_bytes: int | None) -> str:
    return GAP if size_bytes is None else f"{size_bytes / 1e6:.0f} MB"


def verify_data(as_json: bool) -> bool:
    """Hash everything that is here anew and print what differs. Returns whether nothing does."""
    console = Console()
    verified = []
    with progress_on(console).downloads() as on_bytes:
        for item in verify(on_bytes):
            verified.append(item)
            if not as_json:
                _show(console, item)
    if as_json:
        print(json.dumps([dataclasses.asdict(item) for item in verified], indent=1))
    elif not verified:
        say(console, f"nothing is here yet, in {data_folder()}")
    return not any(item.differences for item in verified)


def _show(console: Console, item: Verified) -> None:
    """Print one item that was verified."""
    outcome = f"differs; {item.remedy}" if item.differences else f"{count(item.files, 'file')}, as recorded"
    lines = [f"{item.name}: {outcome}"]
    lines += [f"  {difference}" for difference in item.differences[:SHOWN]]
    if len(item.differences) > SHOWN:
        lines.append(f"  and {len(item.differences) - SHOWN} more, which --json lists")
    for line in lines:
        say(console, line)
