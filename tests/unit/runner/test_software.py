import json
import os
import platform
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

import torch
import torchvision

from harness.host import own
from runner import software
from runner.contract import Software
from runner.contract.serialise import from_dict, to_dict

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def observed() -> Software:
    return software.observe()


def test_the_stack_of_this_process_is_observed(observed: Software) -> None:
    assert observed.python == platform.python_version()
    assert (observed.torch, observed.torchvision) == (torch.__version__, torchvision.__version__)
    assert (observed.cuda, observed.torch_git) == (torch.version.cuda, torch.version.git_version)
    assert (observed.threads, observed.interop_threads) == (torch.get_num_threads(), torch.get_num_interop_threads())
    assert "libtorch_cpu.so" in {library.name for library in observed.shared_libraries}
    assert observed.torch_config.startswith("PyTorch built with")


def test_versions_are_plain_text(observed: Software) -> None:
    assert {type(version) for version in (observed.torch, observed.torchvision, observed.python)} == {str}


def test_packages_are_named_with_their_versions_in_order(observed: Software) -> None:
    assert observed.packages["pytest"] == pytest.__version__
    assert list(observed.packages) == sorted(observed.packages)


def test_an_observation_follows_the_contract(observed: Software) -> None:
    assert from_dict(Software, json.loads(json.dumps(to_dict(observed)))) == observed


def test_what_tells_malloc_is_recorded_and_no_other_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"MALLOC_ARENA_MAX": "2", "HOME": "/home/somebody", "SECRET_MALLOC_": "x"})
    assert software.observe().malloc == {"MALLOC_ARENA_MAX": "2"}


def test_a_build_without_cudnn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch._C, "_cudnn", None, raising=False)
    assert software.observe().cudnn is None
    monkeypatch.setattr(torch._C, "_cudnn", SimpleNamespace(getVersionInt=lambda: 7605))
    assert software.observe().cudnn == 7605


def test_a_gpu_that_cudnn_no_longer_supports_does_not_end_the_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("cuDNN version 92400 is not compatible with devices with SM < 7.5")

    monkeypatch.setattr(torch.backends.cudnn, "_init", refuse)
    assert software.observe().torch == torch.__version__


def test_the_harness_knows_its_interpreter_s_stack_without_torch_and_as_torch_says_it() -> None:
    found = own.stack()
    assert (found["torch"], found["torch_git"]) == (torch.__version__, torch.version.git_version)
    assert found["torchvision"] == torchvision.__version__
