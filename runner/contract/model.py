"""What a model is to a job: its builder, what fills it, and what decides which boxes it returns."""

from dataclasses import dataclass
from typing import ClassVar, Dict, Literal, Optional


class Document:
    """Base of every document: tells pydantic, on the host, to refuse keys that the contract lacks."""

    __pydantic_config__: ClassVar[Dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Weights(Document):
    """What fills the model: torchvision's COCO checkpoint, seeded noise, the bundled checkpoint of shapes, or a file.

    `own` is what a person's own function has filled it with itself. `file` is a name inside the weights folder that the
    executor hands in. `norm_eps` is the epsilon of the batch norms of the graph that they were trained in, None where
    it is the one of torchvision's COCO checkpoints or has to be found out.
    """

    kind: Literal["pretrained", "random", "shapes", "file", "own"]
    seed: Optional[int] = None
    file: Optional[str] = None
    sha256: Optional[str] = None
    norm_eps: Optional[float] = None


@dataclass(frozen=True)
class Thresholds(Document):
    """What decides which boxes a model returns, set on it so that no torchvision's defaults can differ.

    Scores and IoU are in 0..1, the rest are counts an image. topk_candidates belongs to one-stage models (for each
    level, before non-maximum suppression), the rpn_ fields to two-stage ones.
    """

    score: float
    nms_iou: float
    detections: int
    topk_candidates: Optional[int] = None
    rpn_score: Optional[float] = None
    rpn_pre_nms_top_n: Optional[int] = None
    rpn_post_nms_top_n: Optional[int] = None


@dataclass(frozen=True)
class Code(Document):
    """A person's own detector: a function of a module in the folder that the executor hands in, and that folder's hash.

    The hash is code.folder_sha256's.
    """

    module: str
    function: str
    sha256: str

    @property
    def name(self) -> str:
        """What a person calls it: module:function."""
        return f"{self.module}:{self.function}"


@dataclass(frozen=True)
class ModelSpec(Document):
    """A torchvision.models.detection builder, by its name, its weights and its thresholds (None: the model's own).

    A person's own detector has `code`, and a builder that is made of it (code.builder_of).
    """

    builder: str
    weights: Weights
    thresholds: Optional[Thresholds] = None
    code: Optional[Code] = None
