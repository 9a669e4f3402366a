"""The bundled photographs are what their README says, and fit to compare stacks with."""

import math
from pathlib import Path

import numpy
import pytest
from PIL import Image

from harness.paths import PHOTOGRAPHS

PATHS = sorted(PHOTOGRAPHS.glob("*.jpg"))
#: Shorter and longer side that the models resize to: most of them, and Faster R-CNN MobileNetV3-Large 320.
RESIZES = [(800, 1333), (320, 640)]


def scale_now(shorter: int, longer: int, low: int, high: int) -> float:
    return min(shorter / low, longer / high)


def scale_in_torchvision_0_10(shorter: int, longer: int, low: int, high: int) -> float:
    """Return it as single precision gives it, where torch divides a number by a tensor through its reciprocal."""
    one = numpy.float32(1)
    return float(min(shorter * (one / numpy.float32(low)), longer * (one / numpy.float32(high))))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_torchvision_resizes_it_alike(path: Path) -> None:
    with Image.open(path) as picture:
        width, height = picture.size
    low, high = sorted((width, height))
    for shorter, longer in RESIZES:
        scales = [scale(shorter, longer, low, high) for scale in (scale_now, scale_in_torchvision_0_10)]
        assert len({(math.floor(low * scale), math.floor(high * scale)) for scale in scales}) == 1


def test_the_readme_lists_each_with_its_size() -> None:
    lines = (PHOTOGRAPHS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ")[:3] for line in lines if line.startswith("| ") and ".jpg" in line.split(" | ")[0]]
    actual = []
    for path in PATHS:
        with Image.open(path) as picture:
            actual.append([f"| {path.name}", "{}x{}".format(*picture.size), str(path.stat().st_size)])
    assert rows == actual
    assert len(rows) >= 8
