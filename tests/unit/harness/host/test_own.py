"""What this harness is, while its own files change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import StorageError
from harness.host import own
from runner.contract import source_sha256


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    own.runner_sha256.cache_clear()
    yield
    own.runner_sha256.cache_clear()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runner's source of two files."""
    folder = tmp_path / "runner"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.py").write_text(name)
    monkeypatch.setattr(own, "ROOT", tmp_path)
    return folder


def test_a_file_that_is_replaced_while_the_source_is_hashed_is_read_once_it_is_there(
    runner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, read = source_sha256(runner), Path.read_bytes

    def vanishing(path: Path) -> bytes:
        """As where an editor has removed the file, and writes it anew."""
        path.unlink()
        monkeypatch.setattr(Path, "read_bytes", read)
        try:
            return read(path)
        finally:
            path.write_text(path.stem)

    monkeypatch.setattr(Path, "read_bytes", vanishing)
    assert own.runner_sha256() == whole


def test_a_file_that_stays_away_is_a_sentence(runner: Path) -> None:
    (runner / "three.py").symlink_to("nowhere")
    with pytest.raises(
        StorageError, match=r"three\.py can't be read: No such file or directory; run again once nothing changes it\.$"
    ):
        own.runner_sha256()
