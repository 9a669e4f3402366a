"""The software stack that measured: versions, build flags, and the numerical libraries that were loaded."""

import os
import platform
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Dict

import torch
import torchvision

from runner import compat, libraries, switches
from runner.contract import Software

# importlib.metadata lists what is installed, wherever it came from: pip, a distribution's package, a build.
from importlib import metadata  # isort: skip

#: Beginnings of the names of variables by which glibc's malloc, jemalloc, tcmalloc and mimalloc are told what to do.
MALLOC = ("MALLOC_", "GLIBC_TUNABLES", "TCMALLOC_", "MIMALLOC_", "_RJEM_MALLOC_CONF")


def observe() -> Software:
    """Describe the stack of this process; called after the measurement, when every library is loaded."""
    return Software(
        python=platform.python_version(),
        torch=str(torch.__version__),
        torchvision=str(torchvision.__version__),
        torch_git=getattr(torch.version, "git_version", None),
        torchvision_git=getattr(torchvision.version, "git_version", None),
        cuda=torch.version.cuda,
        cudnn=compat.cudnn_version(),
        torch_config=torch.__config__.show(),
        compiled_architectures=compat.compiled_architectures(),
        threads=torch.get_num_threads(),
        interop_threads=torch.get_num_interop_threads(),
        numerics=switches.held(),
        shared_libraries=libraries.loaded(Path("/proc/self/maps").read_text(encoding="utf-8")),
        packages=_packages(),
        malloc={name: value for name, value in sorted(os.environ.items()) if name.startswith(MALLOC)},
    )


def _packages() -> Dict[str, str]:
    named = ((head["Name"], head["Version"]) for head in map(_head, metadata.distributions()))
    return dict(sorted((name, version) for name, version in named if name))


def _head(distribution: metadata.Distribution) -> Message:
    """Return what a distribution says of itself, without its description: most of the text, and slow to parse."""
    texts = (distribution.read_text(name) for name in ("METADATA", "PKG-INFO", ""))
    return HeaderParser().parsestr(next(filter(None, texts), "").partition("\n\n")[0])
