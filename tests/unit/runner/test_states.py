"""A checkpoint whose names do not share one prefix: whose tensors they are is said, instead of an absent class head."""

import pytest

pytest.importorskip("torch")

import torch

from runner import states
from runner.errors import JobError

pytestmark = pytest.mark.torch

STATE = {"backbone.body.conv1.weight": torch.ones(2, 3), "head.classification_head.cls_logits.bias": torch.ones(2)}


def under(prefix: str) -> "dict[str, torch.Tensor]":
    return {prefix + name: tensor for name, tensor in STATE.items()}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {**under("model."), "loss.weight": torch.ones(1)},
            "a model under model. and other tensors beside it, such as",
        ),
        (
            {**under("student."), **under("teacher.")},
            "2 models, under student. and teacher., and does not say which one",
        ),
        ({"state_dict": {**under("net."), "criterion.weight": torch.ones(1)}}, "such as criterion.weight"),
    ],
)
def test_a_model_beside_others_is_refused_by_its_prefix(content: "dict[str, object]", sentence: str) -> None:
    with pytest.raises(JobError) as caught:
        states.state_of(content, "mine.pth", lambda text: None)
    assert sentence in str(caught.value)
    assert "save the one that is meant alone" in str(caught.value.failure.remedy)


@pytest.mark.parametrize("content", [STATE, under("module."), {**STATE, "extra.weight": torch.ones(1)}])
def test_names_that_share_a_prefix_are_read(content: "dict[str, torch.Tensor]") -> None:
    assert set(STATE) <= set(states.state_of(content, "mine.pth", lambda text: None))
