import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness import plan
from harness.host import machine
from harness.plan import make_variant
from tests.unit.harness.plan.test_cells import ONE, FakeHost, nothing

STANDARD = replace(ONE, protocol="standard-1")


@pytest.fixture
def cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Acts out a machine: its cores as sets of CPUs such as "0,4 1,5", and which CPUs this process may use."""

    def act(sets: str, usable: str) -> None:
        for core in sets.split():
            for cpu in core.split(","):
                (tmp_path / cpu).write_text(f"{core}\n")
        (tmp_path / "online").write_text(sets.replace(" ", ","))
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(map(int, usable.split(","))))

    monkeypatch.setattr(machine, "SIBLINGS", f"{tmp_path}/{{}}")
    monkeypatch.setattr(machine, "ONLINE_CPUS", tmp_path / "online")
    return act


def threads(**chosen: str) -> list[int | None]:
    made, _ = plan.make(replace(STANDARD, variant=make_variant(**chosen)), [], FakeHost(), nothing)
    return [
        cell.job.numerics.threads for cell in sorted(made.cells, key=lambda cell: cell.job.cell) if cell.job.repeat == 1
    ]


@pytest.mark.parametrize(
    ("sets", "usable", "chosen", "expected"),
    [
        ("0,4 1,5 2,6 3,7", "0,1,4,5", None, [4, 2]),  # a container may use all of the machine's
        ("0,4 1,5 2,6 3,7", "0,1,4,5", "0,1,4", [2, 2]),
        ("0,4 1,5 2,6 3,7", "0,4", None, [4, 1]),
        ("0 1", "0,1", None, [2, 2]),
    ],
)
def test_a_cell_has_a_thread_for_each_physical_core_that_it_may_use(
    cores: Callable[[str, str], None], sets: str, usable: str, chosen: str | None, expected: list[int]
) -> None:
    cores(sets, usable)
    assert threads(**({"cpus": chosen} if chosen else {})) == expected


def test_a_number_that_was_chosen_holds(cores: Callable[[str, str], None]) -> None:
    cores("0,2 1,3", "0,1,2,3")
    assert threads(threads="3") == [3, 3]


def test_other_protocols_leave_it_to_torch(cores: Callable[[str, str], None]) -> None:
    cores("0,2 1,3", "0,1,2,3")
    for name in ("quick-1", "published-2021"):
        made, _ = plan.make(replace(ONE, protocol=name), [], FakeHost(), nothing)
        assert {cell.job.numerics.threads for cell in made.cells} == {None}


def test_a_machine_that_does_not_tell_its_cores_leaves_it_to_torch_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "SIBLINGS", f"{tmp_path}/{{}}")
    made, remarks = plan.make(STANDARD, [], FakeHost(), nothing)
    assert {cell.job.numerics.threads for cell in made.cells} == {None}
    assert (
        "this machine does not tell its physical cores, so torch chooses its threads, unless --threads does" in remarks
    )
