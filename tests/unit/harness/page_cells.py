"""Cells like those of real runs for the tests of the page: log-normal samples, a slow warm-up, several stacks."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from harness.catalogue import models
from harness.documents import Execution, Host, ImageIdentity
from harness.documents.agreement import Agreement, PassName, Verdict
from harness.documents.run_folder import Cell
from harness.documents.scores import ApInterval, CellScores, Score
from runner.contract import (
    SCHEMA_VERSION,
    Dataset,
    Detections,
    Failure,
    Gpu,
    Hardware,
    Latency,
    ModelSpec,
    Result,
    Samples,
    SharedLibrary,
    Weights,
)
from tests import samples
from tests.unit.harness.agreements import agreement

PUBLISHED = [model.builder for model in models().values() if model.published_2021]
#: About what these models take on two cores of a server, in ms.
TYPICAL_MS = dict(zip(PUBLISHED, [820.0, 190.0, 68.0, 870.0, 330.0, 61.5, 980.0, 930.0], strict=True))
STACKS = {"cuda10.2": 1.0, "cpu": 0.74, "cpu-debian13": 1.31, "cuda11.8": 0.88, "cuda13.0": 0.71}
SOFTWARE = samples.software(
    numerics={"tf32": "False", "cudnn_benchmark": "False"},
    shared_libraries=[SharedLibrary("libopenblas.so.0", "/usr/lib/libopenblas.so.0", "0.3.21")],
    packages={"numpy": "1.26.4", "pillow": "10.4.0"},
    torch_config="PyTorch built with:\n  - GCC 7.3\n  - oneDNN v2.1.2",
)
T4 = Gpu(0, "Tesla T4", "GPU-0", 15 << 30, "550.54", "7.5", power_limit_watts=70.0, max_sm_clock_mhz=1590)


def page_cells(stacks: Sequence[str], *, samples_each: int = 22, weights: Any = "pretrained") -> list[Cell]:
    """Return a latency cell for each published model in each stack."""
    return [
        timed(builder, stack, samples_each=samples_each, weights=weights) for stack in stacks for builder in PUBLISHED
    ]


def timed(
    builder: str,
    environment: str = "cuda10.2",
    *,
    samples_each: int = 22,
    weights: Any = "pretrained",
    faster: float = 1.0,
    hardware: Hardware | None = None,
    pinned: bool = True,
    **changes: Any,
) -> Cell:
    """Return a latency cell; `faster` divides its typical latency."""
    job = replace(
        samples.job(builder),
        cell=f"{environment}--{builder}--quick-1--cpu--r1",
        environment=environment,
        model=ModelSpec(builder, Weights(weights)),
        **changes,
    )
    median_ms = TYPICAL_MS[builder] * STACKS.get(environment, 1.0) / faster
    result = samples.ok_result(
        job,
        hardware=hardware or samples.hardware(),
        latency=_latency(median_ms, samples_each, seed=zlib.crc32(job.cell.encode())),
        software=SOFTWARE,
    )
    return Cell(job, result, _execution(job.cell, environment, pinned))


def repeated(builder: str, environment: str, *, repeats: int = 3, faster: float = 1.0) -> list[Cell]:
    """Return latency cells of several processes; each has as many samples more as makes its times its own."""
    return [
        timed(builder, environment, samples_each=20 + number, faster=faster, repeat=number)
        for number in range(1, repeats + 1)
    ]


def threaded(cell: Cell, threads: int) -> Cell:
    """Return the cell as if torch had computed with so many threads."""
    assert cell.result.software
    job = replace(cell.job, cell=f"{cell.job.cell}--threads-{threads}")
    software = replace(cell.result.software, threads=threads)
    return replace(cell, job=job, result=replace(cell.result, job=job, software=software))


def on_gpu(cell: Cell) -> Cell:
    """Return the cell as if it had been measured on a GPU."""
    assert cell.result.hardware
    job = replace(cell.job, device="cuda")
    return replace(
        cell, job=job, result=replace(cell.result, job=job, hardware=replace(cell.result.hardware, gpus=[T4]))
    )


def scored(
    builder: str,
    environment: str = "cuda10.2",
    *,
    ap: float,
    verdict: Verdict | None = None,
    weights: Any = "pretrained",
    annotations: str = "0" * 64,
) -> Cell:
    """Return an accuracy cell with its scores and, where there is a verdict, the agreement with another environment."""
    job = replace(
        samples.job(builder),
        cell=f"{environment}--{builder}--quick-1--accuracy--r1",
        environment=environment,
        suite="accuracy",
        model=ModelSpec(builder, Weights(weights)),
        dataset=Dataset("coco-val2017", annotations, [1], list(range(500)), [f"{n}.jpg" for n in range(500)]),
    )
    found = Detections("detections.sqlite", 500, 9000, 0, [], 5.0, 9e4, 300.0, 8e3, 1e3, 500.0, 8e4, 900.0, 0.0)
    result = samples.ok_result(job, latency=None, detections=found, software=SOFTWARE)
    scores = CellScores(SCHEMA_VERSION, job.cell, "0" * 64, "1" * 64, 0, 0, 0, [_score(ap)], [])
    return Cell(job, result, _execution(job.cell, environment, True), scores, verdict and _agreement(job, verdict))


def failed(builder: str, environment: str = "cuda11.1", status: Any = "skipped", message: str = "no GPU here") -> Cell:
    """Return a cell without a figure."""
    job = replace(samples.job(builder), environment=environment)
    failure = Failure("Skipped", message, "take another environment", "infrastructure")
    return Cell(job, Result(SCHEMA_VERSION, job, status, samples.NOW, samples.NOW, failure), None)


def _latency(median_ms: float, measured: int, seed: int) -> Latency:
    random = np.random.default_rng(seed)
    detections = random.integers(3, 40, measured + 2)
    times = median_ms * np.exp(random.normal(0, 0.05, measured + 2)) * (1 + 0.002 * detections)
    times[:2] *= [6.0, 1.4]
    n = len(times)
    columns = Samples(
        phase=["warmup", "warmup", *["measured"] * measured],  # type: ignore[list-item]
        start_ms=[0.0, *np.cumsum(times)[:-1].tolist()],
        wall_ms=times.tolist(),
        device_ms=[None] * n,
        image=[f"{i % 11}.jpg" for i in range(n)],
        height=[480] * n,
        width=[640] * n,
        detections=detections.tolist(),
    )
    return Latency(5.0, "count", measured, 0.05, [], columns)


def _execution(cell: str, environment: str, pinned: bool) -> Execution:
    image = ImageIdentity(
        f"harness/{environment}:0123456789ab", "sha256:" + "c" * 64, [], "d" * 64, "python:3.9", {}, []
    )
    deviations = [] if pinned else ["torch is 2.6.0, expected 1.9.0+cu102"]
    return Execution(
        SCHEMA_VERSION,
        cell,
        "docker",
        Host("0123456789ab", "Docker 27"),
        0,
        False,
        False,
        30.0,
        "e" * 12,
        image,
        pinned,
        deviations,
    )


def _score(ap: float) -> Score:
    interval = ApInterval(ap / 100 - 0.012, ap / 100 + 0.013, 0.95, 1000, 0)
    metrics = {"AP": ap / 100, "AP50": 0.5, "AP75": 0.3}
    return Score("bbox", "float", "hotcoco", "1.3", 500, 3600, 9000, metrics, {}, interval, None, None, "not asked")


def _agreement(job: Any, verdict: Verdict) -> Agreement:
    reference, other = (PassName("run", job.cell, name) for name in ("cpu", job.environment))
    return agreement(
        model=job.model.builder,
        reference=reference,
        other=other,
        verdict=verdict,
        images=500,
        images_different=12,
        detections_reference=9000,
        detections_other=9003,
        unmatched_reference=5,
        unmatched_other=8,
        borderline=1,
        box_shift_px=0.4,
        score_difference=0.02,
    )


def exact(builder: str, ms: float, environment: str = "cuda10.2", **changes: object) -> Cell:
    """Return a cell each of whose samples took so long."""
    return with_latency(timed(builder, environment, **changes), samples.latency([ms] * 4))  # type: ignore[arg-type]


def with_latency(cell: Cell, latency: Latency) -> Cell:
    return replace(cell, result=replace(cell.result, latency=latency))
