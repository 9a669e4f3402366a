"""A real CPU quota, around a real cell: it is found, said and warned of."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.analysis.cautions import warnings_of
from harness.documents.run_folder import RunFolder
from harness.paths import ROOT
from runner.contract import cgroups
from tests.integration.commands import HARNESS, LITE

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

#: Less than the one thread of a cell gets of a machine where others compute, too.
QUOTA_CPUS = 0.2


@pytest.fixture(scope="module")
def limited() -> Iterator[Path]:
    """A control group inside another one: the outer allows QUOTA_CPUS, the inner more."""
    if os.getuid() != 0:
        pytest.skip("a CPU quota needs root")
    places = [place for place in cgroups.folders("cpu") if (place / "cpu.cfs_quota_us").exists()]
    if not places:
        pytest.skip("a CPU quota needs the cpu controller of control groups version 1")
    outer = places[-1] / f"harness-test-{os.getpid()}"
    inner = outer / "inner"
    try:
        inner.mkdir(parents=True)
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    (outer / "cpu.cfs_quota_us").write_text(str(int(QUOTA_CPUS * 100_000)))
    yield inner
    inner.rmdir()
    outer.rmdir()


def within(group: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command of the harness inside the group."""
    command = shlex.join([*HARNESS, *map(str, arguments)])
    shell = f"echo $$ > {shlex.quote(str(group / 'cgroup.procs'))} && exec {command}"
    return subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_doctor_says_the_tightest_quota(limited: Path) -> None:
    done = within(limited, "doctor", "--json")
    assert json.loads(done.stdout)["cpu_limit"] == QUOTA_CPUS
    assert f"limited to {QUOTA_CPUS} CPUs by a quota" in within(limited, "doctor").stdout


def test_a_throttled_cell_says_so(limited: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = within(
        limited, "run", "--image", "local", "--weights", "random", "--model", LITE, "--iterations", "3", "--out", out
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = RunFolder(out).cells()
    supply = cell.result.cpu_supply
    assert supply is not None
    assert supply.quota_cpus == QUOTA_CPUS
    assert supply.periods is not None and supply.throttled_periods is not None and supply.throttled_ms is not None
    assert 0 < supply.throttled_periods <= supply.periods
    assert supply.throttled_ms > 0
    counted = f"{supply.throttled_periods} of {supply.periods} periods"
    expected = f"throttled in {counted} by a CPU quota of {QUOTA_CPUS} CPUs: "
    assert cell.result.warnings == []
    assert any(warning.startswith(expected) for warning in warnings_of(cell.result))
    assert expected.strip(": ") in " ".join(done.stdout.split())
