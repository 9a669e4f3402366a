"""What the labels of torchvision's COCO weights mean, beside the categories of a dataset."""

from collections.abc import Iterator, Mapping

#: By label, as torchvision has them (torchvision/models/_meta.py); N/A are labels without a category.
# fmt: off
COCO = [
    "__background__", "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "N/A", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse",
    "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "N/A", "backpack", "umbrella", "N/A", "N/A", "handbag",
    "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
    "skateboard", "surfboard", "tennis racket", "bottle", "N/A", "wine glass", "cup", "fork", "knife", "spoon",
    "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake",
    "chair", "couch", "potted plant", "bed", "N/A", "dining table", "N/A", "N/A", "toilet", "N/A", "tv", "laptop",
    "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "N/A",
    "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
]
# fmt: on
#: How many categories a warning names.
NAMED = 3


def beside_coco(weights: str, builder: str, used: Mapping[int, str]) -> Iterator[str]:
    """Yield a warning where pretrained weights meet categories, names by id, that are not COCO's of these ids."""
    known = dict(enumerate(COCO[:2] if builder.startswith("keypoint") else COCO))
    others = {number: name for number, name in used.items() if _plain(name) != _plain(known.get(number, "N/A"))}
    if weights != "pretrained" or not others:
        return
    first = [_beside(number, name, known.get(number, "N/A")) for number, name in sorted(others.items())[:NAMED]]
    more = ", ..." if len(others) > NAMED else ""
    yield (
        f"{len(others)} of {len(used)} categories are not those that the pretrained weights were trained on: "
        f"{', '.join(first)}{more}; their AP says nothing of the model"
    )


def _beside(number: int, name: str, known: str) -> str:
    return f"{number} is {name}, " + ("which COCO lacks" if known in ("N/A", "__background__") else f"not {known}")


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ").replace("-", " ")
