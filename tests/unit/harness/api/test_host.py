from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import harness
from harness import noise as measuring_noise
from harness.api import host
from harness.documents import noise as documents
from harness.documents.noise import Noise
from harness.host import machine
from tests.command_line import told_json
from tests.noises import KNOWN


def test_the_catalogue_is_the_command_s() -> None:
    printed, frame = told_json("models"), harness.models()
    assert frame.builder.tolist() == [each["builder"] for each in printed]
    assert frame.box_ap.tolist() == [each["box_ap"] for each in printed]
    assert frame.tasks[0].split(", ") == printed[0]["tasks"]
    assert frame.mask_ap.isna().tolist() == [each["mask_ap"] is None for each in printed]


def test_the_published_table_is_checked_as_the_command_does() -> None:
    printed = told_json("published", "check", exit_code=0 if harness.published_check().is_the.notna().all() else 1)
    frame = harness.published_check()
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == printed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """Has noise be measured in no time on a host without an id, and returns the minutes that it was to take."""
    minutes: list[float] = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(host, "examine", lambda preflight: SimpleNamespace(gpus=[], matrix=[], gpus_reason=None))

    def measure(wanted: float, *_: object) -> Noise:
        minutes.append(wanted)
        return KNOWN

    monkeypatch.setattr(measuring_noise, "measure", measure)
    return minutes


def test_noise_is_measured_for_as_long_as_is_said(asked: list[float]) -> None:
    assert harness.doctor(noise=2).noise == KNOWN
    examined = harness.doctor(noise=True)
    assert asked == [2.0, 5.0]
    assert examined.disturbances.columns.tolist() == ["name", "seen", "disturbs", "helps", "missing_reason"]
    assert documents.kept(KNOWN.host) == KNOWN


def test_noise_that_was_measured_before_is_there(asked: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "host_id", lambda: KNOWN.host)
    assert harness.doctor().noise is None
    documents.keep(KNOWN)
    assert harness.doctor().noise == KNOWN
    assert asked == []


def test_an_interruption_is_raised_once_what_was_measured_is_kept(
    asked: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    partly = replace(KNOWN, interrupted=True)
    monkeypatch.setattr(measuring_noise, "measure", lambda *_: partly)
    with pytest.raises(harness.Interrupted):
        harness.doctor(noise=2)
    assert documents.kept(KNOWN.host) == partly


@pytest.mark.parametrize("noise", [0, -1, "5", float("inf"), 2000])
def test_minutes_that_are_none_are_refused(asked: list[float], noise: Any) -> None:
    with pytest.raises(harness.BadInput):
        harness.doctor(noise=noise)
    assert asked == []
