from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.assessed import assessed
from harness.analysis.kinds import CellKinds, Sights
from harness.analysis.tidy_rows import figures
from harness.documents import Host
from harness.documents.run_folder import Cell
from runner.contract import Content, CpuSupply, Failure, Input, Latency, Memory, Thresholds
from tests.samples import execution, hardware, job, latency, ok_result, software

SUPPLY = CpuSupply(2.0, 10, 1, 3.0, 0.1)


def cell(**changes: Any) -> Cell:
    asked = job()
    return Cell(asked, ok_result(asked, cpu_supply=SUPPLY, **changes), execution(asked), run="a")


def of(kept: Cell, **changes: Any) -> Cell:
    """Return the cell with another job, and the result of it."""
    asked = replace(kept.job, **changes)
    return replace(kept, job=asked, result=replace(kept.result, job=asked))


def test_cells_that_differ_in_their_measurement_alone_are_of_one_kind() -> None:
    first = cell()
    result = replace(
        of(first, repeat=9, cell="other").result,
        started_at="2026-02-01T00:00:00.000+00:00",
        finished_at="2026-02-01T01:00:00.000+00:00",
        latency=latency([3.0, 4.0, 5.0], detections=2),
        memory=Memory(1, 1, None, None),
        cpu_supply=replace(SUPPLY, throttled_periods=9, periods=99, throttled_ms=1.0, steal_cpus=0.5),
    )
    seen = execution(result.job, exit_code=3, wall_seconds=7.0, container_id="c", waited_seconds=2.0)
    second = replace(first, job=result.job, result=result, execution=seen)
    kinds = CellKinds()
    assert kinds.of(second) is kinds.of(first)
    assert CellKinds().of(second) == CellKinds().of(first)  # made of the one or of the other, it is the same


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: replace(cell, run="b"),
        lambda cell: replace(cell, execution=None),
        lambda cell: replace(cell, execution=execution(cell.job, host=Host("another"))),
        lambda cell: replace(cell, execution=execution(cell.job, pinned=False)),
        lambda cell: of(cell, variant=replace(cell.job.variant, iterations=1)),
        lambda cell: of(cell, protocol=replace(cell.job.protocol, cap_seconds=1.0)),
        lambda cell: of(cell, model=replace(cell.job.model, thresholds=Thresholds(0.5, 0.5, 1))),
        lambda cell: replace(cell, result=replace(cell.result, software=software(threads=1))),
        lambda cell: replace(cell, result=replace(cell.result, hardware=hardware("Another"))),
        lambda cell: replace(cell, result=replace(cell.result, weights_sha256="f" * 64)),
        lambda cell: replace(cell, result=replace(cell.result, cpu_supply=replace(SUPPLY, quota_cpus=1.0))),
        lambda cell: replace(cell, result=replace(cell.result, latency=latency([1.0, 2.0], stopped_by="cap"))),
        lambda cell: replace(
            cell, result=replace(cell.result, latency=replace(latency([1.0, 2.0, 3.0]), percentile=99.0))
        ),
        lambda cell: replace(
            cell,
            result=replace(cell.result, status="failed", latency=None, failure=Failure("k", "m", "r", "model")),
        ),
    ],
)
def test_a_cell_of_another_kind_has_what_is_made_of_itself(change: Callable[[Cell], Cell]) -> None:
    kinds, first = CellKinds(), cell()
    other = change(first)
    assert kinds.of(other) != kinds.of(first)
    assert kinds.of(other) == CellKinds().of(other)
    assert kinds.of(first) == CellKinds().of(first)


def shown(wall_ms: list[float], **changes: Any) -> Latency:
    """Return a latency of six pictures, each twice, that hold more and more."""
    plain = latency(wall_ms, warmup=0)
    names = [f"{i}.jpg" for i in range(6)]
    seen: dict[str, Any] = {
        "image": names * 2,
        "detections": [3, 1, 4, 1, 5, 9] * 2,
        "width": [400, 300, 700, 500, 600, 450] * 2,
    }
    samples = replace(plain.samples, **(seen | {"process_cpu_ms": [9.0] * 11 + [1.0]} | changes))
    contents = [Content(name, 1, resized_height=300, resized_width=300, padded_pixels=0) for name in names]
    return replace(plain, samples=samples, contents=contents)


TIMES = [[10.0 + i % 5 + i / 7 for i in range(12)], [20.0 + i % 4 - i / 9 for i in range(12)]]


def test_what_cells_were_shown_is_made_once_of_those_that_were_shown_the_same() -> None:
    sights, first, second = Sights(), *(cell(latency=shown(times)) for times in TIMES)
    assert sights.design(first) is sights.design(second)
    assert sights.visits(first).layout is sights.visits(second).layout  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "other",
    [
        shown(TIMES[1]),
        shown(TIMES[1], phase=["warmup"] * 2 + ["measured"] * 10),
        shown(TIMES[1], image=[f"{i}.jpg" for i in (1, 0, 2, 3, 4, 5)] * 2),
        shown(TIMES[1], detections=[3, 1, 4, 1, 5, 8] * 2),
        shown(TIMES[1], width=[400, 300, 700, 500, 600, 451] * 2),
        shown(TIMES[1], height=[300] * 11 + [301]),
        replace(shown(TIMES[1]), inputs=[Input(f"{i}.jpg", 300, 451, "ab") for i in range(2)]),
        replace(shown(TIMES[1]), contents=shown(TIMES[1]).contents[:5]),  # type: ignore[index]
        replace(shown(TIMES[1]), contents=None),
        None,
    ],
)
def test_a_cell_behind_another_has_the_figures_that_it_has_alone(other: Latency | None) -> None:
    sights, alone = Sights(), cell(latency=other)
    for each in (cell(latency=shown(TIMES[0])), alone):
        known = assessed(each.result, sights.visits(each))
        assert known == assessed(each.result)
        assert list(figures(each, known, sights.design(each))) == list(figures(each, known))
