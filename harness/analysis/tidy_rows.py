"""What the tidy table says of a cell: its labels and its figures."""

from collections.abc import Iterator, Sequence

from harness.analysis.assessed import Assessed
from harness.analysis.design import LineDesign
from harness.analysis.facts import observed
from harness.analysis.naming import content_of, hardware_name, inputs_name, weights_name
from harness.analysis.pins import pinned
from harness.analysis.tails import Tail
from harness.analysis.tidy_content import content_rows, parts_rows
from harness.analysis.tidy_figure import Labels, TidyFigure
from harness.analysis.tidy_stages import stage_rows
from harness.analysis.work import work_rows
from harness.documents.run_folder import Cell
from harness.documents.scores import Score
from harness.knobs import columns
from runner.contract import Detections, Latency, Memory, Software


def own_labels(cell: Cell, warnings: Sequence[str]) -> Labels:
    """Return what the columns of LABELS say of a cell with these warnings that they say of no other of its kind."""
    failure = [cell.result.failure.message] if cell.result.failure else []
    return {"cell": cell.job.cell, "repeat": cell.job.repeat, "warnings": "; ".join([*failure, *warnings])}


def labels(cell: Cell) -> Labels:
    """Return what the other columns of LABELS say of a cell; None is unknown, or does not apply.

    What it was measured with is what was observed, not what was asked for. `content` tells datasets of one name apart.
    """
    job, result, execution = cell.job, cell.result, cell.execution
    image, software = execution.image if execution else None, result.software
    verdict, facts = cell.agreement, observed(cell, "quota", "python", "gpu", "runner", "harness")
    return {
        "run": cell.run,
        "host": execution.host.id if execution else None,
        "status": result.status,
        "environment": job.environment,
        "image_tag": image.tag if image else None,
        "image_id": image.id if image else None,
        "torch": software.torch if software else None,
        "torchvision": software.torchvision if software else None,
        "hardware": hardware_name(result),
        "device": job.device,
        "model": job.model.builder,
        "suite": job.suite,
        "protocol": job.protocol.name,
        "weights": weights_name(job),
        "inputs": job.dataset.name if job.dataset else inputs_name(job),
        "content": content_of(job.dataset) if job.dataset else None,
        "cpu_quota": facts["quota"],
        "numerics": _numerics(software) if software else None,
        "python": facts["python"],
        "gpu": facts["gpu"],
        "runner": facts["runner"],
        "harness": facts["harness"],
        **columns.values(cell),
        "pinned": pinned(cell),
        "detects_as": f"{verdict.against}: {verdict.word}" if verdict else None,
    }


def _numerics(software: Software) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(software.numerics.items()))


def figures(cell: Cell, known: Assessed | None, design: LineDesign | None = None) -> Iterator[TidyFigure]:
    """Yield the figures of a cell; what is known of its latency is assessed, where it has one.

    `design` is that of its pictures, where it is had already.
    """
    result, statistic = cell.result, cell.job.protocol.statistic
    if result.latency and known:
        yield from _latency(result.latency, known, statistic)
        yield from _more(known, statistic)
        yield from content_rows(result.latency, design)
        yield from stage_rows(result.latency)
        yield from work_rows(result.latency)
    if result.detections:
        yield from _pass(result.detections)
    for score in cell.scores.scores if cell.scores else []:
        rule = cell.job.detection.box_rule if cell.job.detection else None
        yield from _scores(score, reported=score.iou != "bbox" or score.box_rule == rule)
    if result.memory:
        yield from _memory(result.memory)
    if cell.execution and cell.execution.waited_seconds is not None:
        yield TidyFigure("waited_for_turn", value=cell.execution.waited_seconds, unit="s")


