"""What doctor says of each GPU, in a line and in the matrix."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.commands.doctor import _gpu, _matrix
from harness.host.gpus import HostGpu
from harness.preflight.doctor import Line
from harness.text import GAP

A100 = HostGpu("GPU-a", "A100", (8, 0), 40 << 30, False, "580.95.05")
SLICE = HostGpu("MIG-b", "A100 MIG 1g.5gb", (8, 0), 5 << 30, True, "580.95.05", "1:0", "1g.5gb")
LOST = HostGpu(None, None, None, None, None, None, "2", failure="does not answer (GPU is lost)", remedy="reboot")
UNKNOWN: dict[str, Any] = {"uuid": None, "memory_bytes": None, "compute_capability": None, "driver": None}


@pytest.mark.parametrize(
    ("gpu", "line"),
    [
        (A100, "A100, compute capability 8.0, 40.0 GiB, driver 580.95.05, GPU-a"),
        (
            SLICE,
            "A100 MIG 1g.5gb, an instance of GPU 1 in MIG mode, compute capability 8.0, 5.0 GiB, "
            "driver 580.95.05, MIG-b",
        ),
        (LOST, "GPU 2 does not answer (GPU is lost); reboot"),
        (replace(A100, **UNKNOWN), "A100, compute capability unknown, memory unknown, driver unknown, UUID unknown"),
    ],
)
def test_a_line_says_what_is_known_and_what_is_not(gpu: HostGpu, line: str) -> None:
    assert _gpu(gpu) == line


def test_the_matrix_has_the_gpus_that_compute_as_the_device_option_numbers_them() -> None:
    reason = "runs natively (sm_80)"
    found: Any = SimpleNamespace(gpus=[LOST, A100, SLICE], matrix=[Line("x", None, "runs", {"GPU-a": reason})])
    table = _matrix(found)
    assert table.headings[3:] == ["cuda:1, A100", "cuda:2, A100 MIG 1g.5gb"]
    assert table.rows[0][3:] == [reason, GAP]
