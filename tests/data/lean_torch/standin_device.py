"""A stand-in for torch's CUDA device: what is put there stays on the CPU, and is counted; work has a time of its own.

Each module of a model that runs takes WORK_S of the device, beside what it takes of the CPU, and a kernel that spins
takes its cycles. TF32 moves boxes by a hundredth of a pixel. Events tell how long the device was busy between them,
whatever the load of the machine, and a wait lasts until it has done what was queued. STANDIN_FAULT names what is
broken, separated by commas:

- `events` tell a quarter of the time; those of the runner's own stopwatch alone, a twentieth more: `loop`
- `wait` comes back at once
- `model`: an error in every Faster R-CNN; `boxes` lie three pixels beside
- `leak`: the memory of a process is not freed when it ends
- `hang`: whoever asks whether there is a device waits

Its other environment variables are those of the stand-ins for NVML and libcuda.
"""

import os
import sys
import time
import weakref
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

TOTAL_BYTES, CONTEXT_BYTES, BLOCK_BYTES = 8 << 30, 256 << 20, 2 << 20
INSTANCE = 101
WORK_S, LOADING_S, CYCLES_PER_S = 20e-6, 0.3, 1e9
FAULTS = os.environ.get("STANDIN_FAULT", "").split(",")


class Queue:
    """The work that was queued: how much in all, in seconds, and when it will have been done."""

    def __init__(self) -> None:
        self.worked_s = 0.0
        self._done_at = 0.0
        self._loaded = False

    def load(self) -> None:
        """Keep the first model on the device waiting, as a library that is loaded only once it is needed does."""
        if not self._loaded:
            self._loaded = True
            time.sleep(LOADING_S)

    def add(self, seconds: float) -> None:
        """Queue work."""
        self.worked_s += seconds
        self._done_at = max(self._done_at, time.perf_counter()) + seconds

    def wait(self, *_: object) -> None:
        """Return once the work is done."""
        if "wait" not in FAULTS:
            time.sleep(max(self._done_at - time.perf_counter(), 0.0))


