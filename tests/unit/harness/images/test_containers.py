"""What an engine is asked for, by what the engine is like. Real containers are in tests/integration."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CannotRunHere
from harness.host.gpus import HostGpu
from harness.images.containers import ContainerSpec, Traits, arguments

GPU = HostGpu("GPU-1", "A100", (8, 0), 40 << 30, False, "580.95.05")
SPEC = ContainerSpec("image", ["job"], {"/in": Path("/job")}, {"/out": Path("/out")}, {}, gpu=GPU)
PLAIN = Traits(rootless=False, selinux=False, nvidia_runtime=True, nvidia_hook=False, cdi_devices=[])


def test_a_gpu_is_asked_of_the_toolkit() -> None:
    (request,) = arguments(SPEC, PLAIN)["device_requests"]
    assert request == {"device_ids": ["GPU-1"], "capabilities": [["gpu", "compute", "utility"]]}
    assert arguments(replace(SPEC, gpu=None), PLAIN)["device_requests"] == []


@pytest.mark.parametrize(
    ("devices", "by_cdi"), [(["nvidia.com/gpu=0", "nvidia.com/gpu=GPU-1"], True), (["nvidia.com/gpu=0"], False)]
)
def test_a_gpu_that_the_engine_lists_by_cdi_is_named_so(devices: list[str], by_cdi: bool) -> None:
    (request,) = arguments(SPEC, replace(PLAIN, cdi_devices=devices))["device_requests"]
    assert (request.get("driver") == "cdi") is by_cdi
    if by_cdi:
        assert request["device_ids"] == ["nvidia.com/gpu=GPU-1"]


INSTANCE = replace(GPU, uuid="MIG-5", index="0:1", mig_enabled=True, mig_profile="1g.5gb")


@pytest.mark.parametrize(
    ("devices", "name"),
    [
        (["0", "0:0", "0:1", "MIG-5"], "MIG-5"),
        (["0:0", "0:1"], "0:1"),
        (["mig0:0", "mig0:1"], "mig0:1"),
    ],
)
def test_an_instance_is_named_as_the_specification_of_cdi_names_it(devices: list[str], name: str) -> None:
    traits = replace(PLAIN, nvidia_runtime=False, cdi_devices=[f"nvidia.com/gpu={each}" for each in devices])
    (request,) = arguments(replace(SPEC, gpu=INSTANCE), traits)["device_requests"]
    assert request == {"driver": "cdi", "device_ids": [f"nvidia.com/gpu={name}"]}


def test_an_instance_is_asked_of_the_toolkit_by_its_uuid() -> None:
    (request,) = arguments(replace(SPEC, gpu=INSTANCE), PLAIN)["device_requests"]
    assert request["device_ids"] == ["MIG-5"]


@pytest.mark.parametrize(
    ("way", "known"),
    [
        ({"nvidia_runtime": True}, True),
        ({"nvidia_hook": True}, True),
        ({"cdi_devices": ["nvidia.com/gpu=0"]}, True),
        ({"cdi_devices": ["vendor.com/net=0"]}, False),
        ({}, False),
    ],
)
def test_any_part_of_the_toolkit_hands_out_gpus(way: dict[str, Any], known: bool) -> None:
    assert replace(PLAIN, **{"nvidia_runtime": False, **way}).hands_out_gpus is known


def test_a_rootless_engine_maps_the_caller_to_root() -> None:
    assert arguments(SPEC, replace(PLAIN, rootless=True))["user"] == "0:0"


def test_mounts_are_relabelled_under_selinux() -> None:
    assert arguments(SPEC, replace(PLAIN, selinux=True))["volumes"] == ["/job:/in:ro,z", "/out:/out:rw,z"]


def test_a_folder_of_any_name_is_mounted() -> None:
    odd = replace(SPEC, read_only={"/in": Path("/a:ro,z")})
    assert arguments(odd, PLAIN)["mounts"] == [
        {"Type": "bind", "Source": "/a:ro,z", "Target": "/in", "ReadOnly": True},
        {"Type": "bind", "Source": "/out", "Target": "/out", "ReadOnly": False},
    ]
    with pytest.raises(CannotRunHere, match=r"/a:ro,z has a colon in its name, and can't be mounted .* under SELinux"):
        arguments(odd, replace(PLAIN, selinux=True))


def test_one_folder_may_be_mounted_at_two_places() -> None:
    """As weights that lie beside a person's own code are."""
    twice = replace(SPEC, read_only={"/weights": Path("/mine"), "/code": Path("/mine")})
    assert [mount["Target"] for mount in arguments(twice, PLAIN)["mounts"]] == ["/weights", "/code", "/out"]
    assert arguments(twice, replace(PLAIN, selinux=True))["volumes"][:2] == ["/mine:/weights:ro,z", "/mine:/code:ro,z"]
