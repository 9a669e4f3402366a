import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

import safetensors.numpy
import torch
from torch import nn

from runner import compat, models, weights
from runner.contract import Weights
from runner.errors import JobError

pytestmark = pytest.mark.torch
unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

BOX_HEAD = "roi_heads.box_predictor.cls_score.weight"
SSD_LAYERS = {"ssd300_vgg16": "module_list.0", "ssdlite320_mobilenet_v3_large": "module_list.0.1"}


def head(layer: str, boxes: str, rows: int, coordinates: int) -> dict[str, Any]:
    return {
        f"head.classification_head.{layer}.weight": torch.empty(rows, 8, 3, 3, device="meta"),
        f"head.regression_head.{boxes}.weight": torch.empty(coordinates, 8, 3, 3, device="meta"),
    }


def test_the_box_predictor_of_an_r_cnn_has_a_row_for_each_class() -> None:
    state = {BOX_HEAD: torch.empty(91, 1024, device="meta"), **head("cls_logits", "bbox_reg", 9 * 5, 36)}
    assert weights.class_count(state, "fasterrcnn_resnet50_fpn") == 91


@unhurried
@given(st.integers(1, 12), st.integers(2, 400))
def test_a_dense_head_has_a_row_for_each_anchor_and_class(anchors: int, classes: int) -> None:
    sizes = anchors * classes, anchors * 4
    assert weights.class_count(head("cls_logits", "bbox_reg", *sizes), "retinanet_resnet50_fpn") == classes
    for builder, layer in SSD_LAYERS.items():
        assert weights.class_count(head(layer, layer, *sizes), builder) == classes


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"backbone.conv1.weight": torch.zeros(64, 3, 7, 7)},
        {"head.classification_head.cls_logits.weight": torch.zeros(91, 8, 3, 3)},
        {"head.regression_head.bbox_reg.weight": torch.zeros(36, 8, 3, 3)},
        {"module." + BOX_HEAD: torch.zeros(91, 1024)},
    ],
    ids=["empty", "no-head", "no-boxes", "no-classes", "data-parallel"],
)
def test_a_state_without_a_class_head_is_no_detection_model(state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no class head for ssd300_vgg16"):
        weights.class_count(state, "ssd300_vgg16")


def test_the_hash_covers_name_type_shape_and_bytes_in_the_order_of_names() -> None:
    state = {"b": torch.tensor([1.0, -2.0]), "a": torch.tensor(7)}
    content = b"a torch.int64 ()\n" + b"\7" + bytes(7)
    content += b"b torch.float32 (2,)\n" + bytes.fromhex("0000803f 000000c0")
    assert weights.state_hash(state) == hashlib.sha256(content).hexdigest()


def test_the_hash_is_the_same_for_old_and_new_names_and_any_order() -> None:
    a, b = torch.arange(4.0), torch.arange(6.0)
    new = {"rpn.head.conv.0.0.weight": a, "roi_heads.mask_head.0.0.bias": b}
    old = {"roi_heads.mask_head.mask_fcn1.bias": b, "rpn.head.conv.weight": a}
    assert weights.state_hash(new) == weights.state_hash(old)


def test_the_hash_looks_at_values_and_not_at_memory() -> None:
    square = torch.arange(4.0).reshape(2, 2)
    plain = weights.state_hash({"a": square})
    assert weights.state_hash({"a": nn.Parameter(square)}) == plain
    assert weights.state_hash({"a": square.t().contiguous().t()}) == plain


@pytest.mark.parametrize(
    "other",
    [
        {"a": torch.tensor([[1.0, 2.0], [3.0, 5.0]])},
        {"a": torch.tensor([1.0, 2.0, 3.0, 4.0])},
        {"a": torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(torch.int32)},
        {"b": torch.tensor([[1.0, 2.0], [3.0, 4.0]])},
        {"a": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "empty": torch.zeros(0)},
        {},
    ],
    ids=["value", "shape", "type", "name", "one-more", "none"],
)
def test_the_hash_tells_states_apart(other: dict[str, Any]) -> None:
    assert weights.state_hash(other) != weights.state_hash({"a": torch.tensor([[1.0, 2.0], [3.0, 4.0]])})


TINY = {
    "backbone.body.conv1.weight": (4, 3, 7, 7),
    "backbone.body.bn1.weight": (4,),
    "backbone.body.bn1.running_var": (4,),
    "backbone.body.bn1.num_batches_tracked": (),
    "roi_heads.box_predictor.cls_score.weight": (3, 32),
    "roi_heads.box_predictor.cls_score.bias": (3,),
    "roi_heads.box_predictor.bbox_pred.bias": (12,),
}


def random_state(seed: int = 0) -> dict[str, Any]:
    return weights.random_state("fasterrcnn_resnet50_fpn", TINY, seed)


def test_random_weights_are_the_same_bits_everywhere() -> None:
    wanted = "c4f7e379c61363a1e63b8763825488836429be3dbf4588cef87065279cede3cb"
    assert weights.state_hash(random_state()) == wanted


def test_random_weights_have_the_names_and_shapes_that_were_asked_for() -> None:
    state = random_state()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == TINY
    assert state["backbone.body.bn1.num_batches_tracked"].dtype == torch.int64


def test_a_seed_changes_the_filters_and_nothing_else() -> None:
    zero, one = random_state(0), random_state(1)
    assert {name for name in TINY if not torch.equal(zero[name], one[name])} == {
        "backbone.body.conv1.weight",
        "roi_heads.box_predictor.cls_score.weight",
    }


def test_an_entry_does_not_depend_on_the_others() -> None:
    more = {**TINY, "backbone.body.layer1.0.conv1.weight": (8, 4, 3, 3)}
    larger = weights.random_state("fasterrcnn_resnet50_fpn", more)
    assert all(torch.equal(tensor, larger[name]) for name, tensor in random_state().items())


def test_every_filter_sums_to_zero() -> None:
    sums = random_state()["backbone.body.conv1.weight"].double().sum(dim=(1, 2, 3))
    assert sums.abs().max() < 1e-5


def test_every_class_but_the_background_has_to_stand_out() -> None:
    state = random_state()
    assert state["roi_heads.box_predictor.cls_score.bias"].tolist() == [0.0, -3.0, -3.0]
    background, *classes = state["roi_heads.box_predictor.cls_score.weight"].sum(dim=1).tolist()
    assert abs(background) < 1e-5
    assert all(total < -1 for total in classes)


def test_a_retinanet_has_no_row_for_the_background() -> None:
    head_shapes = {"head.classification_head.cls_logits.bias": (18,)}
    state = weights.random_state("retinanet_resnet50_fpn", head_shapes)
    assert state["head.classification_head.cls_logits.bias"].tolist() == [-3.0] * 18


def test_a_builder_that_is_not_tuned_has_no_random_weights() -> None:
    with pytest.raises(ValueError, match="no random weights for 'resnet50'"):
        weights.random_state("resnet50", TINY)


STATE = OrderedDict(weight=torch.arange(6.0).reshape(2, 3), count=torch.tensor(3))


def saved(path: Path, value: Any) -> Weights:
    torch.save(value, str(path))
    return planned(path)


def planned(path: Path) -> Weights:
    return Weights("file", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def assert_same(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert {name: (t.dtype, t.tolist()) for name, t in state.items()} == {
        name: (t.dtype, t.tolist()) for name, t in wanted.items()
    }


@pytest.mark.parametrize("kind", ["file", "pretrained"])
def test_a_checkpoint_is_read_back(tmp_path: Path, kind: Any) -> None:
    spec = saved(tmp_path / "a.pth", STATE)
    assert_same(models.read_state(Weights(kind, file=spec.file, sha256=spec.sha256), tmp_path), STATE)


def test_the_state_of_a_module_is_read_back(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    state = models.read_state(saved(tmp_path / "a.pth", module.state_dict()), tmp_path)
    assert weights.state_hash(state) == weights.state_hash(module.state_dict())


def test_safetensors_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file({name: tensor.numpy() for name, tensor in STATE.items()}, str(path))
    assert_same(models.read_state(planned(path), tmp_path), STATE)


def test_the_planned_content_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    spec = saved(path, STATE)
    saved(path, OrderedDict(weight=torch.zeros(2, 3)))
    found = planned(path).sha256
    with pytest.raises(JobError, match=f"a.pth have SHA-256 {found}, not the planned {spec.sha256}") as caught:
        models.read_state(spec, tmp_path)
    assert (caught.value.failure.remedy, caught.value.failure.cause) == ("plan the run again", "infrastructure")


def test_without_a_planned_hash_nothing_is_read(tmp_path: Path) -> None:
    saved(tmp_path / "a.pth", STATE)
    with pytest.raises(JobError, match="not the planned None"):
        models.read_state(Weights("file", file="a.pth"), tmp_path)


def test_a_hash_covers_files_of_many_blocks(tmp_path: Path) -> None:
    large = OrderedDict(weight=torch.arange(600_000, dtype=torch.float32))
    state = models.read_state(saved(tmp_path / "a.pth", large), tmp_path)
    assert torch.equal(state["weight"], large["weight"])


@pytest.mark.parametrize("folder", [None, Path("there/is/no/such/folder")])
def test_weights_that_are_not_there_are_named(folder: Path | None) -> None:
    with pytest.raises(JobError, match=r"the weights a\.pth can't be read: .*No such file"):
        models.read_state(Weights("file", file="a.pth", sha256="0" * 64), folder)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def nothing(content: bytes) -> bytes:
    return b""


def other(content: bytes) -> bytes:
    return b"<html>404</html>"


BROKEN = [(cut, "is cut off or damaged: "), (nothing, "is empty"), (other, "is a web page, not the file")]


@pytest.mark.parametrize(("broken", "what"), BROKEN)
def test_a_broken_checkpoint_is_one_sentence(tmp_path: Path, broken: Callable[[bytes], bytes], what: str) -> None:
    path = tmp_path / "a.pth"
    saved(path, STATE)
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(JobError, match=rf"a\.pth {what}"):
        models.read_state(planned(path), tmp_path)


@pytest.mark.parametrize(("broken", "what"), BROKEN)
def test_broken_safetensors_are_one_sentence(tmp_path: Path, broken: Callable[[bytes], bytes], what: str) -> None:
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file({name: tensor.numpy() for name, tensor in STATE.items()}, str(path))
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(JobError, match=rf"a\.safetensors {what}"):
        models.read_state(planned(path), tmp_path)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (torch.zeros(3), "Tensor"),
        ([torch.zeros(3)], "list"),
        ({"optimizer": {"lr": 0.1}, "epoch": 3}, "dict with the entries optimizer, epoch"),
        (None, "NoneType"),
    ],
    ids=["tensor", "list", "no-model", "none"],
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, value: Any, what: str) -> None:
    with pytest.raises(JobError, match=f"a.pth holds a {what}, not a mapping of tensors") as caught:
        models.read_state(saved(tmp_path / "a.pth", value), tmp_path)
    assert "model.state_dict()" in caught.value.failure.remedy


class Booby:
    """Writes a file when it is unpickled."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("save", [torch.save, lambda value, path: Path(path).write_bytes(pickle.dumps(value))])
def test_no_code_of_a_checkpoint_is_run(tmp_path: Path, save: Callable[[Any, str], object]) -> None:
    path, trace = tmp_path / "a.pth", tmp_path / "trace"
    save({"weight": Booby(trace)}, str(path))
    with pytest.raises(JobError, match=r"can't read without running its code|is no checkpoint"):
        models.read_state(planned(path), tmp_path)
    assert not trace.exists()


def test_an_old_torch_reads_no_checkpoints_of_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat, "HAS_WEIGHTS_ONLY", False)
    spec = saved(tmp_path / "a.pth", STATE)
    with pytest.raises(JobError, match="without running code from it") as caught:
        models.read_state(spec, tmp_path)
    assert "safetensors" in caught.value.failure.remedy
    published = Weights("pretrained", file=spec.file, sha256=spec.sha256)
    assert_same(models.read_state(published, tmp_path), STATE)
