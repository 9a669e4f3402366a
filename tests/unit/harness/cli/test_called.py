"""Commands that are suggested are ones that the person's shell finds."""

import os
import sys
from pathlib import Path

import pytest

from harness.cli.called import as_called, own_name

SENTENCE = "go on with: harness run --resume x; the harness has no harness/run, nor /a/harness report"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console script as pip writes one, in a folder below the one that is worked in."""
    path = tmp_path / "a bin" / "harness"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable}\nfrom harness.cli.app import main\nmain()\n")
    path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return path


def called(monkeypatch: pytest.MonkeyPatch, by: str, *on_path: Path) -> str:
    monkeypatch.setattr(sys, "argv", [by, "run"])
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, [*on_path, "/nowhere"])))
    return own_name()


def test_a_path_is_kept_where_the_name_leads_nowhere(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(monkeypatch, "a bin/harness") == "'a bin/harness'"
    assert as_called(SENTENCE) == SENTENCE.replace("harness run", "'a bin/harness' run")


def test_a_name_is_enough_where_it_leads_there(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(monkeypatch, str(script), script.parent) == "harness"
    assert as_called(SENTENCE) == SENTENCE


def test_a_name_that_leads_to_another_is_not(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other" / "harness"
    other.parent.mkdir()
    other.write_bytes(script.read_bytes())
    other.chmod(0o755)
    assert called(monkeypatch, str(script), other.parent) == f"'{script}'"


@pytest.mark.parametrize("by", ["harness", "-c", "/x/harness/cli/__main__.py", "/gone/pytest"])
def test_whoever_was_started_otherwise_says_its_name(by: str, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(monkeypatch, by) == "harness"
