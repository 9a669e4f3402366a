"""Where files come from: their own URLs, a mirror, a folder, a file; and what the file system refuses."""

import errno
from pathlib import Path

import pytest

from harness.data.download import sources
from harness.documents.files import storing
from harness.errors import ANOTHER_DATA, BadInput, StorageError

URLS = {"one.zip": "http://official/a/one.zip", "two.zip": "http://official/b/two.zip"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in URLS:
        (tmp_path / name).touch()
    return tmp_path


def test_files_come_from_their_own_urls() -> None:
    assert sources(URLS, None) == URLS


@pytest.mark.parametrize("origin", ["https://mirror/coco", "https://mirror/coco/"])
def test_a_mirror_has_them_all_in_one_place(origin: str) -> None:
    assert sources(URLS, origin) == {name: f"https://mirror/coco/{name}" for name in URLS}


def test_a_folder_has_them_under_their_names(folder: Path) -> None:
    assert sources(URLS, str(folder)) == {name: folder / name for name in URLS}


def test_a_file_may_have_any_name_where_one_is_meant(tmp_path: Path) -> None:
    mine = tmp_path / "my copy"
    mine.touch()
    assert sources({"one.zip": URLS["one.zip"]}, str(mine)) == {"one.zip": mine}


def test_one_file_for_two_is_told(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"is one file, and one.zip and two.zip are meant; name the folder"):
        sources(URLS, str(folder / "one.zip"))


def test_a_folder_that_lacks_a_file_is_told(folder: Path) -> None:
    (folder / "two.zip").unlink()
    with pytest.raises(BadInput, match=r"lacks two.zip; put it there"):
        sources(URLS, str(folder))


@pytest.mark.parametrize("origin", ["absent", "ftp://mirror/coco", ""])
def test_what_is_no_source_is_told(origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput):
        sources(URLS, origin)


def test_what_the_file_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    sentence = r"thing can't be written: Disk quota exceeded; .*HARNESS_DATA"
    with pytest.raises(StorageError, match=sentence), storing(tmp_path / "thing", elsewhere=ANOTHER_DATA):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
