"""Peak memory of this process, on the host and, where it uses one, on the GPU."""

import re
from pathlib import Path

import torch

from runner.contract import Memory


class Meter:
    """Notes the resident set before the model is built, and reads the peaks at the end."""

    def __init__(self, device: torch.device):
        self._device = device
        self._before = _status_bytes("VmRSS")
        if device.type == "cuda":
            torch.cuda.init()  # what is asked of a device by its number does not start CUDA by itself
            torch.cuda.reset_peak_memory_stats(device)

    def read(self) -> Memory:
        """Return the peaks since the process (RSS) or this meter (CUDA) started."""
        on_gpu = self._device.type == "cuda"
        return Memory(
            rss_peak_bytes=_status_bytes("VmHWM"),
            rss_before_model_bytes=self._before,
            cuda_allocated_peak_bytes=torch.cuda.max_memory_allocated(self._device) if on_gpu else None,
            cuda_reserved_peak_bytes=torch.cuda.max_memory_reserved(self._device) if on_gpu else None,
            cuda_missing_reason=None if on_gpu else "measured on the CPU",
        )


def _status_bytes(field: str) -> int:
    # VmHWM and not getrusage: ru_maxrss keeps the peak of the process that this one was forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"/proc/self/status has no {field}")
    return int(match.group(1)) * 1024
