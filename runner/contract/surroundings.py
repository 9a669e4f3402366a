"""What the runner saw of its surroundings: its software, the machine, and what that let it have of the CPUs."""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional

from runner.contract.model import Document

_BUNDLED = re.compile(r"(numpy|scipy)\.libs")


@dataclass(frozen=True)
class SharedLibrary(Document):
    """A numerical library that the process had loaded when it was measured; its version where it states one.

    `threads` is how many it computes with by itself, None where it has no threads of its own or does not tell.
    """

    name: str
    path: str
    version: Optional[str] = None
    threads: Optional[int] = None

    @property
    def is_bundled(self) -> bool:
        """Whether NumPy or SciPy brought it for themselves alone, so that torch does not compute with it."""
        return bool(_BUNDLED.search(self.path))


@dataclass(frozen=True)
class Software(Document):
    """What the runner observed of its own stack.

    `malloc` are the variables that were set and say how memory is allocated; None where an early version of the runner
    did not look.
    """

    python: str
    torch: str
    torchvision: str
    torch_git: Optional[str]
    torchvision_git: Optional[str]
    cuda: Optional[str]
    cudnn: Optional[int]
    torch_config: str
    compiled_architectures: List[str]
    threads: int
    interop_threads: int
    numerics: Dict[str, str]
    shared_libraries: List[SharedLibrary]
    packages: Dict[str, str]
    malloc: Optional[Dict[str, str]] = None


@dataclass(frozen=True)
class Gpu(Document):
    """One GPU, or one instance of a GPU in MIG mode, as NVML describes it; what the driver does not answer is None.

    An instance has the index of its GPU, and a profile such as 1g.5gb. `uuid` is a pseudonym. `failure` is what NVML
    said of a GPU that it can't describe, one that is lost, say.
    """

    index: int
    name: Optional[str]
    uuid: Optional[str]
    memory_bytes: Optional[int]
    driver: Optional[str]
    compute_capability: Optional[str] = None
    pci_bus_id: Optional[str] = None
    power_limit_watts: Optional[float] = None
    max_sm_clock_mhz: Optional[int] = None
    max_memory_clock_mhz: Optional[int] = None
    temperature_celsius: Optional[int] = None
    mig_enabled: Optional[bool] = None
    ecc_enabled: Optional[bool] = None
    mig_profile: Optional[str] = None
    failure: Optional[str] = None


@dataclass(frozen=True)
class UsedGpu(Document):
    """The GPU that computed, as CUDA itself names it; in MIG mode the instance, which then has a profile.

    `uuid` is a pseudonym, of the instance's where there is one. `missing_reason` says why a field is None.
    """

    name: str
    uuid: Optional[str]
    pci_bus_id: Optional[str]
    mig_profile: Optional[str] = None
    missing_reason: Optional[str] = None


@dataclass(frozen=True)
class CpuSupply(Document):
    """What the machine let the process have of its CPUs from warm-up to end.

    `quota_cpus` is the tightest CPU quota of its control groups, None where there is none. In `throttled_periods` of
    its `periods` the process was stopped, for `throttled_ms` in all, by the quota that did so most often. `steal_cpus`
    is how many CPUs, on average, the hypervisor gave to others. `missing_reason` says why a field is None.
    """

    quota_cpus: Optional[float]
    periods: Optional[int]
    throttled_periods: Optional[int]
    throttled_ms: Optional[float]
    steal_cpus: Optional[float]
    missing_reason: Optional[str] = None


@dataclass(frozen=True)
class Hardware(Document):
    """The machine as the runner sees it from inside its process or container.

    `usable_cpus` are the numbers of the CPUs that the process may use; `used_gpu` is None on a CPU.
    """

    cpu_model: str
    physical_cores: Optional[int]
    logical_cores: int
    usable_cores: int
    max_frequency_mhz: Optional[float]
    governor: Optional[str]
    memory_bytes: int
    virtualisation: Optional[str]
    kernel: str
    gpus: List[Gpu]
    gpus_missing_reason: Optional[str] = None
    usable_cpus: Optional[List[int]] = None
    used_gpu: Optional[UsedGpu] = None
