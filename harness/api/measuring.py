"""What measures: a run, its continuation, and a published column again."""

from collections.abc import Sequence

from harness import pipeline, repeating
from harness.api.checked import (
    Count,
    Flag,
    Knob,
    Names,
    Number,
    RunName,
    Telling,
    Text,
    Where,
    checked,
    names_of,
    parts_of,
    path_of,
    recorded,
    run_name,
)
from harness.api.reproduced import Reproduced, reproduced
from harness.api.run import Run, dry, opened
from harness.documents.run_folder import require_free
from harness.documents.runs import open_run as found_run
from harness.pipeline import Outcome
from harness.plan import Request, make_variants, parse_precision, parse_size
from harness.plan.request import Choice
from harness.preflight.checks import Preflight
from harness.progress import Noting, Silent
from harness.repeating import Wish

SILENT = Silent()


@checked
def run(
    *,
    image: Names = "auto",
    models: Names = (),
    all_models: Flag = False,
    published_models: Flag = False,
    code: Where | None = None,
    suite: Names = "latency",
    protocol: Text = "quick-1",
    device: Text = "auto",
    weights: Where = "pretrained",
    norm_eps: Number | None = None,
    dataset: Where | None = None,
    images: Where | None = None,
    annotations: Where | None = None,
    ids: Where | None = None,
    limit: Count | None = None,
    shards: Count = 1,
    skip_bad_images: Flag = False,
    repeats: Count | None = None,
    precision: Text | None = None,
    memory: Text | None = None,
    stages: Flag = False,
    profile: Flag = False,
    dry_run: Flag = False,
    out: Where | None = None,
    published: Flag = False,
    progress: Telling = SILENT,
    **knobs: Knob,
) -> Run:
    """Measure models in environments, as `harness run` does, and return the run.

    image: environments, a list or one text with commas; auto takes the best that this host has.
    models, all_models, published_models: what is measured; one of them has to say.
    code: the folder of your own detectors among the models, named as package.module:function.
    suite: latency, accuracy, or both.
    protocol: the recipe, quick-1, standard-1 or published-2021.
    device: auto, cpu, cuda, cuda:N or cuda:UUID.
    weights: pretrained, random, shapes, auto (random when offline), or a file of your own.
    norm_eps: of your own weights, the batch norms' epsilon in training.
    dataset: accuracy's images, by name or folder; a designed set such as "shapes:objects=0..100" is latency's, too.
    images, annotations: your own pictures, and what is in them.
    ids, limit: a file of image ids to take; only so many images.
    shards: the cells that each pass is split into. skip_bad_images: count unreadable images instead of failing.
    repeats: latency's fresh processes for each cell. precision: how closely they have to agree for the rest not to be
    needed, such as "3%". memory: limit of a cell, such as "8g".
    stages: look at what takes how long within an iteration, in a pass after each latency (`harness.tables` has it).
    profile: look at which operators take it, for `harness.explain`.
    dry_run: plan only; the answer has `planned` and `remarks`, with the expected time, and no path.
    out: the folder of the run, else results/ID. published: add the published columns to its table.md.
    progress: is told what goes on; the default is told nothing.
    knobs: what is other than the protocol's, and labelled: iterations (fewer), percentile (reported with its bounds,
    such as 99), threads (torch's; of several, as in "1,2,4", each is measured), cpus (such as "0,2-3"), reader and
    batch (accuracy's), and whatever else stands in the table of knobs. None leaves it alone.

    A cell that fails raises nothing: look at `fine`. Raises BadInput for what does not exist or fit, CannotRunHere
    where this host lacks something, StorageError where nothing can be written, and Interrupted, a KeyboardInterrupt, by
    Ctrl-C; `harness.resume` goes on from there.
    """
    command = recorded(run, locals())
    variant, *ladder = make_variants(**knobs)
    request = Request(
        images=parts_of(image),
        models=names_of(models),
        all_models=all_models,
        published_models=published_models,
        suites=parts_of(suite),
        protocol=protocol,
        device=device,
        repeats=repeats,
        variant=variant,
        ladder=ladder,
        weights=str(weights),
        norm_eps=norm_eps,
        inputs=Choice(
            pictures=path_of(images),
            dataset=None if dataset is None else str(dataset),
            annotations=path_of(annotations),
            ids=path_of(ids),
            limit=limit,
            skip_bad_images=skip_bad_images,
        ),
        shards=shards,
        memory_bytes=None if memory is None else parse_size(memory),
        precision=_share(precision),
        code=path_of(code),
        stages=stages,
        dry=dry_run,
        profile=profile,
    )
    telling = Noting(progress)
    with Preflight() as preflight:
        planned = pipeline.planned(request, command, preflight, telling)
        if dry_run:
            pipeline.foretell(planned, telling)
            return dry(planned, telling.said)
        outcome = pipeline.start(planned, preflight, telling, protocol, path_of(out), published=published)
    return _ended(outcome, telling.said)


