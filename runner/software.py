"""The software stack that measured: versions, build flags, and the numerical libraries that were loaded."""

import platform
import re
from pathlib import Path
from typing import Dict, List

import torch
import torchvision

from runner import compat
from runner.contract import SharedLibrary, Software

# importlib.metadata lists what is installed, wherever it came from: pip, a distribution's package, a build.
from importlib import metadata  # isort: skip

#: Libraries that decide how fast, and how exactly, a model computes.
NUMERICAL = re.compile(
    r"lib(cudart|cudnn|cublas|cufft|cusolver|cusparse|nvrtc|nccl|openblas|blas|lapack|mkl|dnnl|gomp|iomp5|omp|"
    r"torch_cpu|torch_cuda|nms|cuda|nvidia-ml)[-_.\w]*\.so"
)


def observe() -> Software:
    """Describe the stack of this process; called after the measurement, when every library is loaded."""
    return Software(
        python=platform.python_version(),
        torch=str(torch.__version__),
        torchvision=str(torchvision.__version__),
        torch_git=getattr(torch.version, "git_version", None),
        torchvision_git=getattr(torchvision.version, "git_version", None),
        cuda=torch.version.cuda,
        cudnn=torch.backends.cudnn.version() if torch.backends.cudnn.is_available() else None,
        torch_config=torch.__config__.show(),
        compiled_architectures=compat.compiled_architectures(),
        threads=torch.get_num_threads(),
        interop_threads=torch.get_num_interop_threads(),
        numerics=compat.numerics(),
        shared_libraries=shared_libraries(Path("/proc/self/maps").read_text(encoding="utf-8")),
        packages=_packages(),
    )


def shared_libraries(maps: str) -> List[SharedLibrary]:
    """Return the numerical libraries among the mapped files of a /proc/PID/maps text, by name."""
    paths = {line.split(maxsplit=5)[5] for line in maps.splitlines() if line.count(" ") >= 5 and "/" in line}
    found = {path: Path(path).name for path in paths if NUMERICAL.match(Path(path).name)}
    return [SharedLibrary(name=found[path], path=path) for path in sorted(found, key=lambda p: (found[p], p))]


def _packages() -> Dict[str, str]:
    named = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    return dict(sorted((name, version) for name, version in named if name))
