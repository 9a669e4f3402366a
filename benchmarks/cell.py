"""What a Docker cell costs beyond its work, against a container that only imports torch and torchvision.

The reference container is started by the same engine with the same flags and entry point; a script of two imports
is mounted over the runner's __main__. Of the cell's time, from before job.json is written until execution.json is,
what it spent building the model and measuring is taken off, as its own result.json tells.
"""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import container
from benchmarks.jobs import MODEL
from benchmarks.rows import Broken, Sides
from benchmarks.turns import take_turns
from harness import documents, paths, plan
from harness.documents import ImageIdentity, Plan
from harness.documents.run_folder import RunFolder
from harness.execute import run
from harness.execute.executors.docker import DockerExecutor
from harness.images.engine import Engine
from harness.paths import ROOT
from harness.plan import Request
from harness.preflight.checks import Preflight
from harness.progress import Silent
from runner.contract import Result, Variant

IMPORTS = ROOT / "benchmarks" / "imports.py"
#: The fewest pairs whose median has a 95 % interval.
PAIRS = 6
REQUEST = Request(
    images=[container.ENVIRONMENT],
    models=[MODEL],
    device="cpu",
    weights="random",
    repeats=1,
    variant=Variant(iterations=2),
)


def measure() -> Sides:
    """Return seconds: the cell without its own work, and the container that only imports."""
    with container.opened() as (engine, image), Preflight() as preflight, TemporaryDirectory() as name:
        planned, _ = plan.make(REQUEST, [], preflight, lambda file, done, total: None)
        folders = _folders(Path(name))
        note = f"quick-1 of {MODEL}, its loading and measuring taken off"
        return take_turns(
            PAIRS,
            lambda: _cell_s(engine, image, planned, next(folders)),
            lambda: _imports_s(engine, image, next(folders)),
            note,
        )


def _cell_s(engine: Engine, image: ImageIdentity, planned: Plan, path: Path) -> float:
    folder = RunFolder(path)
    documents.write(path / "plan.json", planned)
    executor = DockerExecutor(engine, image, folder.lock_path, paths.PHOTOGRAPHS)
    with folder.locked():
        start = time.perf_counter()
        run.execute(folder, {(container.ENVIRONMENT, "latency"): executor}, engine.version, Silent())
        elapsed = time.perf_counter() - start
    (cell,) = folder.cells()
    return elapsed - _work_s(cell.result)


def _work_s(result: Result) -> float:
    """Return the seconds that the cell spent loading the model and iterating."""
    if result.latency is None:
        raise Broken(f"the cell is {result.status}: {result.failure.message if result.failure else 'no reason'}")
    samples = result.latency.samples
    return (result.latency.load_ms + samples.start_ms[-1] + samples.wall_ms[-1]) / 1000


def _imports_s(engine: Engine, image: ImageIdentity, out: Path) -> float:
    start = time.perf_counter()
    container.run_in_place(engine, image, IMPORTS, out)
    return time.perf_counter() - start


def _folders(parent: Path) -> Iterator[Path]:
    """Yield new folders."""
    for number in count():
        folder = parent / str(number)
        folder.mkdir()
        yield folder
