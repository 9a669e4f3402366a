"""Runs to compare, from figures of their processes: each is of one picture unless it says otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import documents
from harness.documents.names import cell_name
from harness.documents.run_folder import RunFolder
from runner.contract import Latency, Result, Samples
from tests.samples import job, ok_result, run_folder

SSD, OTHER = "ssdlite320_mobilenet_v3_large", "ssd300_vgg16"
#: Five rounds in ms, whose processes differ by some percent.
ROUNDS = (10.0, 10.3, 9.8, 10.1, 10.2)


def process(ms: float | Mapping[str, float], round_: int, model: str = SSD, **changes: Any) -> Result:
    """Return a process that took so long in its round, on each picture.

    `cpu` is its CPU time as a multiple, `instructions` how many it executed in a ms, or why nobody knows.
    """
    environment, cpu = changes.pop("environment", "cuda10.2"), changes.pop("cpu", 1.0)
    load, begun = changes.pop("load", 0.0), changes.pop("begun", None)
    counted = changes.pop("instructions", None)
    of = changes.pop("of", {})
    cell = cell_name(environment, model, of.get("step", ""), f"r{round_}")
    of = {name: value for name, value in of.items() if name != "step"}
    pictures = ms if isinstance(ms, Mapping) else {"cat.jpg": ms}
    minute = begun or f"{round_:02d}:{'00' if environment == 'cuda10.2' else '30'}"
    plain = ok_result(
        job(model, environment, cell=cell, repeat=round_, **of),
        latency=latency(pictures, cpu, load, counted),
        started_at=f"2026-01-02T03:{minute}.000+00:00",
    )
    return replace(plain, **changes)


def latency(
    pictures: Mapping[str, float], cpu: float | None, load: float | None, instructions: int | str | None = None
) -> Latency:
    """Return a measurement that visits each picture three times, always in the same time."""
    names = [name for _ in range(3) for name in pictures]
    times, n = [pictures[name] for name in names], len(names)
    columns = Samples(
        phase=["measured"] * n,
        start_ms=[float(sum(times[:i])) for i in range(n)],
        wall_ms=times,
        device_ms=[None] * n,
        image=names,
        height=[300] * n,
        width=[400] * n,
        detections=[7] * n,
        process_cpu_ms=None if cpu is None else [ms * cpu for ms in times],
        instructions=[round(ms * instructions) for ms in times] if isinstance(instructions, int) else None,
    )
    reason = instructions if isinstance(instructions, str) else None
    return Latency(5.0, "count", n, load, [], columns, instructions_missing_reason=reason)


def side(times: Sequence[float] = ROUNDS, *, by: float = 1.0, **changes: Any) -> list[Result]:
    """Return a process a round, each `by` times as long as its round took."""
    return [process(by * ms, n, **changes) for n, ms in enumerate(times, 1)]


def write(path: Path, *results: Result, **seen: Any) -> RunFolder:
    """Write a run of these results."""
    return run_folder(path, *results, **seen)


def edited(folder: RunFolder, **plan: Any) -> RunFolder:
    """Put fields into the plan of a run."""
    documents.write(folder.path / "plan.json", replace(folder.plan, **plan))
    return RunFolder(folder.path)
