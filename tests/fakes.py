"""The hand-written fake at the execution seam: acts out how a runner can end, without starting anything."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from harness.documents import ImageIdentity
from harness.execute.executors.base import ExitReport
from harness.host import own
from harness.host.gpus import HostGpu
from harness.progress import OnLine
from runner.contract import Failure, Job, Result
from runner.contract.serialise import from_dict, write_json
from tests.samples import ok_result

Behaviour = Callable[[Path, Path], ExitReport]


class FakeExecutor:
    """Ends as the job's `behaviour` says (the executors' suite), or measures at once (the run's tests)."""

    name = "fake"
    gpu: HostGpu | None = None

    def __init__(self, image: ImageIdentity | None = None, wall_ms: float = 10.0):
        self.image = image
        self.executed: list[str] = []
        self._wall_ms = wall_ms

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        data = json.loads(job_path.read_text())
        (output_dir / "log.txt").write_text("the fake's log\n")
        if "behaviour" in data:
            return self._act(data["behaviour"], output_dir, on_line)
        job = from_dict(Job, data)
        self.executed.append(job.cell)
        on_line(json.dumps({"event": "iteration", "phase": "measured", "done": 1, "planned": 1, "wall_ms": 1.0}))
        made_by = {"runner_sha256": own.runner_sha256(), "harness_version": own.version()}
        write_json(output_dir / "result.json", ok_result(job, wall_ms=self._wall_ms, **made_by))
        return _report(0)

    def _act(self, behaviour: str, output_dir: Path, on_line: OnLine) -> ExitReport:
        on_line('{"event": "loaded"}')
        if behaviour in ("success", "model-error"):
            (output_dir / "result.json").write_text("{}")
        return {
            "success": _report(0),
            "model-error": _report(1),
            "sleep": _report(137, timed_out=True),
            "eat-memory": _report(137, out_of_memory=True),
            "no-output": _report(0),
            "leave-a-child": _report(0),
            "killed": _report(137),
        }[behaviour]


class FailingExecutor(FakeExecutor):
    """Leaves a failed result for the named builder and measures every other."""

    def __init__(self, builder: str):
        super().__init__()
        self._builder = builder

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        job = from_dict(Job, json.loads(job_path.read_text()))
        if job.model.builder != self._builder:
            return super().run(job_path, output_dir, timeout_s, on_line)
        failure = Failure("ValueError", "the model is broken", "mend it", "model")
        now = time.strftime("%Y-%m-%dT%H:%M:%S")
        write_json(output_dir / "result.json", Result(1, job, "failed", now, now, failure=failure))
        return _report(1)


def _report(exit_code: int, *, timed_out: bool = False, out_of_memory: bool = False) -> ExitReport:
    return ExitReport(exit_code, timed_out, out_of_memory, wall_seconds=0.1)
