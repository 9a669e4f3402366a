from harness.catalogue import detector, detectors, displays, models
from harness.catalogue.detectors import notes_on_own

ONE, TWO, OTHER = "mine:f@0123456789ab", "mine:f@ba9876543210", "mine:g@0123456789ab"


def test_a_builder_is_a_catalogued_model_or_named_by_itself() -> None:
    assert detector("ssd300_vgg16") is models()["ssd300_vgg16"]
    assert (detector(ONE).display, detector(ONE).tasks, detector(ONE).ap("bbox")) == ("mine:f", ["boxes"], None)
    assert detector(ONE, ["boxes", "masks"]).tasks == ["boxes", "masks"]
    assert detector("detr").display == "detr"


def test_the_catalogue_comes_first_and_in_its_order() -> None:
    shown = detectors([TWO, "ssd300_vgg16", OTHER, "fasterrcnn_resnet50_fpn", TWO])
    assert [each.builder for each in shown] == ["fasterrcnn_resnet50_fpn", "ssd300_vgg16", TWO, OTHER]


def test_the_hash_is_in_a_name_that_two_folders_have() -> None:
    assert displays([ONE, OTHER]) == {ONE: "mine:f", OTHER: "mine:g"}
    assert displays([ONE, TWO, OTHER]) == {ONE: "mine:f (0123456789ab)", TWO: "mine:f (ba9876543210)", OTHER: "mine:g"}


def test_a_builder_that_calls_itself_as_another_is_told_apart() -> None:
    named = displays(["ssd300_vgg16", "SSD300 VGG16", "mine:f", ONE])
    assert named["ssd300_vgg16"] == "SSD300 VGG16 (ssd300_vgg16)"
    assert len(set(named.values())) == 4


def test_a_note_has_the_hash_where_the_name_has_not() -> None:
    assert notes_on_own(detectors(["ssd300_vgg16", ONE, OTHER])) == [
        "mine:f, mine:g: no model of torchvision's, but own code, 0123456789ab"
    ]
    assert notes_on_own(detectors([ONE, TWO])) == []
