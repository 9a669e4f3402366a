"""Installs torch and torchvision into the interpreter that runs this, unless both are there already.

It runs before anything is installed, so it imports nothing but the standard library.
On a host without an NVIDIA GPU the wheels come from PyTorch's own CPU index when it answers within seconds (they are
a tenth of the size), else from the ordinary index. TORCH and TORCHVISION name other versions.
"""

import importlib.util
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

TORCH, TORCHVISION = os.environ.get("TORCH", "2.14.1"), os.environ.get("TORCHVISION", "0.29.1")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ANSWER_TIMEOUT_S = 4


def has_nvidia_gpu() -> bool:
    """Tell whether the NVIDIA driver is loaded."""
    return Path("/proc/driver/nvidia/version").exists()


def cpu_index_answers() -> bool:
    """Tell whether PyTorch's CPU wheel index can be reached."""
    try:
        with urllib.request.urlopen(f"{CPU_INDEX}/torch/", timeout=ANSWER_TIMEOUT_S):  # noqa: S310 -- https
            return True
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    """Install what is missing and return pip's exit status."""
    if importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision"):
        print("torch and torchvision are here already")
        return 0
    small = not has_nvidia_gpu() and cpu_index_answers()
    index = ["--index-url", CPU_INDEX] if small else []
    size = "CPU build, about 0.2 GB" if small else "full build, about 3 GB to fetch: this takes minutes"
    print(f"installing torch {TORCH} and torchvision {TORCHVISION} ({size})", flush=True)
    packages = [f"torch=={TORCH}", f"torchvision=={TORCHVISION}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *index, *packages], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
