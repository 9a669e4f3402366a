"""What was published in 2021, as rows of the tidy table."""

from collections.abc import Iterator

from harness.analysis.tidy_figure import Labels, TidyFigure
from harness.catalogue import published


def published_cells() -> Iterator[tuple[Labels, list[TidyFigure]]]:
    """Yield what was published in 2021: the figures of the source files, and the cells of the tables."""
    for name, column in published.latency().items():
        for builder, times in column.models.items():
            labels = _published(name, builder, column, column.hardware, column.device, "near-black")
            yield labels, [_of_2021(column.measured_iterations, *entry) for entry in _times(times)]
    table = published.accuracy()
    for builder, metrics in table.models.items():
        labels = _published("map", builder, table, ", ".join(table.machine), "cuda", table.dataset)
        yield (
            labels | {"suite": "accuracy"},
            [
                TidyFigure(metric, "bbox", "truncate-int", True, percent / 100, unit="1", n=table.images)
                for metric, percent in metrics.items()
            ],
        )


def _times(times: published.Figures) -> Iterator[tuple[str, float, str, bool]]:
    yield "latency_mean", times.mean_ms, "ms", True
    yield "latency_median", times.median_ms, "ms", False
    yield "latency_min", times.min_ms, "ms", False
    yield "latency_p99", times.p99_ms, "ms", False
    yield "latency_in_table", times.table_ms, "ms", False
    yield "images_per_second", times.images_per_second, "1/s", False
    yield "images_per_sec_as_published", times.images_per_sec_as_published, "1/s", False


def _of_2021(n: int, metric: str, value: float, unit: str, reported: bool) -> TidyFigure:
    return TidyFigure(metric, reported=reported, value=value, unit=unit, n=n)


def _published(
    column: str,
    builder: str,
    source: published.PublishedColumn | published.Accuracy,
    hardware: str,
    device: str,
    inputs: str,
) -> Labels:
    return {
        "run": "published in 2021",
        "cell": f"{column}--{builder}",
        "status": "ok",
        "environment": ", ".join(source.software),
        "hardware": hardware,
        "device": device,
        "model": builder,
        "suite": "latency",
        "protocol": source.protocol,
        "weights": source.weights,
        "inputs": inputs,
        "reader": "cv2" if column == "map" else None,
        "batch": 1,
        "repeat": 1,
        "warnings": "",
    }
