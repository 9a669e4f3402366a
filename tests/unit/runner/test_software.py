import json
import platform

import pytest

pytest.importorskip("torch")

import torch
import torchvision

from runner import software
from runner.contract import SharedLibrary, Software
from runner.serialise import from_dict, to_dict

pytestmark = pytest.mark.torch

MAPS = """\
55d0c0e00000-55d0c0e01000 r--p 00000000 fe:00 260386                     /usr/bin/python3.9
55d0c1a3d000-55d0c1c7f000 rw-p 00000000 00:00 0                          [heap]
7f10a0000000-7f10a8000000 rw-p 00000000 00:00 0 
7f1234000000-7f1240000000 r-xp 00000000 fe:00 300001                     /opt/venv/lib/torch/lib/libtorch_cpu.so
7f1240000000-7f1240100000 r--p 0c000000 fe:00 300001                     /opt/venv/lib/torch/lib/libtorch_cpu.so
7f1240200000-7f1240300000 rw-p 0c100000 fe:00 300001                     /opt/venv/lib/torch/lib/libtorch_cpu.so
7f1250000000-7f1250010000 r-xp 00000000 fe:00 300002                     /my stacks/b/libgomp-a34b3233.so.1
7f1260000000-7f1260010000 r-xp 00000000 fe:00 300003                     /my stacks/a/libgomp-a34b3233.so.1
7f1270000000-7f1270010000 r-xp 00000000 fe:00 300004                     /usr/lib/libcudart.so.10.2
7f1280000000-7f1280010000 r-xp 00000000 fe:00 300005                     /usr/lib/x86_64-linux-gnu/libc.so.6
7f1290000000-7f1290010000 rw-s 00000000 00:05 1024                       /dev/zero (deleted)
7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                          [vdso]
"""  # noqa: W291 - anonymous mappings end in a space


def test_the_numerical_libraries_of_a_process_are_its_mapped_files_once_and_by_name() -> None:
    assert software.shared_libraries(MAPS) == [
        SharedLibrary("libcudart.so.10.2", "/usr/lib/libcudart.so.10.2"),
        SharedLibrary("libgomp-a34b3233.so.1", "/my stacks/a/libgomp-a34b3233.so.1"),
        SharedLibrary("libgomp-a34b3233.so.1", "/my stacks/b/libgomp-a34b3233.so.1"),
        SharedLibrary("libtorch_cpu.so", "/opt/venv/lib/torch/lib/libtorch_cpu.so"),
    ]


@pytest.mark.parametrize("maps", ["", "\n", "7f10a0000000-7f10a8000000 rw-p 00000000 00:00 0 \n"])
def test_a_process_without_libraries_has_none(maps: str) -> None:
    assert software.shared_libraries(maps) == []


def line(name: str) -> str:
    return f"7f1270000000-7f1270010000 r-xp 00000000 fe:00 300004                     /usr/lib/{name}\n"


@pytest.mark.parametrize(
    "name",
    [
        "libcudart-80664282.so.10.2",
        "libcudnn.so.7",
        "libcudnn_ops_infer.so.8",
        "libcublasLt.so.11",
        "libnvrtc-builtins.so.13.0",
        "libmkl_rt.so.2",
        "libopenblasp-r0-5c2b7639.3.17.so",
        "libiomp5.so",
        "libtorch_cuda_cu.so",
        "libcuda.so.1",
        "libnvidia-ml.so.1",
        "libnccl.so.2.7.8",
    ],
)
def test_libraries_that_compute_are_found(name: str) -> None:
    assert [library.name for library in software.shared_libraries(line(name))] == [name]


@pytest.mark.parametrize("name", ["libc.so.6", "libpython3.9.so.1.0", "libompl.txt", "xlibgomp.so.1", "libjpeg.so.62"])
def test_libraries_that_do_not_compute_are_left_out(name: str) -> None:
    assert software.shared_libraries(line(name)) == []


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


def test_a_build_without_cudnn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "is_available", lambda: False)
    assert software.observe().cudnn is None
    monkeypatch.setattr(torch.backends.cudnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 7605)
    assert software.observe().cudnn == 7605
