"""What is kept of a host's noise, and the sentence that is made of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.noise import repeats_for
from harness.documents import noise as documents
from harness.errors import StorageError
from harness.host import machine
from harness.preflight import noise
from tests.noises import KNOWN
from tests.samples import job, plan


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_what_is_kept_comes_back_until_it_is_measured_again() -> None:
    assert documents.kept("a1b2c3") is None
    later = replace(KNOWN, processes=20)
    assert documents.keep(KNOWN) == documents.keep(later) == documents.place("a1b2c3")
    assert documents.kept("a1b2c3") == later
    assert documents.kept("another") is None


def test_nothing_is_kept_of_a_host_without_an_id() -> None:
    assert documents.keep(replace(KNOWN, host=None)) is None
    assert documents.kept(None) is None
    assert noise.cited(None) is None


@pytest.mark.parametrize("content", ["{", '{"schema_version": 999}', "[]"])
def test_what_can_t_be_read_is_as_if_nothing_were_kept(content: str) -> None:
    documents.keep(KNOWN)
    documents.place("a1b2c3").write_text(content)
    assert documents.kept("a1b2c3") is None
    assert noise.cited("a1b2c3") is None


def test_a_folder_that_can_t_be_made_is_one_sentence(state: Path) -> None:
    (state / "detection-harness").write_text("")
    with pytest.raises(StorageError, match="noise can't be made: "):
        documents.keep(KNOWN)


def test_a_plan_cites_what_is_known_of_the_device_that_it_measures_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "host_id", lambda: "a1b2c3")
    assert noise.of_plan(plan(job())) == []
    documents.keep(KNOWN)
    sentence = f"this host sees 3 % with {repeats_for(0.015)} repeats on its CPU (doctor --noise, 2026-01-02)"
    assert noise.of_plan(plan(job())) == [sentence]
    assert noise.of_plan(plan(job(device="cuda"))) == []
    assert noise.of_plan(plan(job(suite="accuracy"))) == []


def test_another_margin_takes_other_repeats() -> None:
    documents.keep(KNOWN)
    assert noise.cited("a1b2c3", 0.1) == "this host sees 10 % with 3 repeats on its CPU (doctor --noise, 2026-01-02)"
    assert "no number of repeats in reach" in (noise.cited("a1b2c3", 0.0) or "")
