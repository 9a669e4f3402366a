"""The documents that cross the line between harness and runner: job.json in, result.json out.

Standard library only and Python 3.9 syntax, because this package is read by the oldest pinned environment
and by the newest host alike. Units are in the names. Unknown is None with a reason beside it, never 0.
The host validates the same dataclasses through pydantic, with unknown keys forbidden.
"""

from runner.contract.content import Content
from runner.contract.identity import pseudonym, source_sha256
from runner.contract.inside import Stages, StageTimes
from runner.contract.job import (
    BoxRule,
    Code,
    Dataset,
    DetectionPass,
    Device,
    Document,
    ImageFile,
    Job,
    ModelSpec,
    Numerics,
    Protocol,
    Reader,
    Repeating,
    Shard,
    Stopping,
    Suite,
    Thresholds,
    Variant,
    Weights,
)
from runner.contract.machine import CpuSupply, Gpu, Hardware, UsedGpu
from runner.contract.profile import ModuleTimes, Operator, Profile
from runner.contract.result import (
    BadImage,
    Detections,
    Failure,
    Input,
    Latency,
    Memory,
    Result,
    Samples,
    SharedLibrary,
    Software,
    Status,
    StoppedBy,
    Task,
    Warmup,
)

SCHEMA_VERSION = 3

__all__ = [
    "SCHEMA_VERSION",
    "BadImage",
    "BoxRule",
    "Code",
    "Content",
    "CpuSupply",
    "Dataset",
    "DetectionPass",
    "Detections",
    "Device",
    "Document",
    "Failure",
    "Gpu",
    "Hardware",
    "ImageFile",
    "Input",
    "Job",
    "Latency",
    "Memory",
    "ModelSpec",
    "ModuleTimes",
    "Numerics",
    "Operator",
    "Profile",
    "Protocol",
    "Reader",
    "Repeating",
    "Result",
    "Samples",
    "Shard",
    "SharedLibrary",
    "Software",
    "StageTimes",
    "Stages",
    "Status",
    "StoppedBy",
    "Stopping",
    "Suite",
    "Task",
    "Thresholds",
    "UsedGpu",
    "Variant",
    "Warmup",
    "Weights",
    "pseudonym",
    "source_sha256",
]
