"""Datasets and checkpoints."""

from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from harness.api.checked import Flag, Names, Telling, Text, Where, checked, names_of
from harness.api.shown import frame_of
from harness.data import chosen, inventory
from harness.data.inventory import Verified
from harness.progress import Silent

SILENT = Silent()


@checked
def data_fetch(
    name: Text, *, models: Names = (), all: Flag = False, from_: Where | None = None, progress: Telling = SILENT
) -> list[Path]:
    """Fetch a dataset, or models' weights, and check them, as `harness data fetch` does. Returns where they are.

    name: coco-val2017, or weights: those of `models`, of all, or else of the eight published ones.
    from_: a mirror's URL, a folder, or where one file is meant, that file.

    Raises BadInput where a name is not known, CannotRunHere where something can't be had or is not the promised file,
    StorageError where the disk is full.
    """
    origin = None if from_ is None else str(from_)
    with progress.downloads() as on_bytes:
        return list(chosen.fetched(name, names_of(models), all, origin, on_bytes))


@checked
def data_list() -> pd.DataFrame:
    """Return what can be fetched, a row each, as `harness data list` does.

    disk_bytes is missing where it is not here.
    """
    return frame_of(map(asdict, inventory.items()))


@checked
def data_verify(*, progress: Telling = SILENT) -> pd.DataFrame:
    """Hash what is here anew, as `harness data verify` does: a row for each item.

    files counts its files, differences lists what is not as recorded (none where all is well), remedy says what to do.
    """
    with progress.downloads() as on_bytes:
        columns = [field.name for field in fields(Verified)]
        return frame_of(map(asdict, inventory.verify(on_bytes)), columns)
