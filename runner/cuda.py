"""The GPU that a job asks for, and what its errors mean for the person whose machine it is."""

import os
import re
import warnings
from typing import List, Optional

import torch

from runner.contract import Device, Failure
from runner.errors import JobError, said

#: Variables that change what is measured behind the protocol's back, and what each does. Any value may count, since
#: torch 1.9 only looks whether PYTORCH_NO_CUDA_MEMORY_CACHING is there; CUDA_LAUNCH_BLOCKING=0 is off everywhere.
SWITCHES = {
    "NVIDIA_TF32_OVERRIDE": "takes the choice of TF32 from the protocol",
    "CUDA_LAUNCH_BLOCKING": "makes the CPU wait for each kernel",
    "PYTORCH_NO_CUDA_MEMORY_CACHING": "makes every tensor an allocation of the driver",
}
#: Variables that are a person's choice, and what they do to a measurement.
CHOICES = {
    "PYTORCH_CUDA_ALLOC_CONF": "tensors get their memory in another way than torch's usual one",
    "PYTORCH_ALLOC_CONF": "tensors get their memory in another way than torch's usual one",
    "CUDA_MODULE_LOADING": "it decides what the first inference has to load, and how much memory code takes",
    "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "only a part of the GPU computed",
}
ANOTHER_STACK = "update the driver, or choose an environment of an older CUDA (harness doctor)"
#: What CUDA or torch says of a machine that can't compute, and what helps.
REMEDIES = {
    "driver on your system is too old": ANOTHER_STACK,
    "driver version is insufficient": ANOTHER_STACK,
    "forward compatibility was attempted on non supported": ANOTHER_STACK,
    "no kernel image is available": "choose an environment whose torch is compiled for this GPU (harness doctor)",
    "busy or unavailable": "end the process that holds the GPU for itself, or let others use it: nvidia-smi -c DEFAULT",
    "system not yet initialized": "start NVIDIA's fabric manager: systemctl start nvidia-fabricmanager",
    "ARCH_MISMATCH": "choose an environment whose cuDNN supports this GPU (harness doctor)",
    "ECC error": "reset the GPU (nvidia-smi --gpu-reset), or reboot",
}
#: What is out of memory, the GPU or else the host, and what helps.
GPU_MEMORY = re.compile("CUDA|CUBLAS|CUDNN")
FREE_GPU = "free memory of the GPU (nvidia-smi shows who holds it), or take a smaller --batch or model"
FREE_HOST = "free memory, take a smaller model, or raise the limit with --memory"
CHECK = "check the driver with nvidia-smi, or measure with --device cpu"
#: How much of an error is quoted, in characters.
LONGEST = 200


def choose(device: Device, nvml_reason: Optional[str]) -> torch.device:
    """Return torch's device. Raises JobError where torch can't compute on a GPU, or not as the protocol says.

    `nvml_reason` is why NVML shows no GPU, where it shows none.
    """
    if device == "cpu":
        return torch.device("cpu")
    for name, does in SWITCHES.items():
        value = os.environ.get(name)
        if value is not None and (name != "CUDA_LAUNCH_BLOCKING" or value not in ("", "0")):
            raise JobError(f"{name}={value} is set, which {does}", f"unset {name}")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if not available:
        raise _none([str(warning.message) for warning in told], nvml_reason)
    return torch.device("cuda:0")


def remarks(device: torch.device) -> List[str]:
    """Return what a person who reads the figures of a GPU has to know of the variables that were set."""
    if device.type == "cpu":
        return []
    return [f"{name}={os.environ[name]} was set: {does}" for name, does in CHOICES.items() if os.environ.get(name)]


def failure_of(error: BaseException) -> Optional[Failure]:
    """Return the failure that an error means where it is the machine's fault and not the model's, else None."""
    remedy = _remedy(said(error)) if isinstance(error, RuntimeError) else None
    if remedy is None:
        return None
    message = said(error).strip().partition("\n")[0]  # torch appends how to debug a kernel
    return Failure(kind=type(error).__name__, message=message, remedy=remedy, cause="infrastructure")


def remedy_of_memory(error: BaseException) -> str:
    """Return what helps where memory ran out: that of the GPU, or of the host."""
    return FREE_GPU if GPU_MEMORY.search(said(error)) else FREE_HOST


def _none(told: List[str], nvml_reason: Optional[str]) -> JobError:
    """Return why torch sees no GPU: as it says itself in a warning, else as NVML does."""
    if torch.version.cuda is None:
        reason = f"the job asks for a GPU, but torch {torch.__version__} is built without CUDA"
        return JobError(reason, "install one that is built with it, or measure with --device cpu")
    said = next((text for text in told if "CUDA" in text), "")
    why = _short(said) or (f"NVML: {nvml_reason}" if nvml_reason else "")
    reason = f"the job asks for a GPU, but torch {torch.__version__} sees none" + (f" ({why})" if why else "")
    return JobError(reason, _remedy(said) or CHECK)


def _remedy(said: str) -> Optional[str]:
    return next((remedy for words, remedy in REMEDIES.items() if words in said), None)


def _short(said: str) -> str:
    """Return the error that torch's warning quotes, else its first sentence; without where in torch it was raised."""
    text = said.partition("(Triggered internally")[0].replace("CUDA initialization: ", "").strip()
    quoted = re.search(r"Error \d+: .*", text)
    return (quoted.group() if quoted else text.partition(". ")[0]).rstrip(".")[:LONGEST]