@checked
def resume(run: RunName, *, precision: Text | None = None, published: Flag = False, progress: Telling = SILENT) -> Run:
    """Execute what a run still lacks, as `harness run --resume` does. Returns and raises as `harness.run` does.

    run: its ID, its folder, or what `harness.run` returned. precision: in the place of the run's own, such as "1%".
    Raises BadInput, too, where a process executes it already.
    """
    telling, share = Noting(progress), _share(precision)
    folder = found_run(run_name(run))
    with Preflight() as preflight:
        outcome = pipeline.resume(folder, preflight, telling, published=published, precision=share)
    return _ended(outcome, telling.said)


def _share(precision: str | None) -> float | None:
    return None if precision is None else parse_precision(precision)


@checked
def open_run(run: RunName = "latest") -> Run:
    """Return a run that is on disk, by its ID or its folder; "latest" is the newest under results/.

    One that is being executed has the cells that are done by now. Raises BadInput where there is none of the name,
    BadDocument where a file of it can't be read or is of a newer harness.
    """
    return opened(found_run(run_name(run)))


@checked
def reproduce(
    *,
    column: Text = "auto",
    models: Names = (),
    image: Text | None = None,
    weights: Text = "auto",
    budget: Text | None = None,
    from_: RunName | None = None,
    dry_run: Flag = False,
    out: Where | None = None,
    progress: Telling = SILENT,
) -> Reproduced:
    """Measure what was published in 2021 again, as `harness reproduce` does, and put both side by side.

    column: gtx1070, p100, t4, xeon, epyc, map, or auto, the one most like this host.
    models: some of the column's. image: another environment than its own software.
    weights: pretrained, random, or auto.
    budget: fewer iterations, so that it takes this long, such as "90s", "30m" or "2h".
    from_: measure nothing and compare this run. dry_run: plan only; the answer has no figures.
    out: the folder of the run, else results/ID.

    Raises as `harness.run` does.
    """
    if from_ is not None:
        folder = found_run(run_name(from_))
        return reproduced(opened(folder), *repeating.beside(folder, column, image))
    command, telling, place = recorded(reproduce, locals()), Noting(progress), path_of(out)
    require_free(place)
    with Preflight() as preflight:
        wish = Wish(column, names_of(models), image, weights, budget)
        repetition = repeating.planned(wish, command, preflight, telling, dry=dry_run)
        if dry_run:
            repeating.expected(repetition, telling)
            return reproduced(dry(repetition.plan, telling.said), None, [])
        outcome = repeating.start(repetition, preflight, telling, place)
    ended = _ended(outcome, telling.said)
    return reproduced(ended, *repeating.beside(outcome.folder, repetition.column, repetition.environment.label))


def _ended(outcome: Outcome, remarks: Sequence[str]) -> Run:
    """Return the run that ended as a value."""
    return opened(outcome.folder, outcome.unjudged, remarks)
