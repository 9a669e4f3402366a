"""The use case: a request becomes a plan, the plan's images are built, its cells executed, and what they left judged.

It has no console: what there is to tell goes to a Progress.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import documents, plan
from harness.catalogue import environment, pick
from harness.documents import ImageIdentity, Plan, PlannedCell
from harness.documents.run_folder import RunFolder, require_readable
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.execute import estimate, reuse, run, turns
from harness.execute.executors.base import Executor, Executors
from harness.execute.executors.docker import DockerExecutor, remove_orphans
from harness.execute.executors.local import LocalExecutor
from harness.images import building, recipes
from harness.plan import Request, describe, own
from harness.preflight import noise
from harness.preflight.checks import Preflight, Target
from harness.progress import Progress
from harness.report import render
from harness.report.table import Table
from harness.report.tables import tables_of
from runner.contract import Suite

if TYPE_CHECKING:
    from harness.documents.scores import ScorerName


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
    estimates = estimate.from_history(planned)
    progress.say(estimate.sentence(estimates, at_most=estimate.may_end_early(planned)))


def start(
    planned: Plan,
    preflight: Preflight,
    progress: Progress,
    name: str,
    out: Path | None = None,
    *,
    published: bool = False,
) -> Outcome:
    """Execute a plan in a new folder, `out` or one named after `name`. Raises Interrupted by Ctrl-C."""
    require_readable(planned)
    own.require_unchanged(planned)
    preflight.planned_gpu(planned.gpu)  # before anything is built or written
    turns.require(planned)
    identities = built_images(planned, preflight, progress)
    folder = RunFolder.create(out, name)
    documents.write(folder.path / "plan.json", planned)
    return _carried_out(folder, identities, preflight, progress, published=published)


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


def _carried_out(
    folder: RunFolder,
    identities: Mapping[str, ImageIdentity],
    preflight: Preflight,
    progress: Progress,
    *,
    published: bool,
) -> Outcome:
    try:
        with folder.locked():
            executors = _executors(folder, identities, preflight)
            engine_version = preflight.engine.version if identities else None
            for remark in reuse.remarks(folder, executors):
                progress.say(remark)
            estimates = estimate.for_plan(folder, executors, progress.say)
            progress.say(estimate.sentence(estimates, at_most=estimate.may_end_early(folder.plan)))
            with progress.cells(estimates) as display:
                executed = run.execute(folder, executors, engine_version, display)
            unjudged = judge(folder, progress)
    except KeyboardInterrupt:
        raise Interrupted(folder.path, folder.name) from None
    tables = tables_of(folder.cells(), published=published)
    (folder.path / "table.md").write_text("\n".join(map(render.markdown, tables)), encoding="utf-8")
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
        remove_orphans(preflight.engine, folder.lock_path)
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
    obstacle = preflight.obstacle(environment(name), Target("cpu"))
    if obstacle:
        raise CannotRunHere(obstacle.reason, obstacle.remedy)


def judge(folder: RunFolder, progress: Progress) -> list[HarnessError]:
    """Score the passes that have no scores yet, and compare each with the run's first of the same model.

    A pass that can't be scored or compared takes nothing else along: its error, which names it, is in the answer.
    """
    failed = score_cells(folder, progress)
    if len(_detected(folder)) > 1:
        # Only here, since a run without passes to compare need not wait for what it takes to do so.
        from harness.agreement.passes import compare, passes_of, within
        from harness.documents.agreement import Tolerances
        from harness.report.pictures import draw_worst

        with progress.working("comparing detections"):
            for pair in within(passes_of(folder)):
                with _ending_alone(failed, f"{pair[1].job.cell} can't be compared"):
                    draw_worst(compare(*pair, Tolerances()), *pair)
    return failed


@contextmanager
def _ending_alone(failed: list[HarnessError], what: str) -> Iterator[None]:
    """Keep an error, with the cell that it is of, rather than end what goes on for others."""
    try:
        yield
    except HarnessError as error:
        failed.append(type(error)(f"{what}: {error.reason}", error.remedy))


def score_cells(
    folder: RunFolder, progress: Progress, scorer: "ScorerName" = "hotcoco", *, anew: bool = False
) -> list[HarnessError]:
    """Score the detection passes of a run that have no scores yet, or all. Returns the error of each that can't be."""
    cells = [cell for cell in _detected(folder) if anew or folder.scores(cell.job) is None]
    if not cells:
        return []
    from harness.scoring.cells import score_cell

    failed: list[HarnessError] = []
    with progress.working("scoring"):
        for cell in cells:
            place, result = folder.cell_folder(cell.job), folder.result(cell.job)
            if result and result.detections:
                with _ending_alone(failed, f"{cell.job.cell} can't be scored"):
                    file = place / result.detections.file
                    scores = score_cell(cell.job, Path(str(cell.annotations)), file, scorer, result.makes)
                    documents.write(place / "scores.json", scores)
    return failed


def rescored(folder: RunFolder, progress: Progress, scorer: str) -> list[HarnessError]:
    """Score every detection pass of a run anew. Returns as score_cells does.

    Raises BadInput where there is none, and where a process executes the run.
    """
    from harness.scoring.files import SCORERS

    folder.require_idle()
    if not any(cell.result.detections for cell in folder.cells()):
        raise BadInput(f"the run {folder.name} has no detections yet", "make some with: harness run --suite accuracy")
    return score_cells(folder, progress, pick("scorer", scorer, SCORERS), anew=True)


def _detected(folder: RunFolder) -> list[PlannedCell]:
    """Return the cells of whole detection passes that came to their end."""
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    return [cell for cell in whole if (result := folder.result(cell.job)) and result.detections]
