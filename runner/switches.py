"""The switches of torch that change how fast or how exactly it computes: set, and seen as torch holds them."""

import os
from typing import Dict, Optional

import torch

from runner import compat
from runner.contract import Numerics, OnOff


def set_numerics(numerics: Numerics) -> None:
    """Set every switch that changes how fast or how exactly torch computes; before the first parallel computation."""
    if numerics.threads is not None:
        torch.set_num_threads(numerics.threads)
    compat.set_matmul_precision(numerics.matmul_precision)
    torch.backends.cudnn.allow_tf32 = numerics.tf32
    torch.backends.cudnn.benchmark = numerics.cudnn_benchmark
    torch.backends.cudnn.deterministic = numerics.deterministic
    if numerics.deterministic:
        # Without it, cuBLAS is not: https://docs.nvidia.com/cuda/cublas/#results-reproducibility
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(numerics.deterministic)
    torch.set_flush_denormal(numerics.flush_denormals)


def set_onednn(choice: Optional[OnOff]) -> None:
    """Have torch compute with oneDNN or without it; None leaves it alone."""
    if choice is not None:
        torch.backends.mkldnn.enabled = choice == "on"


def held() -> Dict[str, str]:
    """Return the switches as torch holds them now."""
    smallest = torch.tensor([1e-40]) * 1  # of the numbers that flushing takes for zero
    return {
        "matmul_precision": compat.matmul_precision(),
        "cudnn_allow_tf32": str(torch.backends.cudnn.allow_tf32),
        "cudnn_benchmark": str(torch.backends.cudnn.benchmark),
        "cudnn_deterministic": str(torch.backends.cudnn.deterministic),
        "deterministic_algorithms": str(torch.are_deterministic_algorithms_enabled()),
        "flush_denormals": str(float(smallest) == 0),
        "default_dtype": str(torch.get_default_dtype()),
        "onednn": str(torch.backends.mkldnn.enabled) if torch.backends.mkldnn.is_available() else "none",
    }
