"""The use case: a request becomes a plan, the plan's images are built, its cells executed, and what they left judged.

It has no console: what there is to tell goes to a Progress.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from harness import documents, judging, plan
from harness.catalogue import environment
from harness.documents import ImageIdentity, Plan
from harness.documents.names import require_readable
from harness.documents.run_folder import MADE_ANEW, RunFolder, require_free
from harness.errors import BadInput, CannotRunHere, HarnessError, another_place
from harness.execute import estimate, reuse, run, turns
from harness.execute.executors.base import Executor, Executors
from harness.execute.executors.docker import DockerExecutor
from harness.execute.executors.local import LocalExecutor
from harness.execute.expected import ESTIMATING, sentence
from harness.images import building, owners, recipes
from harness.plan import Request, describe, own
from harness.preflight import noise
from harness.preflight.checks import Preflight, Target
from harness.progress import Progress
from harness.report import render
from harness.report.table import Table
from harness.report.tables import tables_of
from runner.contract import Suite

#: Makes what goes on while a run's cells are executed.
Beside = Callable[[RunFolder], AbstractContextManager[object]]


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; what is in its `folder` can be gone on with. `run` is what --resume knows it by."""

    def __init__(self, folder: Path, run: str):
        super().__init__(folder, run)
        self.folder = folder
        self.run = run

    def __str__(self) -> str:
        return f"the run {self.run} was interrupted, and can be gone on with"


@dataclass(frozen=True)
class Outcome:
    """What a run left: its tables, whether every cell that must be ok is, and what could not be scored or compared."""

    folder: RunFolder
    tables: list[Table]
    executed: bool
    unjudged: list[HarnessError]

    @property
    def fine(self) -> bool:
        """Whether nothing failed."""
        return self.executed and not self.unjudged


def planned(request: Request, command: list[str], preflight: Preflight, progress: Progress) -> Plan:
    """Plan a run, fetch what its cells need, and tell what it will measure."""
    with progress.downloads() as on_bytes:
        made, remarks = plan.make(request, command, preflight, on_bytes)
    for text in [*remarks, *describe.sentences(made), *noise.of_plan(made)]:
        progress.say(text)
    return made


def foretell(planned: Plan, progress: Progress) -> None:
    """Tell how long the plan will take without running anything: by earlier results alone. Raises as start would."""
    require_readable(planned)
    with progress.working(ESTIMATING):
        expected = estimate.from_history(planned)
    progress.say(sentence(expected))


def start(
    planned: Plan,
    preflight: Preflight,
    progress: Progress,
    name: str,
    out: Path | None = None,
    *,
    published: bool = False,
    beside: Beside = nullcontext,
) -> Outcome:
    """Execute a plan in a new folder, `out` or one named after `name`. Raises Interrupted by Ctrl-C.

    `beside` makes, of the folder, what goes on while its cells are executed.
    """
    require_free(out)
    require_readable(planned)
    if beside is nullcontext:
        _require_inputs(planned, "the run")
    own.require_unchanged(planned)
    preflight.planned_gpu(planned.gpu)  # before anything is built or written
    turns.require(planned)
    identities = built_images(planned, preflight, progress)
    folder = RunFolder.create(out, name)
    documents.write(folder.path / "plan.json", planned, another_place(out))
    return _carried_out(folder, identities, preflight, progress, published=published, beside=beside)


def resume(
    folder: RunFolder,
    preflight: Preflight,
    progress: Progress,
    *,
    published: bool = False,
    precision: float | None = None,
) -> Outcome:
    """Execute what a run still lacks, and what its image's recipe has outdated. Raises Interrupted by Ctrl-C.

    A `precision` takes the place of the plan's. Raises BadInput where no repeats of the run end early.
    """
    _require_inputs(folder.plan, folder.name)
    own.require_unchanged(folder.plan)
    if precision is not None:
        jobs = [cell.job for cell in folder.plan.cells]
        plan.check_precision(precision, [job.suite for job in jobs], jobs[0].protocol)
        with folder.locked():
            folder.replan(replace(folder.plan, precision=precision))
    preflight.planned_gpu(folder.plan.gpu)
    turns.require(folder.plan)
    identities = built_images(folder.plan, preflight, progress)
    return _carried_out(folder, identities, preflight, progress, published=published)


