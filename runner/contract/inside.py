"""What a latency is made of, in a result: its time by stage. Seen in a pass of its own, after what was measured."""

from dataclasses import dataclass
from typing import List, Optional

from runner.contract.model import Document

#: Every stage, in the order in which a picture goes through them. Each moment belongs to the innermost one.
STAGES = (
    "decode",
    "copy in",
    "transform",
    "normalise",
    "resize",
    "batch",
    "backbone",
    "FPN",
    "RPN",
    "dense head",
    "anchors",
    "proposals",
    "proposals NMS",
    "RoI heads",
    "box head",
    "detections",
    "detections NMS",
    "mask head",
    "keypoint head",
    "scaling back",
    "mask paste",
    "copy out",
    "remainder",
)
#: What the call of a model does not hold, and a latency therefore neither.
OUTSIDE = ("decode", "copy in", "copy out")


@dataclass(frozen=True)
class StageTimes(Document):
    """What a stage took in each iteration, in ms: 0 in one that did not come through it.

    wall_ms is perf_counter, synchronised at both ends; cpu_ms the CPU time of all threads of the process; device_ms
    lies between two CUDA events, None on a CPU.
    """

    name: str
    wall_ms: List[float]
    cpu_ms: List[float]
    device_ms: Optional[List[float]] = None


@dataclass(frozen=True)
class Stages(Document):
    """The iterations of a pass that looks at stages, as columns of equal length, and the stages in their order.

    An iteration decodes a picture anew, copies it to the device, calls the model and copies back what that answers; its
    wall_ms and cpu_ms are of clocks of their own, so that the stages' sum can be held against them. `missing_reason`
    says why the call is one stage, `remainder`: what no other stage holds.
    """

    image: List[str]
    wall_ms: List[float]
    cpu_ms: List[float]
    stages: List[StageTimes]
    missing_reason: Optional[str] = None
