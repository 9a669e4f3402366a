"""Which GPU computed: the runner, torch and NVML name the same one, whatever CUDA_VISIBLE_DEVICES leaves."""

from collections.abc import Mapping
from typing import Any

import pytest

from runner import nvml
from runner.contract import pseudonym
from runner.nvml import Listed
from tests.gpu import jobs
from tests.gpu.conftest import Seen
from tests.gpu.probe import VARIABLES, Answer, answers
from tests.gpu.runs import Runs
from tests.gpu.sizes import SSDLITE, sizes

#: So many devices, GPUs or instances, are tried one by one.
MOST = 4


def computing() -> list[Listed]:
    """Return what can compute: instances, and the GPUs that are not divided into any; all, whatever is visible here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        found, reason = nvml.listed()
    assert found, f"NVML shows no GPU: {reason}"
    return [each for each in found if not each.gpu.mig_enabled]


@pytest.fixture(scope="module")
def devices() -> list[Listed]:
    return computing()[:MOST]


@pytest.fixture(scope="module")
def alone(devices: list[Listed]) -> list[Answer]:
    """What a process sees that each device is left to by its UUID."""
    return answers([{"CUDA_VISIBLE_DEVICES": str(each.uuid)} for each in devices])


def test_the_gpu_of_a_result_is_one_of_nvml_s(devices: list[Listed], runs: Runs, seen: Seen) -> None:
    hardware = runs.measured(jobs.latency(SSDLITE, sizes().quick)).hardware
    used = hardware.used_gpu if hardware else None
    assert used is not None, "the runner measured on `cuda` and names no GPU that computed"
    seen("used", used)
    known = {pseudonym(str(each.uuid)): each.gpu.name for each in computing()}
    assert used.uuid in known, f"libcuda's UUID is {used.uuid} ({used.missing_reason}), NVML's are {known}"
    assert used.name == known[used.uuid], f"libcuda calls it {used.name}, NVML {known[used.uuid]}"


def test_a_uuid_leaves_that_device_alone(devices: list[Listed], alone: list[Answer], seen: Seen) -> None:
    for number, (wanted, answer) in enumerate(zip(devices, alone, strict=True)):
        seen(f"device {number}", f"{wanted.gpu.name}, {pseudonym(str(wanted.uuid))}")
        assert len(answer.names) == 1, f"CUDA_VISIBLE_DEVICES is one UUID, and torch sees {answer.names}"
        _require(answer, wanted)


def test_torch_s_own_uuid_is_the_same(devices: list[Listed], alone: list[Answer], seen: Seen) -> None:
    """Of instances it may be their GPU's: the runtime, which torch asks, does not say which it tells."""
    pairs = zip(devices, alone, strict=True)
    told = [(each, answer.uuids[0]) for each, answer in pairs if any(answer.uuids) and not each.gpu.mig_profile]
    seen("torch's UUIDs", f"{len(told)} of {len(devices)}, instances left out and where torch tells none")
    for wanted, uuid in told:
        own = str(wanted.uuid).partition("-")[2]
        assert uuid == own, f"torch's UUID of {wanted.gpu.name} is {pseudonym(str(uuid))}, NVML's {pseudonym(own)}"


def test_a_number_means_nvml_s_where_the_order_is_that_of_the_bus(seen: Seen) -> None:
    whole = [each for each in computing() if each.gpu.mig_profile is None][:MOST]
    if not whole or len(whole) < len(computing()[:MOST]):
        seen("left out", "numbers of GPUs, since instances have none")
        return
    variants: list[Mapping[str, str]] = [_visible(str(each.gpu.index)) for each in whole]
    for wanted, answer in zip(whole, answers(variants), strict=True):
        _require(answer, wanted)


def test_of_several_the_first_computes_and_cuda_1_is_the_second(devices: list[Listed], seen: Seen) -> None:
    if len(devices) < 2 or any(each.gpu.mig_profile for each in devices):
        seen("left out", "cuda:1, since there are no two GPUs")
        return
    second, first = devices[1], devices[0]
    (both,) = answers([_visible(f"{second.gpu.index},{first.gpu.index}")])
    _require(both, second)
    assert both.names[1] == first.gpu.name, f"cuda:1 is {both.names[1]}, expected {first.gpu.name}"


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_what_is_hidden_computes_nothing(hidden: str, seen: Seen) -> None:
    (answer,) = answers([{"CUDA_VISIBLE_DEVICES": hidden}])
    found = (answer.names, answer.used)
    seen("found", found)
    assert found == ([], None), f"CUDA_VISIBLE_DEVICES={hidden!r} hides all, and there is {found}"


def _visible(numbers: str) -> dict[str, str]:
    return dict(zip(VARIABLES, (numbers, "PCI_BUS_ID"), strict=True))


def _require(answer: Answer, wanted: Listed) -> None:
    used: Any = answer.used
    assert used is not None, f"{wanted.gpu.name} alone is visible, and libcuda has no device"
    expected = pseudonym(str(wanted.uuid))
    assert used.uuid == expected, f"libcuda's UUID is {used.uuid} ({used.missing_reason}), NVML's {expected}"
    buses = used.pci_bus_id, wanted.gpu.pci_bus_id
    assert None in buses or buses[0] == buses[1], f"libcuda places it at {buses[0]}, NVML at {buses[1]}"
