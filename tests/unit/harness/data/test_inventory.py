import os
from pathlib import Path

import pytest

from harness.data import inventory


def test_what_somebody_removes_while_a_folder_is_looked_through_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    kept, going = tmp_path / "below" / "kept", tmp_path / "below" / "going"
    kept.write_text("four")
    going.write_text("gone")
    listed = os.walk

    def and_then_one_goes(folder: Path) -> object:
        yield from list(listed(folder))[:1]
        every = list(listed(folder))[1:]
        going.unlink()
        yield from every

    assert inventory.files_in(tmp_path) == {kept: 4, going: 4}
    monkeypatch.setattr(os, "walk", and_then_one_goes)
    assert inventory.files_in(tmp_path) == {kept: 4}
