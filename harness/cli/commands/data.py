"""harness data: fetch, list and verify datasets and checkpoints."""

import dataclasses
import json

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from harness.cli.console import say, say_row
from harness.cli.live import progress_on
from harness.data.chosen import WEIGHTS, fetched
from harness.data.inventory import Item, Verified, items, verify
from harness.paths import data_folder
from harness.text import GAP

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
    found = items()
    if as_json:
        print(json.dumps([dataclasses.asdict(item) for item in found], indent=1))
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Name", no_wrap=True)
    table.add_column("Here")
    for heading in ("On disk", "Download"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("SHA-256", no_wrap=True)
    for item in found:
        say_row(table, _row(item))
    console = Console()
    console.print(table)
    where = f"Datasets are in {data_folder()}, checkpoints in its folder {WEIGHTS}."
    say(console, where)


def _row(item: Item) -> list[str]:
    here = item.disk_bytes is not None
    on_disk = _megabytes(item.disk_bytes) if item.disk_bytes is not None else GAP
    return [item.name, "yes" if here else "no", on_disk, _megabytes(item.download_bytes), item.sha256_known]


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"


def verify_data(as_json: bool) -> bool:
    """Hash everything that is here anew and print what differs. Returns whether nothing does."""
    console = Console()
    found = []
    with progress_on(console).downloads() as on_bytes:
        for item in verify(on_bytes):
            found.append(item)
            if not as_json:
                _show(console, item)
    if as_json:
        print(json.dumps([dataclasses.asdict(item) for item in found], indent=1))
    elif not found:
        say(console, f"nothing is here yet, in {data_folder()}")
    return not any(item.differences for item in found)


def _show(console: Console, item: Verified) -> None:
    """Print one item that was verified."""
    count = f"{item.files} file{'' if item.files == 1 else 's'}"
    lines = [f"{item.name}: {f'differs; {item.remedy}' if item.differences else f'{count}, as recorded'}"]
    lines += [f"  {difference}" for difference in item.differences[:SHOWN]]
    if len(item.differences) > SHOWN:
        lines.append(f"  and {len(item.differences) - SHOWN} more, which --json lists")
    for line in lines:
        say(console, line)
