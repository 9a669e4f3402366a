"""Containers, those of the image of cuda10.2 first of all, run by the harness's own engine with its own flags."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from benchmarks.rows import Broken, Skipped
from harness.catalogue import environments
from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.images import recipes
from harness.images.containers import LABEL, OUT, ContainerSpec
from harness.images.engine import Engine

ENVIRONMENT = "cuda10.2"
#: The file that the image's entry point, python -m runner, executes.
ENTRY = "/opt/runner/__main__.py"
TIMEOUT_S = 300.0


@contextmanager
def opened() -> Iterator[tuple[Engine, ImageIdentity]]:
    """Yield the engine and the environment's image. Raises Skipped where one of them is missing."""
    with connected() as engine:
        yield engine, image_of(engine, ENVIRONMENT)


@contextmanager
def connected() -> Iterator[Engine]:
    """Yield the engine. Raises Skipped where it is missing."""
    try:
        engine = Engine.connect()
    except CannotRunHere as error:
        raise Skipped(error.reason) from error
    with engine:
        yield engine


def image_of(engine: Engine, name: str, **build_args: str) -> ImageIdentity:
    """Return an environment's image, of build arguments where some are given. Raises Skipped where it is missing."""
    environment = environments()[name]
    images = recipes.variants(engine, environment) if build_args else [recipes.find(engine, environment)]
    found = next((each for each in images if each and build_args.items() <= each.build_args.items()), None)
    if found is None:
        given = "".join(f" --build-arg {argument}={value}" for argument, value in build_args.items())
        raise Skipped(f"no such image of {name} as its recipe is now; run: harness images build {name}{given}")
    return found


def run_in_place(
    engine: Engine,
    image: ImageIdentity,
    script: Path,
    out: Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run `script` in a container in place of the runner's own __main__, with `out` as its first argument.

    `variables` join its environment. Raises Broken where it fails.
    """
    lock = FileLock(out / ".lock")
    spec = ContainerSpec(
        image=image.id,
        command=[OUT, *arguments],
        read_only={ENTRY: script},
        writable={OUT: out},
        labels={f"{LABEL}.owner": str(lock.lock_file)},
        environment=dict(variables or {}),
    )
    with lock:
        report = engine.run(spec, TIMEOUT_S, out / "log.txt", lambda line: None)
    if report.exit_code != 0:
        log = (out / "log.txt").read_text(encoding="utf-8", errors="replace")
        raise Broken(f"{script.name} ended in the container with exit code {report.exit_code}: {log[-300:]}")
