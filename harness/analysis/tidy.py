"""The tidy table of a merge: a row for each cell and metric, what was published in the same form."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.analysis.cautions import warnings_of
from harness.analysis.facts import observed
from harness.analysis.naming import content_of, hardware_name, inputs_name, weights_name
from harness.analysis.uncertainty import latency_interval
from harness.catalogue import published
from harness.documents.run_folder import Cell
from harness.documents.scores import Score
from runner.contract import Detections, Latency, Memory, Software
from runner.contract.statistics import summarise


@dataclass(frozen=True, slots=True)
class TidyRow:
    """A figure and everything needed to tell what it is of; a cell without figures has one row without a metric.

    `value` lies between `low` and `high` with 95 % confidence, where an interval is known; `n` counts samples,
    or of images. `reported` marks the statistic that the protocol reports, and the box rule's AP. Run and machine
    (`host`) together with the cell name a measurement wherever it was made. What it was measured with is what was
    observed, not what was asked for; `content` tells datasets of one name apart. Columns that do not apply are None.
    """

    run: str
    host: str | None
    cell: str
    status: str
    environment: str
    image_tag: str | None
    image_id: str | None
    torch: str | None
    torchvision: str | None
    hardware: str
    device: str
    model: str
    suite: str
    protocol: str
    weights: str
    inputs: str
    content: str | None
    threads: int | None
    cpus: str | None
    cpu_quota: str | None
    numerics: str | None
    python: str | None
    gpu: str | None
    runner: str | None
    harness: str | None
    iterations: int | None
    reader: str | None
    batch: int | None
    repeat: int
    pinned: bool | None
    detects_as: str | None
    warnings: str
    metric: str | None = None
    iou: str | None = None
    box_rule: str | None = None
    reported: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    n: int | None = None


def rows(run: str, cell: Cell) -> list[TidyRow]:
    """Return the rows of a cell of the named run, at least one."""
    blank = _blank(run, cell)
    found = list(_figures(blank, cell))
    return found or [blank]


def _blank(run: str, cell: Cell) -> TidyRow:
    job, result, execution = cell.job, cell.result, cell.execution
    image = execution.image if execution else None
    failure = [result.failure.message] if result.failure else []
    verdict, facts = cell.agreement, observed(cell, "cpus", "quota", "python", "gpu", "runner", "harness")
    return TidyRow(
        run=run,
        host=execution.host.id if execution else None,
        cell=job.cell,
        status=result.status,
        environment=job.environment,
        image_tag=image.tag if image else None,
        image_id=image.id if image else None,
        torch=result.software.torch if result.software else None,
        torchvision=result.software.torchvision if result.software else None,
        hardware=hardware_name(result),
        device=job.device,
        model=job.model.builder,
        suite=job.suite,
        protocol=job.protocol.name,
        weights=weights_name(job),
        inputs=job.dataset.name if job.dataset else inputs_name(job),
        content=content_of(job.dataset) if job.dataset else None,
        threads=result.software.threads if result.software else None,
        cpus=facts["cpus"],
        cpu_quota=facts["quota"],
        numerics=_numerics(result.software) if result.software else None,
        python=facts["python"],
        gpu=facts["gpu"],
        runner=facts["runner"],
        harness=facts["harness"],
        iterations=job.variant.iterations,
        reader=job.detection.reader if job.dataset and job.detection else None,
        batch=job.detection.batch if job.dataset and job.detection else None,
        repeat=job.repeat,
        pinned=execution.pinned if execution else None,
        detects_as=f"{verdict.against}: {verdict.verdict}" if verdict else None,
        warnings="; ".join([*failure, *warnings_of(result)]),
    )


def _numerics(software: Software) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(software.numerics.items()))


def _figures(blank: TidyRow, cell: Cell) -> Iterator[TidyRow]:
    result = cell.result
    if result.latency:
        yield from _latency(blank, result.latency, cell.job.protocol.statistic)
    if result.detections:
        yield from _pass(blank, result.detections)
    for score in cell.scores.scores if cell.scores else []:
        rule = cell.job.detection.box_rule if cell.job.detection else None
        yield from _scores(blank, score, reported=score.iou != "bbox" or score.box_rule == rule)
    if result.memory:
        yield from _memory(blank, result.memory)


def _latency(blank: TidyRow, latency: Latency, statistic: str) -> Iterator[TidyRow]:
    summary = summarise(latency)
    times = {
        "latency_mean": summary.mean_ms,
        "latency_median": summary.median_ms,
        "latency_min": summary.min_ms,
        "latency_max": summary.max_ms,
        "latency_std": summary.std_ms,
        "latency_p99": summary.p99_ms,
        "latency_first": summary.first_inference_ms,
        "load": latency.load_ms,
    }
    intervals = {f"latency_{name}": latency_interval(latency, name) for name in ("mean", "median")}
    for metric, value in times.items():
        if value is not None:
            between, reported = intervals.get(metric), metric == f"latency_{statistic}"
            low, high = (between.low_ms, between.high_ms) if between else (None, None)
            row = replace(blank, metric=metric, value=value, low=low, high=high, unit="ms", n=summary.n)
            yield replace(row, reported=True) if reported else row
    yield replace(blank, metric="images_per_second", value=summary.images_per_second, unit="1/s", n=summary.n)
    yield replace(blank, metric="detections_per_image", value=summary.detections_per_image, unit="1", n=summary.n)
    if latency.other_load_cpus is not None:
        yield replace(blank, metric="other_load", value=latency.other_load_cpus, unit="CPUs")


def _pass(blank: TidyRow, passed: Detections) -> Iterator[TidyRow]:
    here = passed.images - passed.resumed_images
    if here:
        yield replace(blank, metric="images_per_second", value=1000 * here / passed.wall_ms, unit="1/s", n=here)
    per_image = passed.boxes / max(1, passed.images)
    yield replace(blank, metric="detections_per_image", value=per_image, unit="1", n=passed.images)
    yield replace(blank, metric="other_load", value=passed.other_load_cpus, unit="CPUs")


def _scores(blank: TidyRow, score: Score, *, reported: bool) -> Iterator[TidyRow]:
    known = {metric: value for metric, value in score.metrics.items() if value != -1}  # -1: nothing could be scored
    for metric, value in known.items():
        row = replace(blank, metric=metric, iou=score.iou, value=value, unit="1", n=score.images, reported=reported)
        row = replace(row, box_rule=score.box_rule if score.iou == "bbox" else None)
        if metric == "AP" and score.interval:
            row = replace(row, low=score.interval.low, high=score.interval.high)
        yield row


def _memory(blank: TidyRow, memory: Memory) -> Iterator[TidyRow]:
    found = {
        "memory_rss_peak": memory.rss_peak_bytes,
        "memory_cuda_allocated_peak": memory.cuda_allocated_peak_bytes,
        "memory_cuda_reserved_peak": memory.cuda_reserved_peak_bytes,
    }
    for metric, value in found.items():
        if value is not None:
            yield replace(blank, metric=metric, value=float(value), unit="B")


def published_rows() -> Iterator[TidyRow]:
    """Yield what was published in 2021: the figures of the source files, and the cells of the tables."""
    for name, column in published.latency().items():
        for builder, figures in column.models.items():
            place = _published(name, builder, column, column.hardware, column.device, "near-black")
            row = replace(place, n=column.measured_iterations, unit="ms")
            yield replace(row, metric="latency_mean", value=figures.mean_ms, reported=True)
            yield replace(row, metric="latency_median", value=figures.median_ms)
            yield replace(row, metric="latency_min", value=figures.min_ms)
            yield replace(row, metric="latency_p99", value=figures.p99_ms)
            yield replace(row, metric="latency_in_table", value=figures.table_ms)
            yield replace(row, metric="images_per_second", value=figures.images_per_second, unit="1/s")
            yield replace(
                row, metric="images_per_sec_as_published", value=figures.images_per_sec_as_published, unit="1/s"
            )
    table = published.accuracy()
    for builder, metrics in table.models.items():
        place = _published("map", builder, table, ", ".join(table.machine), "cuda", table.dataset)
        row = replace(place, suite="accuracy", iou="bbox", box_rule="truncate-int", unit="1", n=table.images)
        for metric, percent in metrics.items():
            yield replace(row, metric=metric, value=percent / 100, reported=True)


def _published(
    column: str,
    builder: str,
    source: published.PublishedColumn | published.Accuracy,
    hardware: str,
    device: str,
    inputs: str,
) -> TidyRow:
    return TidyRow(
        run="published in 2021",
        host=None,
        cell=f"{column}--{builder}",
        status="ok",
        environment=", ".join(source.software),
        image_tag=None,
        image_id=None,
        torch=None,
        torchvision=None,
        hardware=hardware,
        device=device,
        model=builder,
        suite="latency",
        protocol=source.protocol,
        weights=source.weights,
        inputs=inputs,
        content=None,
        threads=None,
        cpus=None,
        cpu_quota=None,
        numerics=None,
        python=None,
        gpu=None,
        runner=None,
        harness=None,
        iterations=None,
        reader="cv2" if column == "map" else None,
        batch=1,
        repeat=1,
        pinned=None,
        detects_as=None,
        warnings="",
    )
