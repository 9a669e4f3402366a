"""Which data a person asks for."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.catalogue import Model, models, pick
from harness.catalogue.entries import datasets
from harness.data.checkpoints import fetch_weights
from harness.data.fetching import fetch_dataset
from harness.errors import BadInput
from harness.progress import OnBytes

WEIGHTS = "weights"


def fetched(name: str, builders: Sequence[str], every: bool, origin: str | None, on_bytes: OnBytes) -> Iterable[Path]:
    """Return where the named dataset is, or yield where the checkpoints are, fetched if need be.

    Raises BadInput where the choice is none, and as fetch_dataset and fetch_weights do.
    """
    if name != WEIGHTS and (builders or every):
        raise BadInput(f"{name} has no models to choose with --model or --all", f"write: harness data fetch {name}")
    if name == WEIGHTS:
        return fetch_weights(_chosen(builders, every), origin, on_bytes)
    known = pick("data", name, {**datasets(), WEIGHTS: None})
    return [fetch_dataset(known, origin, on_bytes)] if known else []


def _chosen(builders: Sequence[str], every: bool) -> list[Model]:
    if builders and every:
        raise BadInput("--model and --all exclude each other", "give one of them")
    if builders:
        return [pick("model", builder, models()) for builder in dict.fromkeys(builders)]
    return [model for model in models().values() if every or model.published_2021]
