from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import contention
from runner.contention import UNCOUNTED, Contention
from runner.contract import CpuSupply
from runner.contract.cgroups import Quota, Throttling, Unknown

unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

QUIET = dict.fromkeys(("user", "nice", "system", "irq", "softirq", "steal", "idle", "iowait"), 50.0)


class ActingMachine:
    """A machine whose counters stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.cpus = SimpleNamespace(**QUIET)
        self.own = SimpleNamespace(user=3.0, system=1.0, children_user=7.0, children_system=7.0)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        process = SimpleNamespace(cpu_times=lambda: SimpleNamespace(**vars(self.own)))
        patch.setattr(contention, "time", SimpleNamespace(monotonic=lambda: self.now))
        fake = SimpleNamespace(cpu_times=lambda: SimpleNamespace(**vars(self.cpus)), Process=lambda: process)
        patch.setattr(contention, "psutil", fake)


def load(meanwhile: Callable[[ActingMachine], None]) -> float:
    machine = ActingMachine()
    with pytest.MonkeyPatch.context() as patch:
        machine.install(patch)
        watching = Contention()
        meanwhile(machine)
        cpus = watching.read()
        assert cpus is not None
        return cpus


@pytest.mark.parametrize("kind", ["user", "nice", "system", "irq", "softirq", "steal"])
def test_every_kind_of_work_keeps_a_cpu_busy(kind: str) -> None:
    def meanwhile(machine: ActingMachine) -> None:
        machine.now += 10
        setattr(machine.cpus, kind, 65.0)

    assert load(meanwhile) == pytest.approx(1.5)


@pytest.mark.parametrize("kind", ["idle", "iowait"])
def test_a_cpu_that_waits_is_not_busy(kind: str) -> None:
    def meanwhile(machine: ActingMachine) -> None:
        machine.now += 10
        setattr(machine.cpus, kind, 65.0)

    assert load(meanwhile) == 0.0


@unhurried
@given(seconds=st.floats(0.1, 1000), own=st.tuples(st.floats(0, 500), st.floats(0, 500)), others=st.floats(0, 500))
def test_what_this_process_does_itself_is_no_contention(
    seconds: float, own: tuple[float, float], others: float
) -> None:
    def meanwhile(machine: ActingMachine) -> None:
        machine.now += seconds
        machine.own.user += own[0]
        machine.own.system += own[1]
        machine.cpus.user += own[0] + others
        machine.cpus.system += own[1]

    assert load(meanwhile) == pytest.approx(others / seconds, rel=1e-6, abs=1e-6)


def test_the_work_of_a_child_is_work_of_others() -> None:
    def meanwhile(machine: ActingMachine) -> None:
        machine.now += 2
        machine.own.children_user += 1
        machine.cpus.user += 1

    assert load(meanwhile) == 0.5


def test_ticks_counted_too_early_do_not_make_less_than_nothing() -> None:
    def meanwhile(machine: ActingMachine) -> None:
        machine.now += 1
        machine.own.user += 1.01
        machine.cpus.user += 1.0

    assert load(meanwhile) == 0.0


def test_the_watch_begins_anew_with_each_contention() -> None:
    machine = ActingMachine()
    with pytest.MonkeyPatch.context() as patch:
        machine.install(patch)
        first = Contention()
        machine.now += 1
        machine.cpus.user += 4
        second = Contention()
        machine.now += 1
        assert (first.read(), second.read()) == (2.0, 0.0)


def test_this_machine_can_be_watched() -> None:
    watching = Contention()
    assert sum(range(100_000)) > 0
    assert (watching.read() or 0.0) >= 0.0


class ActingQuotas:
    """Quotas on this process, by name; what they did is counted where a test says so."""

    def __init__(self, **cpus: float) -> None:
        self.quotas = {Quota(cpus, Path(name)): Throttling(1000, 900, 5000.0) for name, cpus in cpus.items()}
        self.error: Exception | None = None

    def count(self, name: str, periods: int, throttled: int, ms: float) -> None:
        (quota,) = (quota for quota in self.quotas if quota.statistics.name == name)
        was = self.quotas[quota]
        self.quotas[quota] = Throttling(was.periods + periods, was.throttled_periods + throttled, was.throttled_ms + ms)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(contention, "quotas", lambda: sorted(self.quotas, key=lambda quota: quota.cpus))
        patch.setattr(contention, "throttling", self._throttling)

    def _throttling(self, quota: Quota) -> Throttling:
        if self.error:
            raise self.error
        return self.quotas[quota]


def supplied(acting: ActingQuotas, meanwhile: Callable[[], None], steal: float = 0.0) -> CpuSupply:
    machine = ActingMachine()
    with pytest.MonkeyPatch.context() as patch:
        machine.install(patch)
        acting.install(patch)
        watching = Contention()
        machine.now += 10
        machine.cpus.steal += steal
        meanwhile()
        return watching.supply()


def test_a_quota_is_told_with_what_it_did_meanwhile() -> None:
    acting = ActingQuotas(own=0.3)
    supply = supplied(acting, lambda: acting.count("own", 100, 98, 7000.0), steal=2.5)
    assert supply == CpuSupply(0.3, 100, 98, 7000.0, 0.25)


def test_of_nested_quotas_the_tightest_is_named_and_the_one_that_was_felt_is_counted() -> None:
    acting = ActingQuotas(own=1.0, parent=1.5)  # whose other children use it up
    supply = supplied(acting, lambda: acting.count("parent", 80, 60, 300.0))
    assert (supply.quota_cpus, supply.periods, supply.throttled_periods) == (1.0, 80, 60)


def test_a_quota_that_did_nothing_is_told_all_the_same() -> None:
    acting = ActingQuotas(own=4.0)
    supply = supplied(acting, lambda: acting.count("own", 100, 0, 0.0))
    assert supply == CpuSupply(4.0, 100, 0, 0.0, 0.0)


def test_without_a_quota_there_is_nothing_to_count() -> None:
    supply = supplied(ActingQuotas(), lambda: None, steal=10)
    assert supply == CpuSupply(None, None, None, None, 1.0, "there is no CPU quota")


def test_what_the_kernel_does_not_count_is_unknown_for_a_reason() -> None:
    machine, acting = ActingMachine(), ActingQuotas(own=0.3)
    with pytest.MonkeyPatch.context() as patch:
        machine.install(patch)
        acting.install(patch)
        del machine.cpus.steal
        watching = Contention()
        machine.now += 10
        machine.cpus.user += 5
        acting.count("own", 100, 98, 7000.0)
        assert watching.read() == 0.5
        assert watching.supply() == CpuSupply(0.3, 100, 98, 7000.0, None, UNCOUNTED)
        patch.setattr("runner.contention.psutil.cpu_times", gone)
        assert (watching.read(), watching.supply().steal_cpus) == (None, None)
        acting.quotas.clear()
        assert Contention().supply() == CpuSupply(None, None, None, None, None, f"there is no CPU quota; {UNCOUNTED}")


def gone() -> None:
    raise FileNotFoundError(2, "No such file or directory", "/proc/stat")


def test_a_quota_that_is_changed_meanwhile_is_unknown() -> None:
    acting = ActingQuotas()
    supply = supplied(acting, lambda: acting.quotas.update(ActingQuotas(new=0.5).quotas))
    assert (supply.quota_cpus, supply.missing_reason) == (None, "the CPU quota was changed meanwhile")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unknown("nothing is mounted"), "nothing is mounted"),
        (FileNotFoundError(2, "No such file", "cpu.stat"), "the CPU quota's cpu.stat can't be read: No such file"),
    ],
)
def test_what_can_not_be_known_has_a_reason(error: Exception, reason: str) -> None:
    acting = ActingQuotas(own=0.5)
    supply = supplied(acting, lambda: setattr(acting, "error", error))
    assert supply == CpuSupply(None, None, None, None, 0.0, reason)
