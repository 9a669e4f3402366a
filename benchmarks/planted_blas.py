"""Whether `explain` names the reference BLAS first, of an image of Debian's torch that has it beside the plain one."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import container
from benchmarks.jobs import MODEL
from benchmarks.planted import LEAST_TIMES, cpu_times
from benchmarks.rows import Broken, Sides, Skipped
from harness import documents, paths, plan
from harness.analysis.explaining import explained
from harness.documents import ImageIdentity
from harness.documents.explanation import Explanation
from harness.documents.run_folder import RunFolder
from harness.execute import run
from harness.execute.executors.base import Executors
from harness.execute.executors.docker import DockerExecutor
from harness.images.engine import Engine
from harness.plan import Request
from harness.preflight.checks import Preflight
from harness.progress import Silent
from runner.contract import Result, Variant

ENVIRONMENT, BLAS = "cpu-debian13", "libblas3"
WHERE = ("backbone.features", "pointwise convolutions", "BLAS")


def measure() -> Sides:
    """Return 1 where it is named first, else 0, beside 1. Raises Skipped where the engine or an image is missing."""
    with container.connected() as engine:
        plain, planted = container.image_of(engine, ENVIRONMENT), container.image_of(engine, ENVIRONMENT, BLAS=BLAS)
        if plain.id == planted.id:
            raise Skipped(f"no image of {ENVIRONMENT} with its own BLAS; run: harness images build {ENVIRONMENT}")
        tag = planted.tag.partition(":")[2]
        images = {ENVIRONMENT: plain, f"{ENVIRONMENT}:{tag}": planted}
        own, reference = _measured(engine, images)
    found = explained((ENVIRONMENT, BLAS), own, reference, MODEL)
    first = _named_first(found)
    note = f"{', '.join(first)}; {found.a_ms:.1f} ms and {found.b_ms:.1f} ms"
    return Sides([float(first == WHERE)], [1.0], note)


def _measured(engine: Engine, images: dict[str, ImageIdentity]) -> list[Result]:
    """Return the result of each image, with a profile. Raises Broken where one has none."""
    request = Request(
        images=list(images),
        models=[MODEL],
        device="cpu",
        weights="random",
        repeats=1,
        variant=Variant(threads=1, iterations=6),
        profile=True,
    )
    with Preflight() as preflight, TemporaryDirectory() as name:
        planned, _ = plan.make(request, [], preflight, lambda file, done, total: None)
        folder = RunFolder(Path(name))
        documents.write(folder.path / "plan.json", planned)
        with folder.locked():
            run.execute(folder, _executors(engine, images, folder), engine.version, Silent())
        results = [cell.result for cell in folder.cells()]
    for each in results:
        if each.latency is None or each.latency.profile is None:
            raise Broken(f"{each.job.cell} has no profile: {each.failure.message if each.failure else each.status}")
    return results


def _executors(engine: Engine, images: dict[str, ImageIdentity], folder: RunFolder) -> Executors:
    return {
        (label, "latency"): DockerExecutor(engine, image, folder.lock_path, paths.PHOTOGRAPHS)
        for label, image in images.items()
    }


def _named_first(found: Explanation) -> tuple[str, ...]:
    """Return the place that is named first, its kind of operators and what bears first; and times that are too few."""
    if not found.differences:
        return ("nothing",)
    first = found.differences[0]
    times = cpu_times(first)
    short = () if times >= LEAST_TIMES else (f"{times:.1f} times",)
    return (first.where, first.what, *first.bearing[:1], *short)
