"""Compiled stand-ins for libraries of NVIDIA's driver."""

import subprocess
from pathlib import Path

from harness.paths import ROOT
from tests.needs import programs

SOURCES = {"libnvidia-ml.so.1": "standin_nvml.c", "libcuda.so.1": "standin_cuda.c"}


def compiled(folder: Path, *libraries: str) -> Path:
    """Compile the stand-ins of these libraries into the folder, and return it."""
    programs("cc")
    for library in libraries:
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(folder / library)]
        subprocess.run([*command, str(ROOT / "tests" / "data" / SOURCES[library])], check=True)
    return folder
