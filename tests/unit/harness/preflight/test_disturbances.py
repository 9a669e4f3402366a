"""What a host is set to, and what its cells met with, read from files and results."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.documents.noise import Disturbance
from harness.preflight import disturbances
from runner.contract import CpuSupply, Result
from runner.contract.cgroups import NO_QUOTA
from tests.samples import job, latency, ok_result

CPU = "sys/devices/system/cpu"
NOISY = {
    f"{CPU}/cpu0/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu1/cpufreq/scaling_governor": "powersave",
    f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "3500000",
    f"{CPU}/cpu1/cpufreq/scaling_cur_freq": "800000",
    f"{CPU}/intel_pstate/no_turbo": "0",
    f"{CPU}/smt/active": "1",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "3",
    f"{CPU}/cpu1/thermal_throttle/core_throttle_count": "4",
    "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never",
}
STILL = {
    f"{CPU}/cpu0/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "3500000",
    f"{CPU}/cpufreq/boost": "0",
    f"{CPU}/smt/active": "0",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
}


def host(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text}\n")
    return folder


def by_name(seen: list[Disturbance]) -> dict[str, Disturbance]:
    return {one.name: one for one in seen}


def test_what_disturbs_is_seen_with_what_would_help(tmp_path: Path) -> None:
    seen = by_name(disturbances.settings(host(tmp_path, NOISY)))
    assert {name: one.seen for name, one in seen.items()} == {
        "governor": "performance, powersave",
        "turbo": "on",
        "clocks": "800 to 3500 MHz",
        "SMT siblings": "two threads share a core",
        "transparent huge pages": "always",
    }
    assert all(one.disturbs and one.helps and one.missing_reason is None for one in seen.values())
    assert seen["turbo"].helps == "write 1 into intel_pstate/no_turbo below /sys/devices/system/cpu"
    assert disturbances.throttled_count(tmp_path) == 7


def test_what_is_set_well_needs_no_help(tmp_path: Path) -> None:
    seen = disturbances.settings(host(tmp_path, STILL))
    assert [(one.disturbs, one.helps) for one in seen] == [(False, None)] * 5


def test_what_the_host_does_not_tell_is_none_with_its_reason(tmp_path: Path) -> None:
    seen = disturbances.settings(tmp_path)
    assert all((one.seen, one.disturbs, one.helps) == (None, None, None) and one.missing_reason for one in seen)
    assert disturbances.throttled_count(tmp_path) is None


def measured(load: float | None, supply: CpuSupply | None) -> Result:
    return ok_result(job(), latency=replace(latency([10.0]), other_load_cpus=load), cpu_supply=supply)


def test_what_cells_met_with_disturbs_above_its_threshold() -> None:
    limited = CpuSupply(1.5, 40, 6, 90.0, 0.3)
    seen = by_name(disturbances.felt([measured(0.1, limited), measured(0.5, limited)], 7, 9))
    assert {name: one.seen for name, one in seen.items()} == {
        "other load": "0.30 CPUs busy, at most 0.50",
        "CPU quota": "1.5 CPUs, stopped in 12 of 80 periods",
        "steal": "0.30 CPUs given to other guests",
        "thermal throttling": "2 times",
    }
    assert all(one.disturbs and one.helps for one in seen.values())


def test_a_host_that_leaves_cells_alone_is_said_to() -> None:
    free = CpuSupply(None, None, None, None, 0.0, NO_QUOTA)
    seen = disturbances.felt([measured(0.0, free)], 7, 7)
    assert [one.disturbs for one in seen] == [False] * 4


@pytest.mark.parametrize("supply", [None, CpuSupply(None, None, None, None, None, "the control groups can't be read")])
def test_what_nobody_looked_at_is_unknown(supply: CpuSupply | None) -> None:
    seen = by_name(disturbances.felt([measured(None, supply)], None, None))
    assert all(one.seen is None and one.disturbs is None and one.missing_reason for one in seen.values())
    if supply:
        assert seen["CPU quota"].missing_reason == supply.missing_reason