class Memory:
    """The bytes of this process on the device: allocated until what they belong to is gone, and reserved for good.

    A process that has any has CONTEXT_BYTES more, which NVML counts and torch does not. Its end frees all of it, as a
    driver does, whatever the end is like.
    """

    def __init__(self) -> None:
        self.allocated = self.reserved = self.allocated_peak = self.reserved_peak = 0
        self._file = Path(os.environ["STANDIN_MEMORY"]) / str(os.getpid())

    def claim(self, owner: object, count: int) -> None:
        """Allocate bytes for as long as the owner lives. Raises torch's error where the device has no more."""
        context = 0 if self._file.exists() else CONTEXT_BYTES
        if count > self.free() - context + self.reserved - self.allocated:
            raise torch.cuda.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {count} bytes.")
        self.allocated += count
        self.allocated_peak = max(self.allocated_peak, self.allocated)
        self._reserve(max(self.reserved, -(-self.allocated // BLOCK_BYTES) * BLOCK_BYTES))
        weakref.finalize(owner, self._release, count)

    def free(self) -> int:
        """Return what no process has reserved."""
        files = [file for file in self._file.parent.iterdir() if "leak" in FAULTS or Path("/proc", file.name).exists()]
        return TOTAL_BYTES - sum(int(file.read_text() or 0) for file in files)

    def empty_cache(self) -> None:
        """Reserve no more than is allocated."""
        self._reserve(self.allocated)

    def reset_peaks(self, *_: object) -> None:
        """Count peaks from now on."""
        self.allocated_peak, self.reserved_peak = self.allocated, self.reserved

    def _release(self, count: int) -> None:
        self.allocated -= count

    def _reserve(self, count: int) -> None:
        if count != self.reserved:
            self._file.write_text(str(count + CONTEXT_BYTES))
        self.reserved, self.reserved_peak = count, max(self.reserved_peak, count)


class Event:
    """A mark in the queue."""

    def __init__(self, enable_timing: bool = False):
        assert enable_timing
        self._at_s = 0.0
        self._share = 0.25 if "events" in FAULTS else 1.0
        if "loop" in FAULTS and sys._getframe(1).f_globals["__name__"] == "runner.latency":
            self._share *= 1.05

    def record(self) -> None:
        """Put the mark behind what is queued."""
        self._at_s = queue.worked_s

    def elapsed_time(self, other: "Event") -> float:
        """Return the milliseconds of work from this mark to the other."""
        return (other._at_s - self._at_s) * 1000 * self._share


queue, memory = Queue(), Memory()
on_device: "weakref.WeakSet[Any]" = weakref.WeakSet()


def install() -> None:
    """Put the stand-in in the place of torch's own device."""
    vars(torch.cuda).update(_answers())
    torch.version.cuda = "13.0"
    architectures = os.environ.get("STANDIN_ARCHITECTURES", "sm_80 sm_90 compute_90")
    torch._C._cuda_getArchFlags = lambda: architectures
    for owner, name, moved in ((torch.Tensor, "to", _to), (torch.nn.Module, "to", _module_to), (torch, "empty", _to)):
        setattr(owner, name, moved(getattr(owner, name)))
    torch.nn.modules.module.register_module_forward_pre_hook(_before)
    torch.nn.modules.module.register_module_forward_hook(_after)


def _answers() -> dict[str, Any]:
    """Return what is asked of torch.cuda, by name."""
    return {
        "is_available": _is_available,
        "device_count": lambda: len(_visible()),
        "get_device_name": lambda number=0: _properties(number).name,
        "get_device_capability": lambda number=0: (_properties(number).major, _properties(number).minor),
        "get_device_properties": _properties,
        "init": lambda: None,
        "Event": Event,
        "Stream": SimpleNamespace,
        "stream": nullcontext,
        "synchronize": queue.wait,
        "_sleep": lambda cycles: queue.add(cycles / CYCLES_PER_S),
        "reset_peak_memory_stats": memory.reset_peaks,
        "max_memory_allocated": lambda device=0: memory.allocated_peak,
        "max_memory_reserved": lambda device=0: memory.reserved_peak,
        "mem_get_info": lambda device=0: (memory.free(), TOTAL_BYTES),
        "empty_cache": memory.empty_cache,
    }


def _is_available() -> bool:
    if "hang" in FAULTS:
        time.sleep(3600)
    return bool(_visible())


def _visible() -> list[int]:
    """Return the numbers with which the UUIDs end of the devices that CUDA_VISIBLE_DEVICES leaves, in its order.

    Without that variable CUDA shows all GPUs, or the first instance alone where the first GPU is divided.
    """
    whole = range(1, len(os.environ["STANDIN_NAME"].split(";")) + 1)
    instances = range(INSTANCE, INSTANCE + int(os.environ.get("STANDIN_MIG") or 0))
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return list(instances[:1] or whole)
    numbers = [int(name[-12:]) if "-" in name[1:] else int(name or -1) + 1 for name in named.split(",")]
    return [number for number in numbers if number in whole or number in instances]


def _properties(number: Any) -> Any:
    identity = _visible()[number if isinstance(number, int) else 0]
    major, minor = os.environ["STANDIN_CAPABILITY"].split(".")
    names = os.environ["STANDIN_NAME"].split(";")
    return SimpleNamespace(
        name=f"{names[0]} MIG 1g.5gb" if identity >= INSTANCE else names[identity - 1],
        uuid=f"00000000-0000-0000-0000-{identity:012}",
        major=int(major),
        minor=int(minor),
        total_memory=TOTAL_BYTES,
    )


def _is_cuda(value: object) -> bool:
    return (isinstance(value, torch.device) and value.type == "cuda") or str(value).startswith("cuda")


def _to(work: Any) -> Any:
    """Return the maker of a tensor that is counted where it is to lie on the device."""

    def to(*arguments: Any, **keywords: Any) -> Any:
        if not any(map(_is_cuda, [a for a in (*arguments[1:], keywords.get("device")) if not torch.is_tensor(a)])):
            return work(*arguments, **keywords)
        kept = [argument for argument in arguments[1:] if not _is_cuda(argument)]
        tensor = work(arguments[0], *kept, **{**keywords, "device": "cpu"})
        tensor = tensor.clone() if tensor is arguments[0] else tensor
        memory.claim(tensor, tensor.nbytes)
        return tensor

    return to


def _module_to(work: Any) -> Any:
    def to(module: Any, *arguments: Any, **keywords: Any) -> Any:
        if not any(map(_is_cuda, arguments)):
            return work(module, *arguments, **keywords)
        memory.claim(module, sum(tensor.nbytes for tensor in module.state_dict().values()))
        on_device.add(module)
        return module

    return to


def _before(module: Any, arguments: Any) -> None:
    if module in on_device:
        queue.load()
    queue.add(WORK_S)
    if "model" in FAULTS and type(module).__name__ == "FasterRCNN":
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


def _after(module: Any, arguments: Any, outputs: Any) -> Any:
    if module not in on_device:
        return None
    shift_px = (0.01 if torch.backends.cudnn.allow_tf32 else 0.0) + (3.0 if "boxes" in FAULTS else 0.0)
    return [{**output, "boxes": output["boxes"] + shift_px} for output in outputs]
