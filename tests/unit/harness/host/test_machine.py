import os
from pathlib import Path

import pytest

from harness.host import machine


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0-3\n", [0, 1, 2, 3]), ("0,2-3,8\n", [0, 2, 3, 8]), ("nonsense", [0, 1, 2]), (None, [0, 1, 2])],
)
def test_every_cpu_of_the_machine_is_the_kernel_s_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, cpus: list[int]
) -> None:
    online = tmp_path / "online"
    if text is not None:
        online.write_text(text)
    monkeypatch.setattr(machine, "ONLINE_CPUS", online)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert machine.every_cpu() == cpus


@pytest.mark.parametrize(
    ("cpus", "cores"), [([0, 1], 2), ([0, 4], 1), ([0, 1, 4, 5], 2), ([1, 4], 2), ([5], 1), ([0, 9], None)]
)
def test_cpus_of_one_core_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: list[int], cores: int | None
) -> None:
    for cpu in (0, 1, 4, 5):
        (tmp_path / str(cpu)).write_text(f"{cpu % 4},{cpu % 4 + 4}\n")
    monkeypatch.setattr(machine, "SIBLINGS", f"{tmp_path}/{{}}")
    assert machine.physical_cores(cpus) == cores


@pytest.mark.parametrize(
    ("chosen", "contained", "cpus"), [(None, False, [2, 3]), (None, True, [0, 1, 2, 3]), ("1,2", True, [1, 2])]
)
def test_a_container_may_use_all_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, contained: bool, cpus: list[int]
) -> None:
    (tmp_path / "online").write_text("0-3")
    monkeypatch.setattr(machine, "ONLINE_CPUS", tmp_path / "online")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 2})
    assert machine.usable_cpus(chosen, contained=contained) == cpus
