"""What `--image auto` takes, with the engine's answers given."""

from dataclasses import replace
from typing import Any

import pytest

from harness.catalogue import Environment
from harness.errors import CannotRunHere
from harness.host.gpus import Gpus, HostGpu
from harness.images import recipes
from harness.preflight import doctor
from harness.preflight.checks import Preflight, Target

GTX1070 = Target("cuda", HostGpu("GPU-a", "GTX 1070", (6, 1), 8 << 30, False, "580.95.05"))


class Host(Preflight):
    """A host on which everything can run."""

    _connection = None  # type: ignore[assignment]
    engine = None  # type: ignore[assignment]

    def obstacle(self, environment: Environment, target: Target) -> None:
        return None


@pytest.mark.parametrize(("here", "chosen"), [([], "cuda11.1"), (["cuda11.4"], "cuda11.4"), (["cuda12.6"], "cuda12.6")])
def test_auto_takes_a_compiled_environment_only_where_its_image_is_here(
    here: list[str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "find", lambda engine, environment: environment.name in here)
    monkeypatch.setattr(recipes, "available_base", lambda engine, environment: environment.base)
    monkeypatch.setattr(recipes, "wheels_can_be_had", lambda environment: environment.name in ("cuda11.4", "cuda11.1"))
    environment, _ = Host().choose(GTX1070)
    assert environment.name == chosen


@pytest.mark.parametrize(
    ("image", "base", "verdict"),
    [
        (True, False, "runs"),
        (False, True, "runs once built"),
        (
            False,
            False,
            "can't run: neither its image nor the base python:3.13-slim-bookworm is here, and no registry has it",
        ),
    ],
)
def test_doctor_says_whether_an_image_can_be_had(
    image: bool, base: bool, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "find", lambda engine, environment: image or None)
    monkeypatch.setattr(recipes, "available_base", lambda engine, environment: environment.base if base else None)
    host = Host()
    host.gpus = Gpus([])
    lines = {line.environment: line for line in doctor.matrix(host)}
    assert lines["cpu"].cpu == verdict
    assert lines["cpu"].image is image
    assert (lines["local"].cpu, lines["local"].image) == ("runs", None)


@pytest.mark.parametrize("unknown", [{"compute_capability": None}, {"driver": None}])
def test_where_nothing_is_known_to_run_auto_takes_no_image_by_guess(
    unknown: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "find", lambda engine, environment: True)
    assert GTX1070.gpu is not None
    environment, reason = Host().choose(Target("cuda", replace(GTX1070.gpu, **unknown)))
    assert environment.name == "local"
    assert reason == "of no Docker environment it is known that it runs on GTX 1070"


WHOLE = HostGpu("GPU-1", "A100", (8, 0), 40 << 30, False, "580.95.05", "1")
SLICES = [
    replace(
        WHOLE,
        uuid=f"MIG-{i}",
        name="A100 MIG 1g.5gb",
        index=f"2:{i}",
        mig_enabled=True,
        mig_profile="1g.5gb",
        whole="GPU-2",
    )
    for i in (0, 1)
]
LOST = HostGpu(None, None, None, None, None, None, "0", failure="does not answer (GPU is lost)", remedy="reboot")
EMPTY = replace(WHOLE, failure="is in MIG mode, without an instance", remedy="make one")


def host(*devices: HostGpu, broken: bool = False) -> Host:
    made = Host()
    made.gpus = Gpus(list(devices), "" if Gpus(list(devices)).found else "no GPU can compute", "mend it", broken)
    return made


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        ("auto", "GPU-1"),
        ("cuda", "GPU-1"),
        ("cuda:1", "GPU-1"),
        ("cuda:2", "MIG-0"),
        ("cuda:3", "MIG-1"),
        ("cuda:MIG-1", "MIG-1"),
        ("cuda:MIG", "MIG-0"),
        (f"cuda:{SLICES[1].pseudonym}", "MIG-1"),
    ],
)
def test_instances_are_chosen_as_gpus_are_and_a_lost_one_keeps_its_number(text: str, uuid: str) -> None:
    target = host(LOST, WHOLE, *SLICES).target(text)
    assert target.gpu is not None
    assert target.gpu.uuid == uuid


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cuda:0", "GPU 0 does not answer (GPU is lost); reboot."),
        ("cuda:1", "GPU 1 (A100) is in MIG mode, without an instance; make one."),
        ("cuda:GPU-1", "GPU 1 (A100) is in MIG mode, without an instance; make one."),
        ("cuda:GPU-2", "the GPU GPU-2 is in MIG mode, in which its instances compute alone; choose one of MIG-0."),
        ("cuda:MIG-7", "there is no GPU 'MIG-7' here; this host has MIG-0."),
    ],
)
def test_a_gpu_that_can_not_compute_is_refused_with_its_reason(text: str, sentence: str) -> None:
    with pytest.raises(CannotRunHere) as refused:
        host(LOST, EMPTY, SLICES[0]).target(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("text", ["auto", "cuda"])
def test_what_is_left_out_is_said(text: str) -> None:
    assert host(LOST, WHOLE).left_out(text) == ["left out: GPU 0 does not answer (GPU is lost); reboot"]


def test_the_cpu_in_the_place_of_gpus_that_fail_is_said() -> None:
    assert host(LOST, broken=True).left_out("auto") == ["measuring on the CPU: no GPU can compute; mend it"]
    assert host(LOST, WHOLE, broken=True).left_out("cpu") == []
    assert host(LOST, WHOLE).left_out("cuda:1") == []
    assert host().left_out("auto") == []


def test_a_run_finds_its_gpu_by_pseudonym() -> None:
    here = host(LOST, WHOLE, *SLICES)
    assert here.planned_gpu(SLICES[0].pseudonym) == SLICES[0]
    assert here.planned_gpu(None) is None


def test_a_run_whose_gpu_is_gone_says_so_and_what_is_seen_of_the_others() -> None:
    name = WHOLE.pseudonym
    with pytest.raises(CannotRunHere) as refused:
        host(LOST, SLICES[0]).planned_gpu(name)
    assert str(refused.value).startswith(
        f"the GPU of this run, {name}, is not here; GPU 0 does not answer (GPU is lost); "
    )
    with pytest.raises(CannotRunHere, match=f"{name}, is not here; no GPU can compute; "):
        host().planned_gpu(name)
