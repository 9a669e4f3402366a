"""harness run: plan, build what is missing, estimate, execute, print the table."""

import shlex
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console

from harness import documents, plan
from harness.catalogue import environment
from harness.cli import building
from harness.cli.console import print_tables, say
from harness.cli.live import LiveDisplay, downloads, show_cells, show_time
from harness.documents import ImageIdentity, Plan
from harness.documents.run_folder import RunFolder, require_readable
from harness.errors import CannotRunHere
from harness.execute import estimate, reuse, run
from harness.execute.executors.base import Executor, Executors
from harness.execute.executors.docker import DockerExecutor, remove_orphans
from harness.execute.executors.local import LocalExecutor
from harness.images import recipes
from harness.pipeline import judge
from harness.plan import Request
from harness.preflight.checks import Preflight, Target
from harness.report import render
from harness.report.tables import tables_of
from runner.contract import Suite

INTERRUPTED = 130


def new_run(request: Request, command: list[str], out: Path | None, *, dry_run: bool, published: bool) -> bool:
    """Plan and execute a run. Returns whether every cell that must be ok is."""
    console = Console()
    with Preflight() as preflight:
        with downloads(console) as on_bytes:
            planned, remarks = plan.make(request, command, preflight, on_bytes)
        for remark in remarks:
            say(console, remark)
        show_cells(console, planned)
        if dry_run:
            require_readable(planned)
            show_time(console, estimate.from_history(planned))
            return True
        _, fine = run_plan(console, planned, preflight, request.protocol, out, published=published)
        return fine


def run_plan(
    console: Console,
    planned: Plan,
    preflight: Preflight,
    name: str,
    out: Path | None = None,
    *,
    published: bool = False,
) -> tuple[RunFolder, bool]:
    """Execute a plan in a new folder, `out` or one named after `name`. Returns it, and whether every cell is ok."""
    require_readable(planned)
    preflight.planned_gpu(planned.gpu)  # before anything is built or written
    identities = built_images(console, planned, preflight)
    folder = RunFolder.create(out, name)
    documents.write(folder.path / "plan.json", planned)
    return folder, _execute(console, folder, identities, preflight, published=published)


def resume_run(name: str, *, published: bool) -> bool:
    """Execute what a run still lacks, and what its image's recipe has outdated. Returns as new_run does."""
    console = Console()
    folder = RunFolder.open(name)
    with Preflight() as preflight:
        preflight.planned_gpu(folder.plan.gpu)
        identities = built_images(console, folder.plan, preflight)
        return _execute(console, folder, identities, preflight, published=published)


def _execute(
    console: Console,
    folder: RunFolder,
    identities: Mapping[str, ImageIdentity],
    preflight: Preflight,
    *,
    published: bool,
) -> bool:
    try:
        with folder.locked():
            executors = _executors(folder, identities, preflight)
            engine_version = preflight.engine.version if identities else None
            for remark in reuse.remarks(folder, executors):
                console.print(remark, markup=False, highlight=False)
            estimates = estimate.for_plan(folder, executors)
            show_time(console, estimates)
            with LiveDisplay(console, folder.plan, estimates).live() as display:
                fine = run.execute(folder, executors, engine_version, display)
            unjudged = judge(console, folder)
    except KeyboardInterrupt:
        say(console, f"interrupted; go on with: harness run --resume {shlex.quote(folder.name)}")
        raise typer.Exit(INTERRUPTED) from None
    tables = tables_of(folder.cells(), published=published)
    (folder.path / "table.md").write_text("\n".join(map(render.markdown, tables)), encoding="utf-8")
    print_tables(console, tables)
    say(console, f"raw samples, hardware and software of each cell: {folder.path}")
    say(console, f"as a page with charts: harness report {shlex.quote(folder.name)} -o DIR")
    for error in unjudged:
        say(console, str(error))
    return fine and not unjudged


def built_images(console: Console, planned: Plan, preflight: Preflight) -> dict[str, ImageIdentity]:
    """Return the image of each Docker environment that has a cell to run, built where it is missing."""
    names = dict.fromkeys(cell.job.environment for cell in planned.cells if cell.skipped is None)
    stacks = [stack for stack in map(environment, names) if stack.base]
    found = {}
    for stack in stacks:
        here = recipes.find(preflight.engine, stack)
        if here is None:
            recipe = recipes.recipe(preflight.engine, stack, None, {})
            building.agree(console, stack, preflight.engine, yes=False)
            here = building.build(console, preflight.engine, recipe)
        found[stack.label] = here
    return found


def _executors(folder: RunFolder, identities: Mapping[str, ImageIdentity], preflight: Preflight) -> Executors:
    planned = folder.plan
    weights = _path(planned.weights_folder)
    gpu = preflight.planned_gpu(planned.gpu)
    executors: dict[tuple[str, Suite], Executor] = {}
    if identities:
        remove_orphans(preflight.engine, folder.lock_path)
    for job in (cell.job for cell in planned.cells if cell.skipped is None):
        recipes = _path(planned.dataset_folder if job.suite == "accuracy" else planned.images_folder)
        if job.environment in identities:
            executors[job.environment, job.suite] = DockerExecutor(
                preflight.engine,
                identities[job.environment],
                folder.lock_path,
                recipes,
                weights,
                gpu,
                planned.memory_bytes,
                job.variant.cpus,
            )
        else:
            _require_local(job.environment, preflight)
            executors[job.environment, job.suite] = LocalExecutor(recipes, weights, gpu, planned.memory_bytes)
    return executors


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _require_local(name: str, preflight: Preflight) -> None:
    obstacle = preflight.obstacle(environment(name), Target("cpu"))
    if obstacle:
        raise CannotRunHere(obstacle.reason, obstacle.remedy)
