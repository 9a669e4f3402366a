"""From what a person asks for to the ordered cells of a run."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.catalogue import Detector, Environment, labels
from harness.documents import Plan, PlannedCell
from harness.documents.names import cell_name
from harness.plan import ladder, own, rounds, shards, threads
from harness.plan.grid import Grid, resolve
from harness.plan.request import Request
from harness.preflight.checks import Preflight, Target
from harness.progress import OnBytes
from harness.text import printable
from runner.contract import SCHEMA_VERSION, Job, ModelSpec, Protocol, Weights

#: Iterations of the pass that looks at stages, where the latency takes no fewer.
STAGED = 30
#: Iterations that are profiled, which a profiler makes longer.
PROFILED = 12


def make(request: Request, command: list[str], preflight: Preflight, on_bytes: OnBytes) -> tuple[Plan, list[str]]:
    """Resolve a request into a plan, and the remarks that a person should read with it.

    Raises HarnessError where a name is unknown, where the weights can't be had, or where nothing can run.
    """
    grid, remarks = resolve(request, preflight, on_bytes)
    cells, seed = _ordered(list(_cells(grid, request)), grid.protocol)
    folders = {suite: feed.folder for (suite, _), feed in grid.fed.items()}
    return Plan(
        schema_version=SCHEMA_VERSION,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=[printable(_without_uuid(text, request.device, grid.target)) for text in command],
        gpu=grid.target.gpu.pseudonym if grid.target.gpu else None,
        memory_bytes=request.memory_bytes,
        images_folder=_text(folders.get("latency")),
        weights_folder=_text(grid.weights_folder),
        dataset_folder=_text(folders.get("accuracy")),
        code_folder=_text(request.code),
        cells=[part for cell in cells for part in shards.split(cell, request.shards)],
        order_seed=seed,
        precision=request.precision,
    ), list(dict.fromkeys([*remarks, *_remarks(grid, cells)]))


def _cells(grid: Grid, request: Request) -> Iterator[PlannedCell]:
    """Yield the cells, interleaved over the environments, since the largest noise is over time."""
    blank = _blank(grid, request)
    for suite in grid.suites:
        for repeat in range(1, 1 + (1 if suite == "accuracy" else grid.repeats)):  # a detection pass has no noise
            for model in grid.models:
                for stack in grid.stacks:
                    for variant in grid.variants:
                        one = _looking(replace(blank, suite=suite, repeat=repeat, variant=variant), request)
                        yield _planned(one, stack, model, grid, named=not request.all_models)


def _blank(grid: Grid, request: Request) -> Job:
    """Return what the jobs of all cells have in common."""
    return Job(
        schema_version=SCHEMA_VERSION,
        cell="",
        environment="",
        suite="latency",
        model=ModelSpec("", Weights("random")),
        device=grid.target.device,
        protocol=grid.protocol,
        variant=request.variant,
        repeat=1,
        images=[],
        expected={},
        skip_bad_images=request.inputs.skip_bad_images,
    )


def _looking(job: Job, request: Request) -> Job:
    """Return a job with how many iterations look inside, where that is asked for and the suite is latency."""
    if job.suite != "latency":
        return job
    return replace(job, stages=STAGED if request.stages else None, profile=PROFILED if request.profile else None)


def _planned(blank: Job, stack: Environment, model: Detector, grid: Grid, *, named: bool) -> PlannedCell:
    feed = grid.fed[blank.suite, model.builder]
    step = ladder.step(blank.variant, grid.variants)
    part = f"r{blank.repeat}" if feed.dataset is None else f"on-{feed.dataset.name}"
    job = replace(
        blank,
        cell=cell_name(stack.label, model.builder, blank.protocol.name, blank.device, *step, part),
        environment=stack.label,
        model=model.spec(grid.weights[model.builder]),
        images=feed.images,
        dataset=feed.dataset,
        expected=stack.pins,
    )
    return PlannedCell(
        job=job,
        named=named,
        skipped=grid.obstacles[stack.label, model.builder],
        annotations=_text(feed.annotations),
    )


def _ordered(cells: list[PlannedCell], protocol: Protocol) -> tuple[list[PlannedCell], int | None]:
    """Return the cells with their threads, in the order in which they run, and its seed where it is random."""
    threads.check(cells)
    cells, seed = threads.explicit(cells), rounds.seed_for(protocol)
    return (cells if seed is None else rounds.ordered(cells, seed)), seed


def _remarks(grid: Grid, cells: list[PlannedCell]) -> list[str]:
    """Return what is to be said of the threads, of what the cells are fed, and of their weights."""
    said = threads.remarks(cells) + [text for feed in grid.fed.values() for text in feed.remarks]
    said += own.remarks(grid.models, grid.weights, grid.stacks)
    for (_, builder), feed in grid.fed.items():
        said += labels.beside_coco(grid.weights[builder].kind, builder, feed.used_categories)
    return said


def _without_uuid(text: str, device: str, target: Target) -> str:
    """Return an argument of the command line with the GPU's pseudonym, which --device takes too, for its UUID."""
    which = device.partition(":")[2]
    if target.gpu is None or which.isdecimal() or not which:
        return text
    return text.replace(device, f"cuda:{target.gpu.pseudonym}")


def _text(path: Path | None) -> str | None:
    return str(path.resolve()) if path else None
