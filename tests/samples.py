"""Documents for tests, built the way the real parts build them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import documents
from harness.catalogue import environments, protocols
from harness.documents import Execution, Host, Plan, PlannedCell
from harness.documents.run_folder import RunFolder
from runner.contract import (
    SCHEMA_VERSION,
    Hardware,
    ImageFile,
    Job,
    Latency,
    Memory,
    ModelSpec,
    Result,
    Samples,
    Software,
    Variant,
    Weights,
)

NOW = "2026-01-02T03:04:05.678+00:00"


def job(builder: str = "ssd300_vgg16", environment: str = "cuda10.2", **changes: Any) -> Job:
    protocol = changes.pop("protocol", "quick-1")
    plain = Job(
        schema_version=SCHEMA_VERSION,
        cell=f"{environment}--{builder}--{protocol}--cpu--r1",
        environment=environment,
        suite="latency",
        model=ModelSpec(builder, Weights("random", seed=0)),
        device="cpu",
        protocol=protocols()[protocol],
        variant=Variant(),
        repeat=1,
        images=[ImageFile("cat.jpg", "0" * 64)],
        expected=environments()[environment.partition(":")[0]].pins,
    )
    return replace(plain, **changes)


def software(**changes: Any) -> Software:
    plain = Software(
        python="3.9.2",
        torch="1.9.0+cu102",
        torchvision="0.10.0+cu102",
        torch_git=None,
        torchvision_git=None,
        cuda="10.2",
        cudnn=7605,
        torch_config="",
        compiled_architectures=["sm_37", "sm_50", "sm_60", "sm_70"],
        threads=2,
        interop_threads=1,
        numerics={},
        shared_libraries=[],
        packages={},
    )
    return replace(plain, **changes)


def hardware(cpu_model: str = "AMD EPYC 7B12 64-Core Processor") -> Hardware:
    return Hardware(cpu_model, 2, 2, 2, None, None, 8 << 30, None, "6.1", [], "NVML Shared Library Not Found")


def latency(wall_ms: list[float], *, warmup: int = 1, stopped_by: Any = "count", detections: int = 7) -> Latency:
    times = [99.0] * warmup + wall_ms
    n = len(times)
    phases: list[Any] = ["warmup"] * warmup + ["measured"] * len(wall_ms)
    samples = Samples(
        phase=phases,
        start_ms=[sum(times[:i]) for i in range(n)],
        wall_ms=times,
        device_ms=[None] * n,
        image=["cat.jpg"] * n,
        height=[300] * n,
        width=[451] * n,
        detections=[detections] * n,
    )
    return Latency(5.0, stopped_by, len(wall_ms), 0.0, [], samples)


def ok_result(of: Job, *, wall_ms: float = 10.0, **changes: Any) -> Result:
    plain = Result(
        schema_version=SCHEMA_VERSION,
        job=of,
        status="ok",
        started_at=NOW,
        finished_at=NOW,
        software=software(),
        hardware=hardware(),
        weights_sha256="ab" * 32,
        latency=latency([wall_ms] * 3),
        memory=Memory(2 << 20, 1 << 20, None, None, "measured on the CPU"),
    )
    return replace(plain, **changes)


def plan(*cells: PlannedCell | Job) -> Plan:
    planned = [cell if isinstance(cell, PlannedCell) else PlannedCell(cell, named=True) for cell in cells]
    return Plan(SCHEMA_VERSION, NOW, ["run"], None, None, None, None, cells=planned)


def execution(of: Job, **changes: Any) -> Execution:
    plain = Execution(SCHEMA_VERSION, of.cell, "docker", Host("h"), 0, False, False, 1.0, None, None, True, [])
    return replace(plain, **changes)


def run_folder(path: Path, *results: Result, **seen: Any) -> RunFolder:
    """Write a run as the harness leaves it; `seen` are fields of every execution."""
    folder = RunFolder.create(path, "run")
    documents.write(path / "plan.json", plan(*(result.job for result in results)))
    for result in results:
        place = folder.clear(result.job)
        documents.write(place / "result.json", result)
        documents.write(place / "execution.json", execution(result.job, **seen))
    return folder
