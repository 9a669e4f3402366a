import pytest

from runner import libraries
from runner.contract import SharedLibrary

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
    assert libraries.loaded(MAPS) == [
        SharedLibrary("libcudart.so.10.2", "/usr/lib/libcudart.so.10.2", "10.2"),
        SharedLibrary("libgomp-a34b3233.so.1", "/my stacks/a/libgomp-a34b3233.so.1"),
        SharedLibrary("libgomp-a34b3233.so.1", "/my stacks/b/libgomp-a34b3233.so.1"),
        SharedLibrary("libtorch_cpu.so", "/opt/venv/lib/torch/lib/libtorch_cpu.so"),
    ]


@pytest.mark.parametrize("maps", ["", "\n", "7f10a0000000-7f10a8000000 rw-p 00000000 00:00 0 \n"])
def test_a_process_without_libraries_has_none(maps: str) -> None:
    assert libraries.loaded(maps) == []


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
        "libblis.so.4",
        "libjemalloc.so.2",
        "libtcmalloc_minimal.so.4",
    ],
)
def test_libraries_that_compute_are_found(name: str) -> None:
    assert [library.name for library in libraries.loaded(line(name))] == [name]


@pytest.mark.parametrize("name", ["libc.so.6", "libpython3.9.so.1.0", "libompl.txt", "xlibgomp.so.1", "libjpeg.so.62"])
def test_libraries_that_do_not_compute_are_left_out(name: str) -> None:
    assert libraries.loaded(line(name)) == []


def test_a_library_that_is_gone_has_the_version_of_its_name() -> None:
    assert libraries.version("/nowhere/libcudart.so.10.2") == "10.2"
    assert libraries.version("/nowhere/libcudnn.so.7") is None
