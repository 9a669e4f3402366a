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
    Dataset,
    DetectionPass,
    Device,
    ImageFile,
    Job,
    NmsRoute,
    Numerics,
    OnOff,
    Protocol,
    Reader,
    Repeating,
    ResizeRule,
    Shard,
    Stopping,
    Suite,
    Variant,
)
from runner.contract.model import Code, Document, ModelSpec, Thresholds, Weights
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
    Status,
    StoppedBy,
    Task,
    Warmup,
)
from runner.contract.surroundings import CpuSupply, Gpu, Hardware, SharedLibrary, Software, UsedGpu
from runner.contract.work import Work

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
    "NmsRoute",
    "Numerics",
    "OnOff",
    "Operator",
    "Profile",
    "Protocol",
    "Reader",
    "Repeating",
    "ResizeRule",
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
    "Work",
    "pseudonym",
    "source_sha256",
]
