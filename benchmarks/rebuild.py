"""How long the image takes to build again after a change of the runner: of a copy, with tags of its own."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import docker
from benchmarks import container
from benchmarks.rows import Broken, Sides
from harness.catalogue import environments
from harness.documents import ImageIdentity
from harness.images.engine import Engine
from harness.images.recipes import Recipe
from harness.paths import ROOT

#: A recipe with nothing but the copy of the runner, within what a build is given.
BARE = "docker/bare/Dockerfile"
REBUILDS = 6
TAG = "detection-harness/benchmark-rebuild"


def measure() -> Sides:
    """Return the seconds of each rebuild, beside those of copying the changed runner onto the bare base, turn by turn.

    Raises Broken where one installs the wheels again.
    """
    with container.opened() as (engine, image), _copy() as context:
        try:
            _build(engine, image, context, 0)  # fills the engine's cache where the image was not built here
            (context / BARE).parent.mkdir()
            (context / BARE).write_text(f"FROM {image.base}\nCOPY runner /opt/runner\n", encoding="utf-8")
            turns = [
                (_rebuild_s(engine, image, context, number), _bare_s(engine, context))
                for number in range(1, REBUILDS + 1)
            ]
        finally:
            _remove_images()
    note = "a comment added to runner/latency.py; the reference copies the runner onto the base and does nothing else"
    return Sides([ours for ours, _ in turns], [reference for _, reference in turns], note)


@contextmanager
def _copy() -> Iterator[Path]:
    """Yield a copy of what images are built from."""
    with TemporaryDirectory() as name:
        context = Path(name)
        for folder in ("docker", "runner"):
            shutil.copytree(ROOT / folder, context / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / ".dockerignore", context)
        yield context


def _rebuild_s(engine: Engine, image: ImageIdentity, context: Path, number: int) -> float:
    with (context / "runner" / "latency.py").open("a", encoding="utf-8") as source:
        source.write(f"# change {number}\n")
    start = time.perf_counter()
    lines = _build(engine, image, context, number)
    elapsed = time.perf_counter() - start
    if any(line.startswith("Collecting ") for line in lines):
        raise Broken("changing runner/latency.py made the build install the wheels again")
    return elapsed


def _bare_s(engine: Engine, context: Path) -> float:
    start = time.perf_counter()
    list(engine.build(context, BARE, f"{TAG}:bare", {}, {}))
    return time.perf_counter() - start


def _build(engine: Engine, image: ImageIdentity, context: Path, number: int) -> list[str]:
    """Build the copy as `image` was built, from the same base; return the engine's lines."""
    environment, tag = environments()[container.ENVIRONMENT], f"{TAG}:{number}"
    dockerfile = f"docker/{environment.name}/Dockerfile"
    arguments = Recipe(environment, image.base, image.build_args).arguments
    return list(engine.build(context, dockerfile, tag, {}, arguments))


def _remove_images() -> None:
    client = docker.from_env()
    for image in client.images.list(TAG):
        for tag in image.tags:
            if tag.startswith(TAG + ":"):  # the unchanged copy is the environment's own image under another name
                client.images.remove(tag)
    client.close()
