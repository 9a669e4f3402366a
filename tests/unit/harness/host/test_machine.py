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
