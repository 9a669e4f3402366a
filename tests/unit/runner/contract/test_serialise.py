"""What is left, and told, where a document can't be written."""

import errno
from pathlib import Path
from typing import Any

import pytest

from runner.contract.serialise import write_json
from tests.samples import job


class BreaksOff(dict[str, Any]):
    """Data in the middle of which the disk is full, and the file that was begun is gone."""

    def __init__(self, folder: Path):
        super().__init__(a=1)
        self._folder = folder

    def items(self) -> Any:
        for part in self._folder.iterdir():
            part.unlink()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_where_cleaning_up_fails_too_it_is_the_first_error_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        write_json(tmp_path / "job.json", job(), BreaksOff(tmp_path))
    assert list(tmp_path.iterdir()) == []
