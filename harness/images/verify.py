"""Starts an image and compares what it holds with what its environment pins."""

from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from harness import documents
from harness.catalogue import Environment
from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.images import owners
from harness.images.containers import OUT, ContainerSpec
from harness.images.engine import Engine
from harness.images.pins import deviations
from runner.contract import Software

TIMEOUT_S = 300.0


def observe(engine: Engine, image: ImageIdentity) -> Software:
    """Return the software that a container of the image observes. Raises CannotRunHere where it can't tell."""
    with TemporaryDirectory() as name:
        out = Path(name)
        lock = out / ".lock"
        spec = ContainerSpec(
            image=image.id,
            command=[OUT],
            read_only={},
            writable={OUT: out},
            labels=owners.labels(lock),
            entrypoint=["python", "-m", "runner.observe"],
        )
        with FileLock(lock):
            report = engine.run(spec, TIMEOUT_S, out / "log.txt", lambda line: None)
        if report.exit_code != 0:
            last = (out / "log.txt").read_text(errors="replace").strip().splitlines()[-1:]
            raise CannotRunHere(
                f"a container of {image.tag} ended with exit code {report.exit_code}: {' '.join(last)}",
                "build the image again: harness images build --no-cache",
            )
        return documents.read(Software, out / "software.json")


def differences(engine: Engine, environment: Environment, image: ImageIdentity) -> list[str]:
    """Return each difference between the image and its environment's pins; none means pinned."""
    return deviations(environment.pins, observe(engine, image)) + image.substitutions
