import pytest

from runner.names import canonical_name

#: The name in torchvision 0.14 and newer, and the name in 0.10 and in the published checkpoints.
RENAMED = [
    ("backbone.fpn.inner_blocks.0.0.weight", "backbone.fpn.inner_blocks.0.weight"),
    ("backbone.fpn.layer_blocks.3.0.bias", "backbone.fpn.layer_blocks.3.bias"),
    ("rpn.head.conv.0.0.weight", "rpn.head.conv.weight"),
    ("head.classification_head.conv.0.0.weight", "head.classification_head.conv.0.weight"),
    ("head.classification_head.conv.3.0.bias", "head.classification_head.conv.6.bias"),
    ("head.regression_head.conv.2.0.weight", "head.regression_head.conv.4.weight"),
    ("roi_heads.mask_head.0.0.weight", "roi_heads.mask_head.mask_fcn1.weight"),
    ("roi_heads.mask_head.3.0.bias", "roi_heads.mask_head.mask_fcn4.bias"),
]
UNCHANGED = [
    "backbone.body.layer1.0.conv1.weight",
    "backbone.body.layer1.0.downsample.0.weight",
    "backbone.features.0.0.0.weight",
    "backbone.extra.0.0.0.weight",
    "backbone.fpn.extra_blocks.p6.weight",
    "rpn.head.cls_logits.weight",
    "roi_heads.box_head.fc6.weight",
    "roi_heads.keypoint_head.0.weight",
    "roi_heads.mask_predictor.conv5_mask.weight",
    "head.classification_head.module_list.0.0.0.weight",
    "head.classification_head.cls_logits.weight",
]


@pytest.mark.parametrize(("new", "old"), RENAMED)
def test_a_new_name_becomes_the_name_in_the_checkpoints(new: str, old: str) -> None:
    assert canonical_name(new) == old


@pytest.mark.parametrize("name", [*UNCHANGED, *(old for _, old in RENAMED)])
def test_a_canonical_name_stays(name: str) -> None:
    assert canonical_name(name) == name


def test_no_two_layers_of_a_head_get_one_name() -> None:
    new = [f"head.classification_head.conv.{layer}.0.weight" for layer in range(4)]
    assert [canonical_name(name).split(".")[3] for name in new] == ["0", "2", "4", "6"]
