"""What this host can run, and one sentence for what it can't."""

from contextlib import ExitStack
from functools import cached_property
from importlib.util import find_spec
from types import TracebackType

import pynvml

from harness import images
from harness.catalogue import Environment, environments
from harness.engine import Engine
from harness.errors import BadInput, CannotRunHere, HarnessError
from runner.contract import Device


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
    def _connection(self) -> Engine | CannotRunHere:
        try:
            return self._closing.enter_context(Engine.connect())
        except CannotRunHere as error:
            return error

    @property
    def engine(self) -> Engine:
        """The Docker engine. Raises CannotRunHere where none answers."""
        if isinstance(self._connection, CannotRunHere):
            raise self._connection
        return self._connection

    @cached_property
    def gpus(self) -> list[tuple[str, str]]:
        """UUID and name of each GPU that NVML shows; empty where there is no driver."""
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return []
        try:
            handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
            return [(pynvml.nvmlDeviceGetUUID(h), pynvml.nvmlDeviceGetName(h)) for h in handles]
        finally:
            pynvml.nvmlShutdown()

    def obstacle(self, environment: Environment, device: Device) -> HarnessError | None:
        """Return why the environment can't measure on the device here, or None where it can."""
        if device not in environment.devices:
            return CannotRunHere(f"{environment.name} does not measure on {device}", "choose another --image")
        if device == "cuda" and not self.gpus:
            return CannotRunHere("NVML shows no NVIDIA GPU on this host", "measure with --device cpu")
        if environment.base is None:
            return _no_torch() if find_spec("torch") is None or find_spec("torchvision") is None else None
        return self._connection if isinstance(self._connection, CannotRunHere) else None

    def device(self, text: str) -> tuple[Device, str | None]:
        """Resolve auto, cpu or cuda[:N|UUID] to a device and the UUID of the GPU.

        Raises BadInput for another word, and CannotRunHere where the host lacks that GPU.
        """
        if text in ("auto", "cpu"):
            wanted = "cuda" if text == "auto" and self.gpus else "cpu"
            return ("cuda", self.gpus[0][0]) if wanted == "cuda" else ("cpu", None)
        kind, _, which = text.partition(":")
        if kind != "cuda":
            raise BadInput(f"there is no device {text!r}", "use auto, cpu, cuda, cuda:N or cuda:UUID")
        if not self.gpus:
            raise CannotRunHere(
                f"the device {text} was asked for, but NVML shows no NVIDIA GPU on this host",
                "install the driver (nvidia-smi must work), or measure with --device cpu",
            )
        uuids = [uuid for uuid, _ in self.gpus]
        matching = [uuid for i, uuid in enumerate(uuids) if which in ("", str(i)) or uuid.startswith(which)]
        if not matching:
            raise CannotRunHere(f"there is no GPU {which!r} here", f"this host has {', '.join(uuids)}")
        return "cuda", matching[0]

    def choose(self, device: Device) -> tuple[Environment, str]:
        """Return the environment that `--image auto` means, and why: Docker's where it can be had, else local."""
        if isinstance(self._connection, CannotRunHere):
            return environments()["local"], self._connection.reason
        for environment in environments().values():
            if environment.base is None or device not in environment.devices:
                continue
            if images.find(self.engine, environment):
                return environment, "a Docker engine answers and its image is here"
            if base := images.available_base(self.engine, environment):
                return environment, f"a Docker engine answers and its base can be had ({base})"
        return environments()["local"], "a Docker engine answers, but neither an image nor a base for one can be had"


def _no_torch() -> CannotRunHere:
    return CannotRunHere("the environment local has no torch and torchvision", "install them with: make setup")
