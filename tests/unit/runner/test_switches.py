"""Each switch is turned alone, and what torch then holds is on record."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from runner import switches
from runner.contract import Numerics

pytestmark = pytest.mark.torch


@pytest.fixture
def put_back() -> Iterator[None]:
    """Put back what a test turns."""
    threads = torch.get_num_threads()
    yield
    switches.set_numerics(Numerics(threads=threads))
    switches.set_onednn("on")


@pytest.mark.usefixtures("put_back")
@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("switch", ["tf32", "cudnn_benchmark", "deterministic", "flush_denormals"])
def test_every_switch_is_turned_alone_and_on_record(switch: str, on: bool) -> None:
    switches.set_numerics(replace(Numerics(), **{switch: on}))  # type: ignore[arg-type]
    expected = {
        "matmul_precision": "highest",
        "cudnn_allow_tf32": "False",
        "cudnn_benchmark": "False",
        "cudnn_deterministic": "False",
        "deterministic_algorithms": "False",
        "flush_denormals": "False",
        "default_dtype": "torch.float32",
        "onednn": "True",
    }
    turned = {
        "tf32": ["cudnn_allow_tf32"],
        "deterministic": ["cudnn_deterministic", "deterministic_algorithms"],
    }
    expected.update(dict.fromkeys(turned.get(switch, [switch]), str(on)))
    assert switches.held() == expected


@pytest.mark.usefixtures("put_back")
@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_the_precision_of_matrix_products_is_set(precision: Any) -> None:
    switches.set_numerics(Numerics(matmul_precision=precision))
    assert switches.held()["matmul_precision"] == precision
    assert torch.backends.cuda.matmul.allow_tf32 == (precision != "highest")


@pytest.mark.usefixtures("put_back")
def test_onednn_is_turned_off_and_on_and_left_alone() -> None:
    seen = []
    for choice in ("off", None, "on", None):
        switches.set_onednn(choice)
        seen.append(switches.held()["onednn"])
    assert seen == ["False", "False", "True", "True"]


@pytest.mark.usefixtures("put_back")
def test_threads_are_set_where_a_number_is_named() -> None:
    switches.set_numerics(Numerics(threads=3))
    assert torch.get_num_threads() == 3
    switches.set_numerics(Numerics())
    assert torch.get_num_threads() == 3
