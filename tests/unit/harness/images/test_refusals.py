"""What an engine says where it refuses, and where it can't hand out a GPU, in the words of its own 500s."""

import pytest

from harness.images.refusals import GONE, LONGEST, Refusal

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
    error = Refusal(said).to_run("image")
    assert error.reason.startswith("the Docker engine can't hand a GPU to a container (")
    assert remedy in error.remedy


def test_any_other_failure_keeps_the_engine_s_words() -> None:
    error = Refusal("no space left\n on device").to_run("image")
    assert error.reason == "the container of image can't be run: no space left on device"
    assert error.remedy == ""


def test_words_without_end_are_cut() -> None:
    assert Refusal("no " * LONGEST).to("it can't be had").reason == f"it can't be had: {('no ' * LONGEST)[:LONGEST]}"


def test_a_remedy_is_of_an_engine_that_answered() -> None:
    assert Refusal("in use").to("it can't be removed", "end what uses it").remedy == "end what uses it"
    assert Refusal("timed out", answered=False).to("it can't be removed", "end what uses it").remedy == GONE
    assert Refusal("unsatisfied condition", answered=False).to_run("image").remedy == GONE
