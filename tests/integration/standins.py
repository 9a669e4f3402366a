"""Compiled stand-ins for libraries of NVIDIA's driver, and a Python that holds no more than it has to."""

import subprocess
import venv
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from harness.paths import ROOT
from tests.needs import programs

#: On the path of a process, it leaves out torch's compiler, which nothing here uses and half of a start goes into.
LEAN_TORCH = ROOT / "tests" / "data" / "lean_torch"
SOURCES = {"libnvidia-ml.so.1": "standin_nvml.c", "libcuda.so.1": "standin_cuda.c"}


def compiled(folder: Path, *libraries: str) -> Path:
    """Compile the stand-ins of these libraries into the folder, and return it."""
    programs("cc")
    for library in libraries:
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(folder / library)]
        subprocess.run([*command, str(ROOT / "tests" / "data" / SOURCES[library])], check=True)
    return folder


def bare_venv(folder: Path, *distributions: str) -> Path:
    """Make a virtual environment that holds these distributions and what they need, and return its Python.

    They are those of this interpreter, by symbolic links: no index is asked, and no file copied.
    """
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for distribution in _with_needs(distributions):
        tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
    return folder / "bin" / "python"


def _with_needs(names: Iterable[str]) -> list[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[requirement.name] = metadata.distribution(requirement.name)
        waiting += found[requirement.name].requires or []
    return list(found.values())
