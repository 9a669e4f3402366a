"""The numerical libraries that a process has loaded, with the versions that they state themselves.

What is linked into torch's own libraries (MKL and oneDNN in its wheels) is no file of its own; torch_config names it.
"""

import ctypes
import re
from contextlib import suppress
from pathlib import Path
from typing import Callable, List, Optional, Tuple

from runner.contract import SharedLibrary

#: Asks a library for its version.
Ask = Callable[[ctypes.CDLL], Optional[str]]
#: Libraries that decide how fast, and how exactly, a model computes; allocators of memory among them.
NUMERICAL = re.compile(
    r"lib(cudart|cudnn|cublas|cufft|cusolver|cusparse|nvrtc|nccl|openblas|scipy_openblas|blas|blis|lapack|mkl|dnnl|gomp|"
    r"iomp5|omp|torch_cpu|torch_cuda|nms|cuda|nvidia-ml|jemalloc|tcmalloc|mimalloc)[-_.\w]*\.so"
)
OPENBLAS = r"lib(scipy_)?openblas"
#: The version in a file's name, such as libgomp.so.1.0.0; a single number is no more than the interface's.
FILE_VERSION = re.compile(r"[-.]r?(\d+(?:\.\d+)+)(?:\.so)?$")


def loaded(maps: str) -> List[SharedLibrary]:
    """Return the numerical libraries among the mapped files of a /proc/PID/maps text, by name."""
    paths = {line.split(maxsplit=5)[5] for line in maps.splitlines() if line.count(" ") >= 5 and "/" in line}
    names = {path: Path(path).name for path in paths if NUMERICAL.match(Path(path).name)}
    ordered = sorted(names, key=lambda path: (names[path], path))
    return [SharedLibrary(names[path], path, version(path), threads(path)) for path in ordered]


def version(path: str) -> Optional[str]:
    """Return a library's version: as it says itself, else as its file is called, else None."""
    name = Path(path).name
    said, written = _said(path), FILE_VERSION.search(name)
    return said or (written.group(1) if written else None)


def threads(path: str) -> Optional[int]:
    """Return how many threads of its own a BLAS computes with; None of any other library."""
    if re.match(rf"{OPENBLAS}|libblis", Path(path).name):
        with suppress(OSError):
            library = ctypes.CDLL(path)
            names = [f"{prefix}openblas_get_num_threads{suffix}" for prefix in ("", "scipy_") for suffix in ("", "64_")]
            names.append("bli_thread_get_num_threads")
            ask = next((getattr(library, name) for name in names if hasattr(library, name)), None)
            return int(ask()) if ask else None
    return None


def _said(path: str) -> Optional[str]:
    ask = next((ask for pattern, ask in _QUESTIONS if re.match(pattern, Path(path).name)), None)
    if ask is not None:
        with suppress(OSError, AttributeError):  # gone from the disk, or without the function
            return ask(ctypes.CDLL(path))
    return None


def _cuda(function: str) -> Ask:
    """Ask for a number such as 12060, which is 12.6; old ones answer 0 where there is no driver."""

    def ask(library: ctypes.CDLL) -> Optional[str]:
        number = ctypes.c_int()
        getattr(library, function)(ctypes.byref(number))
        return f"{number.value // 1000}.{number.value % 1000 // 10}" if number.value else None

    return ask


def _cublas(library: ctypes.CDLL) -> str:
    numbers = []
    for part in range(3):  # MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL
        number = ctypes.c_int()
        library.cublasGetProperty(part, ctypes.byref(number))
        numbers.append(str(number.value))
    return ".".join(numbers)


def _cudnn(library: ctypes.CDLL) -> str:
    library.cudnnGetVersion.restype = ctypes.c_size_t
    return str(library.cudnnGetVersion())


def _openblas(library: ctypes.CDLL) -> Optional[str]:
    for name in ("openblas_get_config", "openblas_get_config64_", "scipy_openblas_get_config64_"):
        if hasattr(library, name):
            function = getattr(library, name)
            function.restype = ctypes.c_char_p
            return str(function().decode())
    return None


def _mkl(library: ctypes.CDLL) -> str:
    text = ctypes.create_string_buffer(256)
    library.mkl_get_version_string(text, len(text))
    return text.value.decode().strip()


def _dnnl(library: ctypes.CDLL) -> str:
    library.dnnl_version.restype = ctypes.POINTER(ctypes.c_int * 3)
    return ".".join(map(str, library.dnnl_version().contents))


_QUESTIONS: Tuple[Tuple[str, Ask], ...] = (
    (r"libcuda\.", _cuda("cuDriverGetVersion")),
    (r"libcudart", _cuda("cudaRuntimeGetVersion")),
    (r"libcublas[-.]", _cublas),
    (r"libcudnn[-.]", _cudnn),
    (OPENBLAS, _openblas),
    (r"libmkl_(rt|core)", _mkl),
    (r"libdnnl", _dnnl),
)
