import pytest

from harness.catalogue.labels import COCO, beside_coco

LITE, POSES = "ssdlite320_mobilenet_v3_large", "keypointrcnn_resnet50_fpn"


def test_coco_s_own_names_are_no_warning() -> None:
    own = {number: name for number, name in enumerate(COCO) if name not in ("N/A", "__background__")}
    assert len(own) == 80
    assert list(beside_coco("pretrained", LITE, own)) == []
    assert list(beside_coco("pretrained", LITE, {10: "Traffic_Light"})) == []
    assert list(beside_coco("pretrained", POSES, {1: "person"})) == []


@pytest.mark.parametrize("weights", ["random", "shapes", "file"])
def test_other_weights_may_know_any_category(weights: str) -> None:
    assert list(beside_coco(weights, LITE, {1: "circle"})) == []


def test_other_names_by_coco_s_ids_are_named() -> None:
    (text,) = beside_coco("pretrained", LITE, {1: "person", 2: "circle", 12: "square", 200: "ring", 3: "dog"})
    assert text.startswith("4 of 5 categories are not those that the pretrained weights were trained on: ")
    assert "2 is circle, not bicycle, 3 is dog, not car, 12 is square, which COCO lacks, ...;" in text


def test_poses_are_of_persons_alone() -> None:
    (text,) = beside_coco("pretrained", POSES, {2: "bicycle"})
    assert "2 is bicycle, which COCO lacks" in text
