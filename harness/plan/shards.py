"""A detection pass in parts: cells of their own, each redone alone, and the whole that they make."""

from dataclasses import replace

from harness.documents import PlannedCell
from harness.documents.names import cell_name
from harness.errors import BadInput
from runner.contract import Shard


def split(whole: PlannedCell, shards: int) -> list[PlannedCell]:
    """Return the cell's shards, of as many images each as can be, and the cell itself, which joins them.

    Raises BadInput where there are fewer images than shards.
    """
    job, dataset = whole.job, whole.job.dataset
    if shards == 1 or dataset is None:
        return [whole]
    images = len(dataset.ids)
    if shards > images:
        raise BadInput(f"{images} images do not make {shards} shards", f"take at most --shards {images}")
    parts = []
    for number in range(1, shards + 1):
        part = slice(images * (number - 1) // shards, images * number // shards)
        own = replace(dataset, ids=dataset.ids[part], files=dataset.files[part])
        cell = cell_name(job.cell, f"shard-{number}-of-{shards}")
        parts.append(replace(whole, job=replace(job, cell=cell, dataset=own, shard=Shard(number, shards))))
    return [*parts, replace(whole, joins=[part.job.cell for part in parts])]
