"""harness demo says what could not be judged of its passes, and ends as harness run does."""

from pathlib import Path

import pytest

from harness import showing
from harness.cli.commands import demo
from harness.documents.run_folder import RunFolder
from harness.errors import HarnessError, StorageError
from harness.pipeline import Outcome

FULL = StorageError("its agreement.json can't be written: No space left on device", "free some space")


@pytest.mark.parametrize(
    ("executed", "unjudged", "fine"), [(True, [], True), (True, [FULL], False), (False, [], False)]
)
def test_what_could_not_be_judged_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    executed: bool,
    unjudged: list[HarnessError],
    fine: bool,
) -> None:
    outcome = Outcome(RunFolder(tmp_path / "run"), [], executed, unjudged)
    made = showing.MadeClip(tmp_path / "x.mp4", outcome, 3, ["a remark"])
    monkeypatch.setattr(showing, "start", lambda *_: made)
    assert demo.show(showing.Showing("ssd300_vgg16", "bundled"), ["demo"], None) is fine
    said = capsys.readouterr().out
    assert "a remark" in said
    assert ("can't be written: No space left on device; free some space." in said) == bool(unjudged)
