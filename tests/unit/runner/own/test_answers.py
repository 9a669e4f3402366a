"""What a detector answers is torchvision's format, or a sentence names the picture and what is wrong."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from runner.errors import JobError  # noqa: E402
from runner.own.answers import Checked, ShownPicture, trusted  # noqa: E402

pytestmark = pytest.mark.torch

CAT, DOG = ShownPicture("cat.jpg", 6, 8), ShownPicture("dog.jpg", 5, 7)
NAN, INFINITE = float("nan"), float("inf")


def answer(n: int = 2, **others: Any) -> dict[str, Any]:
    plain = {"boxes": torch.ones(n, 4), "labels": torch.ones(n, dtype=torch.int64), "scores": torch.full((n,), 0.5)}
    return {**plain, **others}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in answer().items() if key != name}


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        (torch.zeros(3), "m:f returned for cat.jpg a Tensor, not a list of dicts"),
        ({"boxes": 1}, "m:f returned for cat.jpg a dict, not a list of dicts"),
        ([], "m:f returned for 1 picture a list of 0"),
        ([torch.zeros(3)], "m:f returned for cat.jpg a Tensor, not a dict"),
        ([without("labels")], "m:f returned for cat.jpg no labels"),
        ([answer(scores=[0.5, 0.5])], "m:f returned for cat.jpg scores that are a list, not a tensor"),
        ([answer(boxes=torch.ones(2, 5))], "boxes of shape (2, 5), not (2, 4)"),
        ([answer(boxes=torch.ones(()))], "boxes of shape (), not (0, 4)"),
        ([answer(labels=torch.ones(3, dtype=torch.int64))], "labels of shape (3,), not (2,)"),
        ([answer(scores=torch.ones(2, 1))], "scores of shape (2, 1), not (2,)"),
        ([answer(labels=torch.ones(2))], "labels of type float32, not whole numbers"),
        ([answer(labels=torch.ones(2, dtype=torch.bool))], "labels of type bool, not whole numbers"),
        ([answer(boxes=torch.ones(2, 4, dtype=torch.int32))], "boxes of type int32, not floating-point numbers"),
        ([answer(boxes=torch.tensor([[1, 2, 3, NAN]] * 2))], "boxes with NaN among them"),
        ([answer(boxes=torch.tensor([[1, 2, 3, INFINITE]] * 2))], "boxes from 1 to inf, which are not finite"),
        ([answer(scores=torch.tensor([0.5, 1.5]))], "scores from 0.5 to 1.5, which are not between 0 and 1"),
        ([answer(scores=torch.tensor([NAN, 0.5]))], "scores with NaN among them"),
        ([answer(labels=torch.tensor([-1, 1]))], "labels from -1 to 1, which are not between 0 and 2147483647"),
        ([answer(masks=torch.ones(2, 6, 8))], "masks of shape (2, 6, 8), not (2, 1, 6, 8)"),
        ([answer(masks=torch.full((2, 1, 6, 8), 255.0))], "masks from 255 to 255, which are not between 0 and 1"),
        ([answer(keypoints=torch.ones(2, 17, 2))], "keypoints of shape (2, 17, 2), not (2, 17, 3)"),
        ([answer(keypoints=torch.full((2, 17, 3), NAN))], "keypoints with NaN among them"),
    ],
)
def test_what_is_no_answer_is_a_sentence(outputs: Any, sentence: str) -> None:
    with pytest.raises(JobError) as caught:
        Checked("m:f")(outputs, [CAT])
    assert sentence in str(caught.value)
    assert caught.value.failure.cause == "model"
    assert "boxes (N, 4)" in caught.value.failure.remedy


@pytest.mark.parametrize("n", [0, 2])
def test_an_answer_is_kept_as_numbers_alone(n: int) -> None:
    given = answer(n, boxes=torch.ones(n, 4, dtype=torch.float16, requires_grad=True), extra="not kept")
    (kept,) = Checked("m:f")([given], [CAT])
    assert sorted(kept) == ["boxes", "labels", "scores"]
    assert kept["boxes"].dtype == torch.float32
    assert not kept["boxes"].requires_grad
    assert kept["labels"].dtype == torch.int64


def test_what_it_makes_is_what_it_was_seen_to_return() -> None:
    looked: list[bool] = []
    check = Checked("m:f", on_masks=lambda: looked.append(True))
    assert check.makes is None
    for shown in (CAT, DOG):
        masks = torch.zeros(1, 1, shown.height, shown.width)
        check([answer(1, masks=masks, keypoints=torch.ones(1, 17, 3))], [shown])
    assert check.makes == ["boxes", "masks", "keypoints"]
    assert (looked, check.remarks()) == ([True], [])
    with pytest.raises(JobError, match=r"returned for dog\.jpg no keypoints, unlike before"):
        check([answer(1, masks=torch.zeros(1, 1, 5, 7))], [DOG])
    with pytest.raises(JobError, match=r"keypoints of shape \(1, 16, 3\), not \(1, 17, 3\)"):
        check([answer(1, masks=torch.zeros(1, 1, 5, 7), keypoints=torch.ones(1, 16, 3))], [DOG])


def test_keypoints_that_coco_does_not_score_are_no_task() -> None:
    check = Checked("m:f")
    check([answer(1, keypoints=torch.ones(1, 5, 3), keypoints_scores=torch.ones(1, 5))], [CAT])
    assert check.makes == ["boxes"]
    assert check.remarks() == ["its keypoints, 5 an object, are not scored: COCO's similarity is defined for 17"]


def test_torchvision_is_trusted() -> None:
    outputs = [{"boxes": "whatever"}]
    assert trusted(outputs, [CAT]) is outputs