def _latency(latency: Latency, known: Assessed, statistic: str) -> Iterator[TidyFigure]:
    summary, n = known.summary, known.summary.n
    for name, interval in known.intervals.items():
        low, high = (interval.low_ms, interval.high_ms) if interval else (None, None)
        yield TidyFigure(
            f"latency_{name}",
            reported=name == statistic,
            value=summary.value(name),
            low=low,
            high=high,
            unit="ms",
            n=n,
        )
    times: dict[str, float | None] = {
        "latency_min": summary.min_ms,
        "latency_max": summary.max_ms,
        "latency_std": summary.std_ms,
        "latency_p99": None if known.tail and known.tail.percent == 99 else known.p99_ms,
        "latency_first": summary.first_inference_ms,
        "load": latency.load_ms,
    }
    for metric, value in times.items():
        if value is not None:
            bounded = known.p99 if metric == "latency_p99" else None
            low, high = (bounded.low, bounded.high) if bounded else (None, None)
            yield TidyFigure(metric, value=value, low=low, high=high, unit="ms", n=n)
    yield TidyFigure("images_per_second", value=summary.images_per_second, unit="1/s", n=n)
    yield TidyFigure("detections_per_image", value=summary.detections_per_image, unit="1", n=n)
    if latency.other_load_cpus is not None:
        yield TidyFigure("other_load", value=latency.other_load_cpus, unit="CPUs")


def _more(known: Assessed, statistic: str) -> Iterator[TidyFigure]:
    """Yield what only some measurements tell: how many samples count, what they cost, and which are in doubt."""
    n, doubt, name = known.summary.n, known.doubt, f"latency_{statistic}_without_doubt"
    if known.tail is not None:
        yield from _tail(known.tail, n)
    if known.effective is not None:
        yield TidyFigure("effective_samples", value=known.effective, unit="1", n=n)
    if known.cpu_ms is not None:
        yield TidyFigure("cpu_time", value=known.cpu_ms, unit="ms", n=n)
    if doubt is not None:
        yield TidyFigure("samples_in_doubt", value=float(doubt.count), unit="1", n=n)
    if known.sure is not None:
        yield TidyFigure(name, value=known.sure.value(statistic), unit="ms", n=known.sure.n)


def _tail(tail: Tail, n: int) -> Iterator[TidyFigure]:
    """Yield the percentile that was asked for, without a value where it has no bounds, and what it takes then."""
    ms = None if tail.reason else tail.ms
    yield TidyFigure(f"latency_{tail.name}", value=ms, low=tail.low_ms, high=tail.high_ms, unit="ms", n=n)
    if tail.needed is not None:
        yield TidyFigure(f"latency_{tail.name}_takes", value=float(tail.needed), unit="1", n=n)


def _pass(passed: Detections) -> Iterator[TidyFigure]:
    here = passed.images - passed.resumed_images
    if here:
        yield TidyFigure("images_per_second", value=1000 * here / passed.wall_ms, unit="1/s", n=here)
    per_image = passed.boxes / max(1, passed.images)
    yield TidyFigure("detections_per_image", value=per_image, unit="1", n=passed.images)
    if passed.other_load_cpus is not None:
        yield TidyFigure("other_load", value=passed.other_load_cpus, unit="CPUs")


def _scores(score: Score, *, reported: bool) -> Iterator[TidyFigure]:
    rule = score.box_rule if score.iou == "bbox" else None
    known = {metric: value for metric, value in score.metrics.items() if value != -1}  # -1: nothing could be scored
    for metric, value in known.items():
        interval = score.interval if metric == "AP" else None
        low, high = (interval.low, interval.high) if interval else (None, None)
        yield TidyFigure(metric, score.iou, rule, reported, value, low, high, "1", score.images)
    yield from parts_rows(score, rule, reported=reported)


def _memory(memory: Memory) -> Iterator[TidyFigure]:
    peaks = {
        "memory_rss_peak": memory.rss_peak_bytes,
        "memory_cuda_allocated_peak": memory.cuda_allocated_peak_bytes,
        "memory_cuda_reserved_peak": memory.cuda_reserved_peak_bytes,
    }
    for metric, value in peaks.items():
        if value is not None:
            yield TidyFigure(metric, value=float(value), unit="B")
