"""What this host can run, and one sentence for what it can't."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING

from harness import paths
from harness.catalogue import Environment, environments
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.host import gpus, toolkit
from harness.host.gpus import Gpus, HostGpu
from harness.images import recipes
from harness.preflight import compatibility
from runner.contract import Device

if TYPE_CHECKING:
    from harness.images.engine import Engine


@dataclass(frozen=True)
class Target:
    """What computes: the CPU, or a GPU of this host."""

    device: Device
    gpu: HostGpu | None = None


class Preflight:
    """Looks at the host once, and only at what is asked for. As a context it closes the engine at its end."""

    def __init__(self) -> None:
        self._closing = ExitStack()

    def __enter__(self) -> "Preflight":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @cached_property
    def _connection(self) -> "Engine | CannotRunHere":
        from harness.images.engine import Engine  # and with it docker-py: a tenth of a second

        try:
            return self._closing.enter_context(Engine.connect())
        except CannotRunHere as error:
            return error

    @property
    def engine(self) -> "Engine":
        """The Docker engine. Raises CannotRunHere where none answers."""
        if isinstance(self._connection, CannotRunHere):
            raise self._connection
        return self._connection

    @cached_property
    def gpus(self) -> Gpus:
        """The GPUs of this host."""
        return gpus.observe()

    def target(self, text: str) -> Target:
        """Resolve auto, cpu or cuda[:N|UUID|PSEUDONYM]; of a UUID the beginning is enough.

        Raises BadInput for another word, and CannotRunHere where the host lacks that GPU, or where it can't compute.
        """
        usable = self.gpus.found if text != "cpu" else []
        if text in ("auto", "cpu"):
            return Target("cuda", usable[0]) if usable else Target("cpu")
        kind, _, which = text.partition(":")
        if kind != "cuda":
            raise BadInput(f"there is no device {text!r}", "use auto, cpu, cuda, cuda:N or cuda:UUID")
        if not usable:
            raise CannotRunHere(
                f"the device {text} was asked for, but {self.gpus.reason}",
                f"{self.gpus.remedy}, or measure with --device cpu",
            )
        return Target("cuda", self._gpu(which) if which else usable[0])

    def _gpu(self, which: str) -> HostGpu:
        devices = self.gpus.devices
        matching = [gpu for i, gpu in enumerate(devices) if which in (str(i), gpu.pseudonym) or _begins(gpu, which)]
        if not matching:
            raise self._no_gpu(which)
        gpu = next((each for each in matching if each.failure is None), matching[0])
        if gpu.failure:
            raise CannotRunHere(gpu.trouble, gpu.remedy)
        return gpu

    def _no_gpu(self, which: str) -> CannotRunHere:
        """Return that there is no such GPU, or that it is in MIG mode, and what there is instead."""
        instances = [gpu.key for gpu in self.gpus.found if gpu.whole and gpu.whole.startswith(which)]
        if instances:
            reason = f"the GPU {which} is in MIG mode, in which its instances compute alone"
            return CannotRunHere(reason, f"choose one of {', '.join(instances)}")
        known = ", ".join(gpu.key for gpu in self.gpus.found)
        return CannotRunHere(f"there is no GPU {which!r} here", f"this host has {known}")

    def planned_gpu(self, name: str | None) -> HostGpu | None:
        """Return the GPU of that pseudonym, None for None. Raises CannotRunHere where this host has it no more."""
        if name is None:
            return None
        for gpu in self.gpus.found:
            if gpu.pseudonym == name:
                return gpu
        failed = [gpu.trouble for gpu in self.gpus.failed] or [self.gpus.reason]
        said = "; ".join(filter(None, [f"the GPU of this run, {name}, is not here", *failed]))
        raise CannotRunHere(said, "bring it back, or start a new run on another device")

    def left_out(self, text: str) -> list[str]:
        """Return a sentence for each GPU that --device auto or cuda has to do without, and why."""
        if text not in ("auto", "cuda"):
            return []
        if not self.gpus.found:
            return [f"measuring on the CPU: {self.gpus.reason}; {self.gpus.remedy}"] if self.gpus.broken else []
        return [f"left out: {gpu.trouble}; {gpu.remedy}" for gpu in self.gpus.failed]

    def obstacle(self, environment: Environment, target: Target) -> HarnessError | None:
        """Return why the environment can't measure on the target here, or None where it can."""
        if target.device not in environment.devices:
            return CannotRunHere(f"{environment.name} does not measure on {target.device}", "choose another --image")
        if environment.base is None:
            return _no_torch() if find_spec("torch") is None or find_spec("torchvision") is None else None
        if target.gpu is not None:
            verdict = compatibility.verdict(environment, target.gpu)
            if not verdict.possible:
                return CannotRunHere(verdict.reason, "choose another --image")
        if isinstance(self._connection, CannotRunHere):
            return self._connection
        if target.gpu is not None and not self.engine.traits.hands_out_gpus:
            return CannotRunHere("the Docker engine knows no way to a GPU", toolkit.INSTALL)
        if environment.tag and not recipes.find(self.engine, environment):
            reason = f"there is no image {environment.label} of the recipe as it is now"
            return CannotRunHere(reason, "see what is here with: harness images list")
        return self._no_room(environment)

    def unobtainable(self, environment: Environment) -> CannotRunHere | None:
        """Return that there is neither the environment's image nor a base to build it on, or None.

        A registry is asked for the base only where nothing else has it.
        """
        if environment.base is None or recipes.find(self.engine, environment):
            return None
        if recipes.available_base(self.engine, environment):
            return None
        base = environment.base.partition("@")[0]
        reason = f"neither its image nor the base {base} is here, and no registry has it"
        return CannotRunHere(reason, recipes.without_base(environment))

    def no_memory_limit(self) -> CannotRunHere | None:
        """Return that the engine can't hold containers to --memory, or None."""
        if self.engine.traits.limits_memory:
            return None
        return CannotRunHere(
            "this Docker engine can't limit memory, as a rootless one under cgroup v1", "omit --memory"
        )

    def _no_room(self, environment: Environment) -> CannotRunHere | None:
        """Return that the image is not here and does not fit on the engine's disk, or None."""
        root, needed_gb = self.engine.root, environment.room_gb
        free_gb = shutil.disk_usage(root).free / 1e9 if root.is_dir() else needed_gb
        if free_gb >= needed_gb or recipes.find(self.engine, environment):
            return None
        reason = f"the image of {environment.name} needs {needed_gb:.1f} GB, {root} has {free_gb:.1f} GB free"
        return CannotRunHere(reason, "free some with: docker image prune")

    def choose(self, target: Target) -> tuple[Environment, str]:
        """Return the environment that `--image auto` means, and why: Docker's where it can be had, else local."""
        if isinstance(self._connection, CannotRunHere):
            return environments()["local"], self._connection.reason
        if target.gpu is not None and not compatibility.ranked(target.gpu):
            return environments()["local"], f"of no Docker environment it is known that it runs on {target.gpu.title}"
        for environment in compatibility.ranked(target.gpu):
            if self.obstacle(environment, target):
                continue
            if recipes.find(self.engine, environment):
                return environment, "a Docker engine answers and its image is here"
            if environment.source_build:
                continue
            base = recipes.available_base(self.engine, environment)
            if base and recipes.wheels_can_be_had(environment):
                return environment, f"a Docker engine answers and its base can be had ({base})"
        return environments()["local"], "a Docker engine answers, but neither an image nor a base for one can be had"


def _begins(gpu: HostGpu, which: str) -> bool:
    return gpu.uuid is not None and gpu.uuid.startswith(which)


def _no_torch() -> CannotRunHere:
    how = "make setup" if paths.in_checkout() else "pip install torch torchvision"
    return CannotRunHere("the environment local has no torch and torchvision", f"install them with: {how}")
