from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import contention
from runner.contention import Contention

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
        return watching.read()


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
    assert watching.read() >= 0.0
