"""Checkpoints as people have them: each is read, or is called what it is."""

import argparse
import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

pytest.importorskip("torch")

import safetensors.numpy
import torch
from torch import nn

from runner import models, states
from runner.contract import Weights
from runner.errors import JobError

pytestmark = pytest.mark.torch

HEAD = "roi_heads.box_predictor.cls_score.weight"
STATE = {"backbone.body.conv1.weight": torch.arange(6.0).reshape(2, 3) / 3, HEAD: torch.ones(2, 4)}


def read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the state of a checkpoint and the remarks on it."""
    remarks: list[str] = []
    spec = Weights("file", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    return models.read_state(spec, path.parent, remarks.append), remarks


def read_saved(path: Path, value: Any) -> tuple[dict[str, Any], list[str]]:
    torch.save(value, path)
    return read(path)


def refusal(path: Path, value: Any = None) -> str:
    """Return the sentence with which a checkpoint is refused."""
    if value is not None:
        torch.save(value, path)
    with pytest.raises(JobError) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.startswith(path.name)
    assert "weights_only" not in sentence
    assert sentence.isprintable()
    assert caught.value.failure.remedy
    return sentence.removeprefix(path.name).lstrip(": ")


def zipped(**entries: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in entries.items():
            archive.writestr(f"mine/{name.replace('__', '.')}", text)
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 9\n", "is the pointer of a file in Git LFS"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "is a web page"),
        (b"<HTML>", "is a web page"),
        (b'<?xml version="1.0"?><Error/>', "is an XML text"),
        (b'{"weight_map": {}}', "is a JSON text"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras writes them"),
        (gzip.compress(b"weights", mtime=0), "is compressed by gzip"),
        (tarred(), "is a tar archive"),
        (zipped(data__pkl="", constants__pkl=""), "is a TorchScript program"),
        (zipped(weights__npy=""), "is a zip archive that torch.save did not write"),
        (b"PK\x03\x04 and no more", "is cut off or damaged"),
        (b"neither this nor that", "is no checkpoint"),
        (pickle.dumps({"weight": [1.0, 2.0]}), "is no checkpoint: neither torch.save nor safetensors wrote it"),
    ],
)
@pytest.mark.parametrize("name", ["mine.pth", "mine.safetensors"])
def test_a_file_that_is_no_checkpoint_is_called_what_it_is(
    tmp_path: Path, content: bytes, what: str, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).startswith(what)


class Mine:
    """A class that torch does not know."""


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"model": STATE, "options": argparse.Namespace(epochs=3)}, "holds argparse.Namespace"),
        ({**STATE, "best": numpy.float32(0.5)}, "holds a numpy scalar (numpy."),
        ({**STATE, "curve": numpy.zeros(2)}, "holds a numpy object (numpy."),
        (nn.Sequential(nn.Conv2d(3, 2, 1)), "holds a whole pickled model (torch.nn.modules."),
        ({"model": STATE, "mine": Mine()}, f"holds {__name__}.Mine"),
    ],
    ids=["arguments", "scalar", "array", "model", "class"],
)
def test_what_torch_refuses_is_named_without_its_advice(tmp_path: Path, value: Any, what: str) -> None:
    assert refusal(tmp_path / "mine.pth", value).startswith(what)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "detector.net.", "module._orig_mod.model."])
def test_a_prefix_that_all_names_share_is_taken_off_and_said(tmp_path: Path, prefix: str) -> None:
    state, remarks = read_saved(tmp_path / "mine.pth", {prefix + name: value for name, value in STATE.items()})
    assert list(state) == list(STATE)
    assert remarks == [f"mine.pth: the prefix {prefix} of all names was taken off"]


def test_a_part_of_the_model_is_no_prefix(tmp_path: Path) -> None:
    backbone = {name: value for name, value in STATE.items() if name.startswith("backbone.")}
    some = {"module." + HEAD: torch.ones(1), "backbone.bias": torch.ones(1)}
    for kept in (backbone, some):
        state, remarks = read_saved(tmp_path / "mine.pth", kept)
        assert (list(state), remarks) == (list(kept), [])


def test_a_wrapped_part_of_a_model_is_the_part(tmp_path: Path) -> None:
    wrapped = {name.replace("backbone.", "backbone.module._orig_mod."): value for name, value in STATE.items()}
    state, remarks = read_saved(tmp_path / "mine.pth", wrapped)
    assert list(state) == list(STATE)
    assert remarks == ["mine.pth: the names of wrappers within its names were taken out"]
    assert "both with and without" in refusal(tmp_path / "mine.pth", {**wrapped, **STATE})


def test_the_format_of_old_torch_is_read(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "mine.pth", _use_new_zipfile_serialization=False)
    assert list(read(tmp_path / "mine.pth")[0]) == list(STATE)


def test_an_averaged_model_is_a_model(tmp_path: Path) -> None:
    model = nn.ModuleDict({"backbone": nn.Linear(2, 2)})
    averaged = torch.optim.swa_utils.AveragedModel(model)
    state, remarks = read_saved(tmp_path / "mine.pth", averaged.state_dict())
    assert list(state) == ["backbone.weight", "backbone.bias"]
    assert [remark.split()[1] for remark in remarks] == ["n_averaged,", "the"]


@pytest.mark.parametrize("key", ["model", "state_dict", "model_state_dict", "ema", "net"])
def test_a_wrapper_is_opened_and_said(tmp_path: Path, key: str) -> None:
    optimizer = {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1}]}
    state, remarks = read_saved(tmp_path / "mine.pth", {"epoch": 7, key: STATE, "optimizer": optimizer})
    assert list(state) == list(STATE)
    assert remarks == [f"mine.pth: its entry {key} was read"]


def test_of_two_states_none_is_guessed(tmp_path: Path) -> None:
    assert "2 states, model and ema," in refusal(tmp_path / "mine.pth", {"model": STATE, "ema": STATE})


def test_what_lies_beside_the_tensors_is_left_out_and_said(tmp_path: Path) -> None:
    state, remarks = read_saved(tmp_path / "mine.pth", {**STATE, "epoch": 7})
    assert list(state) == list(STATE)
    assert remarks == ["mine.pth: epoch beside the tensors was left out"]


def write_safetensors(path: Path, tensors: dict[str, tuple[str, list[int], bytes]]) -> None:
    header, data = {}, b""
    for name, (kind, shape, content) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_bfloat16_is_read_from_safetensors(tmp_path: Path) -> None:
    halves = struct.pack("<3H", 0x3F80, 0xC040, 0x3E80)  # 1, -3, 0.25
    whole = struct.pack("<2f", 0.1, 7)
    write_safetensors(tmp_path / "mine.safetensors", {"a": ("F32", [2], whole), "b": ("BF16", [3, 1], halves)})
    state, remarks = read(tmp_path / "mine.safetensors")
    assert remarks == ["mine.safetensors: its bfloat16 tensors are computed with as float32"]
    assert state["a"].tolist() == numpy.array([0.1, 7], dtype="float32").tolist()
    assert state["b"].tolist() == [[1.0], [-3.0], [0.25]]
    assert state["b"].dtype == torch.float32


def test_a_type_that_numpy_lacks_is_named(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "mine.safetensors", {"a": ("F8_E4M3", [2], b"ab")})
    assert refusal(tmp_path / "mine.safetensors") == "the tensor a is F8_E4M3, which can't be read"


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_other_floats_become_float32_and_are_said(tmp_path: Path, kind: Any) -> None:
    state, remarks = read_saved(tmp_path / "mine.pth", {name: value.to(kind) for name, value in STATE.items()})
    assert {value.dtype for value in state.values()} == {torch.float32}
    assert torch.equal(state[HEAD], STATE[HEAD])
    assert remarks == [f"mine.pth: its {str(kind)[6:]} tensors are computed with as float32"]


@pytest.mark.filterwarnings("ignore")  # torch deprecates the quantised tensors that people still have
@pytest.mark.parametrize(
    ("tensor", "what"),
    [
        (lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "quantised (qint8)"),
        (lambda: torch.eye(3).to_sparse(), "sparse"),
        (lambda: torch.ones(2, dtype=torch.complex64), "complex (complex64)"),
        (lambda: torch.ones(2, device="meta"), "without values"),
        (lambda: torch.tensor([1.0, float("nan")]), "not finite"),
        (lambda: torch.tensor([1.0, float("-inf")]), "not finite"),
        (lambda: torch.tensor([1e300], dtype=torch.float64), "not finite"),
    ],
    ids=["quantised", "sparse", "complex", "meta", "nan", "infinite", "too-large"],
)
def test_a_tensor_that_no_model_has_is_named(tmp_path: Path, tensor: Callable[[], Any], what: str) -> None:
    sentence = refusal(tmp_path / "mine.pth", {**STATE, "head.bias": tensor()})
    assert sentence.startswith("the tensor head.bias ")
    assert what in sentence


def test_the_name_of_a_file_decides_nothing(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"a": numpy.ones(2, dtype="float32")}, tmp_path / "mine.pth")
    assert list(read(tmp_path / "mine.pth")[0]) == ["a"]
    assert list(read_saved(tmp_path / "mine.safetensors", OrderedDict(STATE))[0]) == list(STATE)


SHAPES = {"head.a.weight": (2,), "head.b.weight": (2, 3), "head.c.weight": (4,), "head.b.num_batches_tracked": ()}


def unfit(**state: Any) -> str:
    named = {f"head.{name.replace('_', '.', 1)}": value for name, value in state.items()}
    with pytest.raises(JobError, match=r"the weights mine\.pth do not fit ssd: ") as caught:
        states.fitting(named, SHAPES, "mine.pth", "ssd")
    return str(caught.value).partition("ssd: ")[2]


def test_what_does_not_fit_is_named_and_counted() -> None:
    two, six, four = torch.ones(2), torch.ones(2, 3), torch.ones(4)
    assert unfit(a_weight=two) == "2 tensors are missing, head.b.weight and head.c.weight"
    assert unfit() == "3 tensors are missing, such as head.a.weight and head.b.weight"
    assert unfit(a_weight=two, b_weight=six, c_weight=four, d_weight=two) == "one tensor is unknown, head.d.weight"
    other = "one tensor is of another shape, head.b.weight of (2,) instead of (2, 3)"
    assert unfit(a_weight=two, b_weight=two, c_weight=four) == other
    integer = "one tensor is not floating point, head.c.weight"
    assert unfit(a_weight=two, b_weight=six, c_weight=four.to(torch.int8)) == integer


def test_the_counters_of_batch_norms_play_no_part() -> None:
    fit = {"head.a.weight": torch.ones(2), "head.b.weight": torch.ones(2, 3), "head.c.weight": torch.ones(4)}
    assert list(states.fitting(fit, SHAPES, "mine.pth", "ssd")) == list(fit)
    more = {**fit, "head.a.num_batches_tracked": torch.tensor(3)}
    assert list(states.fitting(more, SHAPES, "mine.pth", "ssd")) == list(fit)


def test_names_of_any_torchvision_fit() -> None:
    state = {"backbone.fpn.inner_blocks.0.0.bias": torch.ones(2)}
    assert list(states.fitting(state, {"backbone.fpn.inner_blocks.0.bias": (2,)}, "mine.pth", "ssd")) == [
        "backbone.fpn.inner_blocks.0.bias"
    ]
