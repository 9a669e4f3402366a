"""Versions and threads as real libraries state them, each a stand-in that the C compiler makes of one function."""

import subprocess
from pathlib import Path

import pytest

from runner import libraries

#: Each library as far as its version goes: what it is called, its source, what it says of itself.
STANDINS = [
    ("libcudart.so.12", "int cudaRuntimeGetVersion(int *v) { *v = 12060; return 0; }", "12.6"),
    ("libcudart-1a2b.so.10.2", "int cudaRuntimeGetVersion(int *v) { *v = 0; return 35; }", "10.2"),
    ("libcublas.so.12", "int cublasGetProperty(int p, int *v) { *v = 10 + p; return 0; }", "10.11.12"),
    ("libcudnn.so.9", "unsigned long cudnnGetVersion(void) { return 90501; }", "90501"),
    ("libopenblas.so.0", 'char *openblas_get_config(void) { return "OpenBLAS 0.3.29"; }', "OpenBLAS 0.3.29"),
    (
        "libscipy_openblas64_-1a.so",
        'char *scipy_openblas_get_config64_(void) { return "OpenBLAS 0.3"; }',
        "OpenBLAS 0.3",
    ),
    ("libopenblasp-r0.3.29.so", "int nothing;", "0.3.29"),
    ("libmkl_rt.so.2", "void mkl_get_version_string(char *t, int n) { t[0] = 'M'; t[1] = 0; }", "M"),
    ("libdnnl.so.3", "int v[3] = {3, 7, 2}; int *dnnl_version(void) { return v; }", "3.7.2"),
    ("libgomp.so.1.0.0", "int nothing;", "1.0.0"),
    ("libblas.so.3", "int nothing;", None),
]


@pytest.mark.parametrize(("name", "source", "said"), STANDINS, ids=[name for name, *_ in STANDINS])
def test_a_library_is_asked_for_its_version(name: str, source: str, said: str, tmp_path: Path) -> None:
    compiler = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(tmp_path / name)]
    subprocess.run(compiler, input=source, text=True, check=True)
    assert libraries.version(str(tmp_path / name)) == said


@pytest.mark.parametrize(
    ("name", "source", "threads"),
    [
        ("libopenblasp-r0.3.29.so", "int openblas_get_num_threads(void) { return 3; }", 3),
        ("libscipy_openblas64_-1a.so", "int scipy_openblas_get_num_threads64_(void) { return 2; }", 2),
        ("libopenblas.so.0", "int nothing;", None),
        ("libgomp.so.1.0.0", "int openblas_get_num_threads(void) { return 3; }", None),
    ],
)
def test_a_blas_is_asked_for_its_own_threads(name: str, source: str, threads: int | None, tmp_path: Path) -> None:
    compiler = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(tmp_path / name)]
    subprocess.run(compiler, input=source, text=True, check=True)
    assert libraries.threads(str(tmp_path / name)) == threads
