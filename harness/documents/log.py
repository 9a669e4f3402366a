"""The log of a cell: what its process printed."""

from io import FileIO
from pathlib import Path
from typing import Any

from harness.errors import refused


class Log(FileIO):
    """What a process says, in a file. Raises StorageError, which names the file, where a line can't be written."""

    def __init__(self, path: Path):
        super().__init__(path, "w")
        self._path = path

    def write(self, said: Any) -> int:
        """Write bytes; see FileIO.write."""
        try:
            return super().write(said)
        except OSError as error:
            raise refused(error, self._path, elsewhere="") from error