def _require_inputs(planned: Plan, what: str) -> None:
    """Raise BadInput where nobody hands over again what the cells were to see, for which they would wait for ever."""
    if planned.is_demo:
        raise BadInput(f"{what} is a demo, whose frames are no longer there", MADE_ANEW)


def _carried_out(
    folder: RunFolder,
    identities: Mapping[str, ImageIdentity],
    preflight: Preflight,
    progress: Progress,
    *,
    published: bool,
    beside: Beside = nullcontext,
) -> Outcome:
    try:
        with folder.locked():
            executors = _executors(folder, identities, preflight)
            engine_version = preflight.engine.version if identities else None
            for remark in reuse.remarks(folder, executors):
                progress.say(remark)
            with progress.working(ESTIMATING):
                expected = estimate.for_plan(folder, executors, progress.say)
            progress.say(sentence(expected))
            with progress.cells(expected.seconds) as display, beside(folder):
                executed = run.execute(folder, executors, engine_version, display)
            unjudged = judging.judge(folder, progress)
            tables = tables_of(folder.cells(), published=published)
            with documents.replacing(folder.path / "table.md", elsewhere="") as part:
                part.write_text("\n".join(map(render.markdown, tables)), encoding="utf-8")
    except KeyboardInterrupt:
        raise Interrupted(folder.path, folder.name) from None
    return Outcome(folder, tables, executed, unjudged)


def built_images(planned: Plan, preflight: Preflight, progress: Progress) -> dict[str, ImageIdentity]:
    """Return the image of each Docker environment that has a cell to run, built where it is missing."""
    names = dict.fromkeys(cell.job.environment for cell in planned.cells if cell.skipped is None)
    images = {}
    for stack in (stack for stack in map(environment, names) if stack.base):
        here = recipes.find(preflight.engine, stack)
        if here is None:
            recipe = recipes.recipe(preflight.engine, stack, None, {})
            building.consent(stack, preflight.engine, progress, yes=False)
            here = building.build(preflight.engine, recipe, progress)
        images[stack.label] = here
    return images


def _executors(folder: RunFolder, identities: Mapping[str, ImageIdentity], preflight: Preflight) -> Executors:
    planned = folder.plan
    weights, code = _path(planned.weights_folder), _path(planned.code_folder)
    gpu = preflight.planned_gpu(planned.gpu)
    executors: dict[tuple[str, Suite], Executor] = {}
    if identities:
        owners.remove_orphans(preflight.engine, folder.lock_path)
    for job in (cell.job for cell in planned.cells if cell.skipped is None):
        pictures = _path(planned.dataset_folder if job.suite == "accuracy" else planned.images_folder)
        if job.environment in identities:
            executors[job.environment, job.suite] = DockerExecutor(
                preflight.engine,
                identities[job.environment],
                folder.lock_path,
                pictures,
                weights,
                gpu,
                planned.memory_bytes,
                job.variant.cpus,
                code,
            )
        else:
            _require_local(job.environment, preflight)
            executors[job.environment, job.suite] = LocalExecutor(
                pictures, weights, gpu, planned.memory_bytes, code=code
            )
    return executors


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _require_local(name: str, preflight: Preflight) -> None:
    if environment(name).base:
        raise BadInput(f"cells in {name} were planned meanwhile by another process", "go on with the run once more")
    obstacle = preflight.obstacle(environment(name), Target("cpu"))
    if obstacle:
        raise CannotRunHere(obstacle.reason, obstacle.remedy)
