"""The images of the Docker environments."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.api.checked import Flag, Pairs, Telling, Text, checked
from harness.api.shown import frame_of
from harness.errors import CannotRunHere
from harness.images import chosen, listing, lock, recipes
from harness.images.engine import Engine
from harness.progress import Noting, Silent
from harness.text import count

SILENT = Silent()
NO_ARGUMENTS: Mapping[str, str] = {}
IDENTITY = ("tag", "id", "base", "substitutions")


@checked
def images_build(
    *environments: Text,
    base: Text | None = None,
    build_args: Pairs = NO_ARGUMENTS,
    no_cache: Flag = False,
    yes: Flag = False,
    progress: Telling = SILENT,
) -> pd.DataFrame:
    """Build the images of environments, as `harness images build` does, or find them here.

    base: in place of the pinned base image. build_args: build arguments by name. no_cache: build every step again.
    yes: compile, and pin unknown checksums, without asking the progress, which agrees to nothing by default.

    Returns a row for each: environment, reused, tag, id, base, and substitutions, which lists what is not pinned.
    Raises BadInput for a name that is none of a Docker environment, CannotRunHere where an image can't be built.
    """
    stacks, rows = list(map(chosen.docker_environment, environments)), []
    with Engine.connect() as engine:
        for built in chosen.build(
            engine, stacks, progress, base=base, build_args=build_args, no_cache=no_cache, yes=yes
        ):
            rows.append({"environment": built.environment, "reused": built.reused} | _identity(vars(built.image)))
    return frame_of(rows, ("environment", "reused", *IDENTITY))


@checked
def images_list() -> pd.DataFrame:
    """Return the Docker environments and their images, as `harness images list` does.

    A row for each image, and one without for an environment that has none: environment, title, hashed, about_gb,
    size_bytes, pinned, and the image's tag, id, base and substitutions.
    """
    with Engine.connect() as engine:
        rows = listing.rows(engine)
    return frame_of(row | _identity(row["image"] or {}) for row in rows).drop(columns="image")


@checked
def images_verify(*environments: Text) -> pd.DataFrame:
    """Start images and compare what they hold with their pins, as `harness images verify` does.

    Returns a row for each: environment, tag, and differences, a list. Raises CannotRunHere where one is not built.
    """
    stacks = list(map(chosen.docker_environment, environments))
    with Engine.connect() as engine:
        rows = [vars(pinned) for pinned in chosen.verified(engine, stacks)]
    return frame_of(rows, ("environment", "tag", "differences"))


@checked
def images_lock(*environments: Text, write: Flag = False, progress: Telling = SILENT) -> list[str]:
    """Resolve base digests and wheels anew, as `harness images lock` does, of all environments if none is named.

    write: change the files. Returns the sentences and the lines of what differs, as the command prints them. Raises
    CannotRunHere where anything can't be resolved, with those as notes.
    """
    stacks, telling = chosen.chosen(environments), Noting(progress)
    try:
        with Engine.connect() as engine:
            lock.renew(engine, stacks, telling, write=write)
    except CannotRunHere as error:
        for line in telling.said:
            error.add_note(line)
        raise
    return telling.said


@checked
def images_prune(*, all: Flag = False, yes: Flag = False, progress: Telling = SILENT) -> pd.DataFrame:
    """Remove the images that the harness built and no longer uses, as `harness images prune` does.

    all: those in use, too. yes: without asking the progress, which agrees to nothing by default.

    Returns a row for each image: name, id, size_bytes (with shared layers) and whether it was removed.
    """
    with Engine.connect() as engine:
        images = recipes.outdated(engine, every=all)
        agreed = bool(images) and (yes or progress.agrees(f"remove {count(len(images), 'image')}?"))
        for image in images if agreed else []:
            engine.remove_image(image)
    rows = [
        {"name": next(iter(image.tags), image.id), "id": image.id, "size_bytes": image.size_bytes} for image in images
    ]
    return frame_of(rows, ("name", "id", "size_bytes")).assign(removed=agreed)


def _identity(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an image's identity; what is substituted as a list."""
    return {name: image.get(name) for name in IDENTITY}
