"""What an engine says where it can't hand out a GPU, in the words of its own 500s. Real engines are in integration."""

import pytest
from docker.errors import APIError

from harness.host.gpus import HostGpu
from harness.images.containers import ContainerSpec
from harness.images.engine import _cannot_start

SPEC = ContainerSpec("image", [], {}, {}, {}, gpu=HostGpu("GPU-1", "T4", (7, 5), 16 << 30, False, "580.95.05"))
HOOK = "failed to create task for container: error running prestart hook #0: exit status 1, stderr: Auto\n"


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('could not select device driver "" with capabilities: [[gpu]]', "install the NVIDIA Container Toolkit"),
        ("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=GPU-1", "nvidia-ctk cdi generate"),
        (HOOK + "nvidia-container-cli: initialization error: nvml error: driver not loaded", "modprobe nvidia"),
        (HOOK + "nvidia-container-cli: initialization error: nvml error: driver/library version mismatch", "reboot"),
        (HOOK + "nvidia-container-cli: initialization error: nvml error: unknown error", "restart the engine"),
        (HOOK + "requirement error: unsatisfied condition: cuda>=13.0", "update the driver"),
    ],
)
def test_a_gpu_that_can_not_be_handed_out_has_a_remedy(said: str, remedy: str) -> None:
    error = _cannot_start(SPEC, APIError("500", explanation=said))
    assert error.reason.startswith("the Docker engine can't hand a GPU to a container (")
    assert remedy in error.remedy


def test_any_other_failure_keeps_the_engine_s_words() -> None:
    error = _cannot_start(SPEC, APIError("500", explanation="no space left on device"))
    assert error.reason == "the container of image can't be run: no space left on device"
