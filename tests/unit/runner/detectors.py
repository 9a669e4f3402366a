"""Detectors that are built as torchvision's are, and compute next to nothing."""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import boxes

Answers = list[dict[str, torch.Tensor]]


class Transform(nn.Module):  # type: ignore[misc]
    """Doubles a picture and pads it to multiples of 10."""

    def forward(self, images: Any, targets: None = None) -> tuple[ImageList, None]:
        resized = [self.resize(image) for image in images]
        sizes = [(image.shape[1], image.shape[2]) for image in resized]
        height, width = (-(-max(sides) // 10) * 10 for sides in zip(*sizes, strict=True))
        return ImageList(torch.zeros(len(sizes), 3, height, width), sizes), targets

    def resize(self, image: torch.Tensor) -> torch.Tensor:
        return torch.zeros(3, 2 * image.shape[1], 2 * image.shape[2])

    def postprocess(self, found: Answers, shapes: Any, originals: Any) -> Answers:
        return found


class Head(nn.Module):  # type: ignore[misc]
    def forward(self, features: Any) -> Any:
        return features


class Proposing(nn.Module):  # type: ignore[misc]
    """Proposes nine boxes of twelve."""

    def forward(
        self, images: ImageList, features: Any, targets: None = None
    ) -> tuple[list[torch.Tensor], dict[str, Any]]:
        return self.filter_proposals(images.image_sizes)[0], {}

    def filter_proposals(self, shapes: list[Any]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        kept = [apart(12)[suppressed(apart(12))[:9]] for _ in shapes]
        return kept, [torch.ones(len(each)) for each in kept]


class RoiHeads(nn.Module):  # type: ignore[misc]
    def forward(self, features: Any, proposals: list[torch.Tensor], shapes: list[Any], targets: None = None) -> Any:
        return self.postprocess_detections(proposals), {}

    def postprocess_detections(self, proposals: list[torch.Tensor]) -> Answers:
        return [detected(proposed) for proposed in proposals]


class Dense(nn.Module):  # type: ignore[misc]
    """One stage: of each picture's five candidates two are the same box, and of the four left it returns three."""

    def __init__(self) -> None:
        super().__init__()
        self.transform, self.backbone, self.head = Transform(), nn.Identity(), Head()

    def forward(self, images: Any) -> Answers:
        batch, _ = self.transform(images)
        self.head(self.backbone(batch.tensors))
        found = self.postprocess_detections(batch.image_sizes)
        return list(self.transform.postprocess(found, batch.image_sizes, batch.image_sizes))

    def postprocess_detections(self, shapes: list[Any]) -> Answers:
        return [detected(torch.cat([apart(4), apart(1)])) for _ in shapes]


class TwoStages(nn.Module):  # type: ignore[misc]
    """Two stages: nine proposals, none the same, of which it returns three."""

    def __init__(self) -> None:
        super().__init__()
        self.transform, self.backbone = Transform(), nn.Identity()
        self.rpn, self.roi_heads = Proposing(), RoiHeads()

    def forward(self, images: Any) -> Answers:
        batch, _ = self.transform(images)
        proposals, _ = self.rpn(batch, self.backbone(batch.tensors))
        found, _ = self.roi_heads(None, proposals, batch.image_sizes)
        return list(self.transform.postprocess(found, batch.image_sizes, batch.image_sizes))


def apart(count: int) -> torch.Tensor:
    """Return so many boxes that do not overlap."""
    corners = torch.arange(count, dtype=torch.float32)[:, None] * torch.full((4,), 10.0)
    return corners + torch.tensor([0.0, 0, 5, 5])


def suppressed(found: torch.Tensor) -> torch.Tensor:
    return boxes.batched_nms(found, torch.ones(len(found)), torch.zeros(len(found), dtype=torch.int64), 0.5)


def detected(found: torch.Tensor) -> dict[str, torch.Tensor]:
    kept = found[suppressed(found)[:3]]
    return {"boxes": kept, "scores": torch.ones(len(kept)), "labels": torch.ones(len(kept), dtype=torch.int64)}
