"""Where the time of a model goes, in a result: module by module, and operator by operator."""

from dataclasses import dataclass
from typing import List, Optional

from runner.contract.model import Document

#: The trace of the iterations that torch's profiler saw, for Perfetto, beside the result.
TRACE = "trace.json.gz"


@dataclass(frozen=True)
class ModuleTimes(Document):
    """What a module, or a method or function of torchvision, took itself, without those in it: ms in each iteration.

    `path` is from the model, under the names of torchvision 0.10; wall_ms and cpu_ms (of all threads) are without the
    profiler. `calls` are of one iteration.
    """

    path: str
    calls: float
    wall_ms: List[float]
    cpu_ms: List[float]


@dataclass(frozen=True)
class Operator(Document):
    """What an operator took itself in a module: calls, ms and bytes that it allocated, each of one iteration.

    Times are the profiler's, which lengthens them; bytes are None where torch is too old to sum them up in time.
    `shapes` are those of its tensors; `kernels` what it ran on a GPU, for device_ms, both None on a CPU. outer_calls
    are those that no other operator made; None where an early version of the runner did not tell them apart.
    """

    module: str
    name: str
    shapes: str
    calls: float
    wall_ms: float
    allocated_bytes: Optional[float]
    kernels: Optional[List[str]] = None
    device_ms: Optional[float] = None
    outer_calls: Optional[float] = None


@dataclass(frozen=True)
class Profile(Document):
    """Some iterations of the call of a model, in passes of their own after the latency.

    wall_ms and cpu_ms are of whole calls. `missing_reason` says why there are no operators, and trace_missing_reason
    why the profiler's own trace does not lie beside the result, as trace.json.gz; None where it does, and of profiles
    that were made before traces were kept. `modules_missing_reason` names modules whose time is in that of what calls
    them, and says why; None where there are none, and of earlier profiles, which such a module made fail.
    """

    wall_ms: List[float]
    cpu_ms: List[float]
    modules: List[ModuleTimes]
    operators: List[Operator]
    missing_reason: Optional[str] = None
    trace_missing_reason: Optional[str] = None
    modules_missing_reason: Optional[str] = None
