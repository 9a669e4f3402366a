"""How a host's noise is told on a terminal."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from rich.console import Console

from harness import noise
from harness.cli.commands.noise import disturbances, lines, print_noise
from harness.cli.console import print_table
from harness.documents.noise import Disturbance, Noise, Reach, Scatter, kept
from harness.errors import BadInput, StorageError
from harness.pipeline import Interrupted
from tests.command_line import told, told_json
from tests.noises import KNOWN

SEEN = [
    Disturbance("governor", "powersave", disturbs=True, helps="cpupower frequency-set -g performance"),
    Disturbance("CPU quota", "none", disturbs=False),
    Disturbance("turbo", None, None, None, "the kernel does not say whether there is one"),
]
NOISE = replace(
    KNOWN,
    host=None,
    processes=12,
    failed=1,
    wall=Scatter(0.03, 0.02, 0.031, 0.05),
    cpu=Scatter(0.01, 0.005, 0.008, 0.02),
    cpu_missing_reason=None,
    unpaired_false_alarms=0.051,
    repeats=11,
    smallest=[Reach(3, 0.109), Reach(5, 0.06)],
    disturbances=SEEN,
)


def test_it_says_what_differs_by_how_much_and_what_can_be_shown() -> None:
    told = "\n".join(lines(NOISE))
    assert "12 processes of 22 iterations, 1 failed" in told
    assert "scatter by 3.0 %, by 2.0 % from one to the next (below 3.1 % with 95 %)" in told
    assert "scatter by 5.0 % within a process" in told
    assert "4.0 times as steady as wall time" in told
    assert "4.0 % of comparisons by turns, 5.1 % of others" in told
    assert "10.9 % by 3, 6.0 % by 5 repeats" in told
    assert told.endswith("on its CPU")


@pytest.mark.parametrize(
    ("cpu", "said"),
    [
        (None, "CPU time      unknown: the runner did not look"),
        (Scatter(0.0, 0.0, 0.0, None), "CPU time      scatters by 0.0 % from one process to the next"),
    ],
)
def test_cpu_time_that_says_nothing_is_no_ratio(cpu: Scatter | None, said: str) -> None:
    reason = None if cpu else "the runner did not look"
    assert said in lines(replace(NOISE, cpu=cpu, cpu_missing_reason=reason))


def test_what_disturbs_fits_a_terminal_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Console(width=80), disturbances(SEEN))
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("What would help") == 1
    assert "unknown" in told
    assert "does not say" in " ".join(told.split())


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Has noise be measured in no time, and returns the minutes that it was to take."""
    minutes: list[float] = []

    def measure(wanted: float, *_: object) -> Noise:
        minutes.append(wanted)
        return NOISE

    monkeypatch.setattr(noise, "measure", measure)
    return minutes


def test_it_takes_five_minutes_or_as_many_as_are_said(found: list[float]) -> None:
    assert "not kept: this host has no machine-id to know it by" in told("doctor", "--noise")
    assert told_json("doctor", "--noise", "0.5") == asdict(NOISE)
    assert found == [5.0, 0.5]


def test_what_is_kept_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = replace(NOISE, host="a1b2c3")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(noise, "measure", lambda *_: here)
    assert str(tmp_path / "detection-harness/noise/a1b2c3.json") in told("doctor", "--noise")
    assert kept("a1b2c3") == here


def test_what_can_t_be_kept_is_told_before_the_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "detection-harness").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(noise, "measure", lambda *_: replace(NOISE, host="a1b2c3"))
    with pytest.raises(StorageError):
        print_noise(None, [], as_json=False)
    assert "this host sees 3 % with " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--noise", "0"], "--noise can't take 0 minutes; give more than 0 and up to 1440"),
        (["--noise", "soon"], "--noise takes a number of minutes, not 'soon'; write it such as 5"),
        (["--noise", "--", "-1"], "--noise can't take -1 minutes; give more than 0"),
        (["5"], "doctor takes minutes with --noise alone, not '5'; write doctor --noise MINUTES"),
    ],
)
def test_a_time_that_is_none_is_one_sentence(found: list[float], arguments: list[str], sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        told("doctor", *arguments)
    assert str(refused.value).startswith(sentence)
    assert found == []


def test_an_interruption_ends_with_its_code_and_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "measure", lambda *_: replace(NOISE, interrupted=True))
    said = told("doctor", "--noise", exit_code=130)
    assert "1 failed, interrupted" in said
    assert "this host sees 3 % with " in said


def test_an_interruption_before_that_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> Noise:
        raise Interrupted(tmp_path, "run")

    monkeypatch.setattr(noise, "measure", interrupted)
    said = told("doctor", "--noise", exit_code=130)
    assert said.startswith("interrupted before two processes a side were measured; nothing is kept but ")
