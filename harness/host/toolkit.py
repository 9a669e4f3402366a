"""The NVIDIA Container Toolkit, by which an engine hands GPUs to containers."""

import re
import shutil
import subprocess

from harness.host.gpus import OUTDATED_DRIVER

#: How long it may take to say its version, in seconds.
ANSWER_S = 10.0
INSTALL = "install the NVIDIA Container Toolkit and restart the engine"
#: What the engine says where it can't hand a GPU to a container, and what helps.
REMEDIES = {
    "could not select device driver": INSTALL,
    "unresolvable CDI devices": "write the specification anew: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    "driver not loaded": "load the driver (modprobe nvidia), or use --device cpu",
    "driver/library version mismatch": OUTDATED_DRIVER,
    "nvml error: unknown error": "restart the engine: it lost the GPU, as after a reload of systemd",
    "unsatisfied condition": "update the driver, or choose an environment of an older CUDA (harness doctor)",
}


def version() -> str | None:
    """Return the version of the NVIDIA Container Toolkit on this host, None where there is none that tells."""
    program = shutil.which("nvidia-ctk")
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", check=False, timeout=ANSWER_S
        ).stdout
    except (OSError, subprocess.TimeoutExpired):  # one of another machine's kind, say
        return None
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    return found.group() if found else None
