"""A frame with what was detected on it: masks, boxes, skeletons, and labels with scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.clips.needs import needed
from harness.clips.video import Pixels
from harness.data.shapes.figures import SKELETON
from runner.contract.rows import ImageDetections, Row

#: A keypoint is drawn where the model scores it above this; torchvision's scores are logits.
SURE_KEYPOINT = 0.0
#: Height of a label's letters and thickness of a line, as shares of a frame's shorter side.
LETTERS, LINE = 1 / 900, 1 / 240
#: Of a label's letters, in pixels.
THICKNESS = 1
#: The luma, 0 to 255, from which letters on a colour are black.
LIGHT = 140


@dataclass(frozen=True)
class Pen:
    """Draws on frames of one size. `names` are the categories by label, detections below `score` are left out.

    Labels lie within the frame, and below its first `covered` rows, on which something else is drawn.
    """

    score: float
    names: Mapping[int, str]
    height: int
    width: int
    covered: int = 0
    _sv: Any = field(default_factory=lambda: needed("supervision"), repr=False)
    _cv2: Any = field(default_factory=lambda: needed("cv2"), repr=False)

    def draw(self, pixels: Pixels, found: ImageDetections) -> Pixels:
        """Return a copy of the frame with the detections on it, masks lowest and labels on top, the best above all."""
        kept = np.flatnonzero(found.scores >= self.score)
        kept = kept[np.argsort(found.scores[kept], kind="stable")]
        shown = self._sv.Detections(
            xyxy=self._near(found.boxes[kept]),
            confidence=np.asarray(found.scores[kept]),
            class_id=np.asarray(found.labels[kept], int),
            mask=self._masks(found, kept),
        )
        # OpenCV draws on what it takes for BGR; its order is RGB's backwards.
        scene = self._cv2.cvtColor(pixels, self._cv2.COLOR_RGB2BGR)
        for annotator in self._annotators:
            scene = annotator.annotate(scene, shown)
        if found.keypoints is not None and len(kept):
            self._draw_skeletons(scene, found, kept)
        scene = self._labelled(scene, shown, [self._label(found, number) for number in kept.tolist()])
        drawn: Pixels = self._cv2.cvtColor(scene, self._cv2.COLOR_BGR2RGB)
        return drawn

    def outline(self, pixels: Pixels, found: ImageDetections, which: NDArray[np.intp]) -> Pixels:
        """Return a copy of the frame with a white line around some of the detections, wider than what draw() draws."""
        alone = self._sv.Detections(xyxy=self._near(found.boxes[which]))
        width = max(3 * self._line, self._line + 4)
        thick = self._sv.BoxAnnotator(self._sv.Color.WHITE, width, self._sv.ColorLookup.INDEX)
        outlined: Pixels = thick.annotate(pixels.copy(), alone)
        return outlined

    def sure(self, row: Row) -> Row:
        """Return a row with the detections that are drawn alone."""
        found = row.detections
        if found is None:
            return row
        kept = np.flatnonzero(found.scores >= self.score)
        parts = {
            name: [value[number] for number in kept] if isinstance(value, list) else value[kept]
            for name, value in vars(found).items()
            if value is not None
        }
        return replace(row, detections=replace(found, **parts))

    def _labelled(self, scene: Pixels, shown: Any, texts: list[str]) -> Any:
        """Return what is drawn with a text on top of the box of each detection, moved where it would not be seen."""
        boxes = shown.xyxy.copy()
        for box, text in zip(boxes, texts, strict=True):
            size, _ = self._cv2.getTextSize(text, self._cv2.FONT_HERSHEY_SIMPLEX, self._labels.text_scale, THICKNESS)
            width, height = (side + 2 * self._labels.text_padding for side in size)
            box[0] = max(min(box[0], self.width - 1 - width), 0)
            box[1] = min(max(box[1], self.covered + height), self.height)
        places = self._sv.Detections(xyxy=boxes, class_id=shown.class_id)
        return self._labels.annotate(scene, places, labels=texts)

    def _label(self, found: ImageDetections, number: int) -> str:
        label = int(found.labels[number])
        return f"{self.names.get(label, label)} {found.scores[number]:.2f}"

    def _masks(self, found: ImageDetections, kept: NDArray[np.intp]) -> NDArray[np.bool_] | None:
        """Return the masks (n, height, width), each as far as it lies within its box."""
        if found.masks is None or not len(kept):
            return None
        from pycocotools import mask

        masks = np.zeros((len(kept), self.height, self.width), np.bool_)
        for place, number in enumerate(kept):
            left, top, right, bottom = self._whole_pixels(found.boxes[number])
            whole = mask.decode({"size": [self.height, self.width], "counts": found.masks[number]})
            masks[place, top:bottom, left:right] = whole[top:bottom, left:right] > 0
        return masks

    def _whole_pixels(self, box: NDArray[np.float32]) -> list[int]:
        """Return left, top, right, bottom of the pixels that a box touches within the frame."""
        sides = [self.width, self.height] * 2
        rounded = [*np.floor(box[:2]), *np.ceil(box[2:])]
        return [int(min(max(side, 0), most)) for side, most in zip(rounded, sides, strict=True)]

    def _draw_skeletons(self, scene: Pixels, found: ImageDetections, kept: NDArray[np.intp]) -> None:
        points = np.asarray(found.keypoints[kept])
        scores = None if found.keypoint_scores is None else found.keypoint_scores[kept]
        sure = points[..., 2] > 0 if scores is None else scores > SURE_KEYPOINT
        people = self._sv.KeyPoints(xy=self._near(points[..., :2]), visible=sure)
        self._edges.annotate(scene, people)
        self._joints.annotate(scene, people)

    def _near(self, corners: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return boxes or points no farther from the frame than its own size, which OpenCV can draw."""
        size = np.resize(np.array([self.width, self.height], np.float64), corners.shape[-1])
        return np.clip(np.asarray(corners, np.float64), -size, 2 * size)

    @cached_property
    def _line(self) -> int:
        return max(1, round(min(self.height, self.width) * LINE))

    @cached_property
    def _annotators(self) -> list[Any]:
        return [self._sv.MaskAnnotator(opacity=0.45), self._sv.BoxAnnotator(thickness=self._line)]

    @cached_property
    def _labels(self) -> Any:
        scale = max(0.35, min(self.height, self.width) * LETTERS)
        look = {"text_scale": scale, "text_thickness": THICKNESS, "text_padding": 2 * self._line}
        return self._sv.LabelAnnotator(text_color=self._letters, **look)

    @cached_property
    def _letters(self) -> Any:
        """The colour of the letters on each colour of the palette: black on what is light."""
        black, white = self._sv.Color.BLACK, self._sv.Color.WHITE
        return self._sv.ColorPalette(
            [black if _light(each) else white for each in self._sv.ColorPalette.DEFAULT.colors]
        )

    @cached_property
    def _edges(self) -> Any:
        edges = [(one, other) for one, other in SKELETON]
        return self._sv.EdgeAnnotator(self._sv.Color.GREEN, thickness=self._line, edges=edges)

    @cached_property
    def _joints(self) -> Any:
        return self._sv.VertexAnnotator(self._sv.Color.YELLOW, radius=self._line + 1)


def _light(colour: Any) -> bool:
    """Tell whether black is read better on a colour than white: by the luma of its RGB (Rec. 601)."""
    return bool(0.299 * colour.r + 0.587 * colour.g + 0.114 * colour.b > LIGHT)
