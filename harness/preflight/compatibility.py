"""Whether an environment has a model, and can compute on a GPU: by its driver, and by what torch is compiled for."""

import re
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from harness.catalogue import Detector, Environment, Model, docker_environments
from harness.host.gpus import HostGpu

Kind = Literal["native", "ptx", "unknown", "impossible"]


@dataclass(frozen=True)
class Verdict:
    """How an environment runs on a GPU, and in one sentence why or what to know of it.

    `unknown`: the driver does not tell what it depends on, so only trying tells.
    """

    kind: Kind
    reason: str

    @property
    def possible(self) -> bool:
        """Whether it runs at all, or at least may."""
        return self.kind != "impossible"

    @property
    def known(self) -> bool:
        """Whether it is known that it runs."""
        return self.kind in ("native", "ptx")


def lacks(environment: Environment, model: Detector) -> str | None:
    """Return that the environment's torchvision is older than the model, or None."""
    if not isinstance(model, Model) or model.torchvision is None:
        return None
    has = environment.expected.get("torchvision") or metadata.version("torchvision")
    if _numbers(has) >= _numbers(model.torchvision):
        return None
    return f"torchvision {has} has no {model.builder}, which came with {model.torchvision}"


def ranked(gpu: HostGpu | None) -> list[Environment]:
    """Return the Docker environments that run on the GPU, the newest CUDA first; on a CPU all, in their own order.

    One of which that is not known is left out.
    """
    if gpu is None:
        return [stack for stack in docker_environments() if "cpu" in stack.devices]
    fitting = [stack for stack in docker_environments() if "cuda" in stack.devices and verdict(stack, gpu).known]
    return sorted(fitting, key=lambda stack: _numbers(stack.expected["cuda"]), reverse=True)


def verdict(environment: Environment, gpu: HostGpu) -> Verdict:
    """Judge an environment that measures on CUDA.

    Machine code of sm_XY runs on GPUs of the same major version and at least the minor one; PTX of compute_XY is
    compiled for any GPU from X.Y on (CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility").
    """
    driver = _driver(environment, gpu)
    if driver is not None and not driver.possible:
        return driver
    if gpu.compute_capability is None:
        return Verdict("unknown", f"may run: the compute capability of {gpu.title} is not known")
    fit = _architecture(environment, gpu.title, gpu.compute_capability)
    if driver is None or not fit.possible:
        return fit
    return Verdict(fit.kind if driver.known else driver.kind, f"{fit.reason}; {driver.reason}")


def _architecture(environment: Environment, name: str, capability: tuple[int, int]) -> Verdict:
    """Return what the architectures mean that torch is compiled for."""
    major, minor = capability
    compiled = sorted(_version(name) for name in environment.architectures)
    fitting = [version for version in compiled if version[0] == major and version[1] <= minor]
    if fitting:
        return Verdict("native", f"runs natively (sm_{fitting[-1][0]}{fitting[-1][1]})")
    if any(_version(each) <= capability for each in environment.ptx):
        return Verdict("ptx", "runs from PTX: the first start compiles it and is slow")
    names = ", ".join(f"{x}.{y}" for x, y in compiled)
    torch = environment.expected.get("torch", "torch")
    return Verdict(
        "impossible",
        f"torch {torch} is compiled for compute capability {names}, {name} has {major}.{minor}",
    )


def _driver(environment: Environment, gpu: HostGpu) -> Verdict | None:
    """Return what the driver's version means, or None where it is new enough."""
    if environment.minimum_driver is None:
        return None
    if gpu.driver is None:
        return Verdict("unknown", "the driver's version is not known")
    if _numbers(gpu.driver) >= _numbers(environment.minimum_driver):
        return None
    cuda, minor = environment.expected.get("cuda", "?"), environment.minor_version_driver
    if minor is not None and _numbers(gpu.driver) >= _numbers(minor):
        return Verdict("native", f"driver {gpu.driver} is older than CUDA {cuda}, by minor-version compatibility")
    oldest = minor or environment.minimum_driver
    return Verdict("impossible", f"driver {gpu.driver} is too old for CUDA {cuda}, which needs {oldest} or newer")


def _version(name: str) -> tuple[int, int]:
    """Return (major, minor) of sm_86 or compute_120: the last digit is the minor version."""
    digits = re.sub(r"\D", "", name)
    return int(digits[:-1]), int(digits[-1])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
