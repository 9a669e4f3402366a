"""Archives as they should be, and as somebody would make them who means harm."""

import hashlib
import stat
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest

from harness.data.archives import FileRecord, extract
from harness.errors import CannotRunHere, StorageError

GOOD = {"pictures/1.jpg": b"one", "pictures/2.jpg": b"two" * 1000, "notes.txt": b"not wanted"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "target"
    folder.mkdir(parents=True)
    return folder


def packed(path: Path, members: dict[str, bytes], compression: int = ZIP_DEFLATED) -> Path:
    with ZipFile(path, "w", compression) as archive:
        archive.writestr("pictures/", b"")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def unpack(archive: Path, target: Path) -> list[FileRecord]:
    return extract(archive, ["pictures/*.jpg"], target, lambda *progress: None)


def under(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("compression", [ZIP_STORED, ZIP_DEFLATED])
def test_what_is_wanted_is_unpacked_and_recorded(tmp_path: Path, target: Path, compression: int) -> None:
    seen: list[tuple[str, int, int | None]] = []
    archive = packed(tmp_path / "a.zip", GOOD, compression)
    records = extract(archive, ["pictures/*.jpg"], target, lambda *progress: seen.append(progress))
    assert under(target) == ["pictures", "pictures/1.jpg", "pictures/2.jpg"]
    for record in records:
        assert (target / record.name).read_bytes() == GOOD[record.name]
        assert record.size_bytes == len(GOOD[record.name])
        assert record.sha256 == hashlib.sha256(GOOD[record.name]).hexdigest()
    assert seen == [("unpacking a.zip", 3, 3003), ("unpacking a.zip", 3003, 3003)]


@pytest.mark.parametrize(
    "name",
    ["../evil.jpg", "pictures/../../evil.jpg", "/evil.jpg", "C:/evil.jpg", "C:evil.jpg", r"..\evil.jpg", r"\evil.jpg"],
)
def test_a_member_outside_the_folder_is_refused_before_anything_is_written(
    tmp_path: Path, target: Path, name: str
) -> None:
    archive = packed(tmp_path / "a.zip", {**GOOD, name: b"evil"})
    with pytest.raises(CannotRunHere, match=r"a.zip is refused: .*evil.jpg' would be written outside its folder"):
        unpack(archive, target)
    assert under(tmp_path / "outer") == ["target"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(tmp_path: Path, target: Path, kind: int) -> None:
    link = ZipInfo("pictures/0.jpg")
    link.external_attr = (kind | 0o777) << 16
    archive = packed(tmp_path / "a.zip", GOOD)
    with ZipFile(archive, "a") as opened:
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(CannotRunHere, match=r"'pictures/0.jpg' is a link or a device"):
        unpack(archive, target)
    assert under(target) == []


@pytest.mark.parametrize("name", ["pictures/1.jpg", "pictures//1.jpg", "./pictures/1.jpg", "Pictures/1.JPG"])
def test_two_members_of_one_name_are_refused(tmp_path: Path, target: Path, name: str) -> None:
    archive = packed(tmp_path / "a.zip", GOOD)
    with ZipFile(archive, "a") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile itself warns of the duplicate
        opened.writestr(name, b"another")
    with pytest.raises(CannotRunHere, match=r"1.jpg' is there twice"):
        unpack(archive, target)
    assert under(target) == []


def declaring(archive: Path, change: Callable[[ZipInfo], None]) -> Path:
    """Rewrite what the archive's directory says of pictures/2.jpg."""
    with ZipFile(archive, "a") as opened:
        opened.comment = b"so that the directory is written anew"
        change(opened.getinfo("pictures/2.jpg"))
    return archive


def test_a_member_stops_at_the_size_that_it_declares(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", GOOD | {"pictures/2.jpg": bytes(50_000_000)})

    def less(info: ZipInfo) -> None:
        info.file_size = 1000

    with pytest.raises(CannotRunHere, match=r"a.zip can't be unpacked: Bad CRC-32 for file 'pictures/2.jpg'"):
        unpack(declaring(archive, less), target)
    assert sum(path.stat().st_size for path in target.rglob("*.jpg")) <= 1003


def test_a_bomb_whose_checksum_fits_its_declared_size_yields_no_more(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", GOOD | {"pictures/2.jpg": bytes(50_000_000)})

    def less(info: ZipInfo) -> None:
        info.file_size, info.CRC = 1000, zlib.crc32(bytes(1000))

    unpack(declaring(archive, less), target)
    assert (target / "pictures/2.jpg").stat().st_size == 1000


def test_a_member_that_is_shorter_than_declared_is_refused(tmp_path: Path, target: Path) -> None:
    def more(info: ZipInfo) -> None:
        info.file_size = 4000

    with pytest.raises(CannotRunHere, match=r"pictures/2.jpg has 3000 bytes, not 4000"):
        unpack(declaring(packed(tmp_path / "a.zip", GOOD), more), target)


def test_an_archive_that_declares_more_than_the_disk_holds_is_refused_before_anything_is_written(
    tmp_path: Path, target: Path
) -> None:
    def huge(info: ZipInfo) -> None:
        info.file_size = 10**17

    with pytest.raises(StorageError, match=r"a.zip unpacks to 100000000.00 GB, and .* has room for"):
        unpack(declaring(packed(tmp_path / "a.zip", GOOD), huge), target)
    assert under(target) == []


def test_unusual_packing_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(CannotRunHere, match=r"is encrypted, or packed in an unusual way"):
        unpack(packed(tmp_path / "a.zip", GOOD, ZIP_LZMA), target)

    def encrypted(info: ZipInfo) -> None:
        info.flag_bits |= 1

    with pytest.raises(CannotRunHere, match=r"is encrypted, or packed in an unusual way"):
        unpack(declaring(packed(tmp_path / "b.zip", GOOD), encrypted), target)


@pytest.mark.parametrize("damage", [lambda content: b"no archive", lambda content: content[: len(content) // 2]])
def test_what_is_no_whole_archive_is_told(tmp_path: Path, target: Path, damage: Callable[[bytes], bytes]) -> None:
    archive = packed(tmp_path / "a.zip", GOOD)
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(CannotRunHere, match=r"a.zip can't be unpacked: File is not a zip file; fetch it"):
        unpack(archive, target)


def test_damaged_content_is_told(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", GOOD, ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b"one", b"eno"))
    with pytest.raises(CannotRunHere, match=r"Bad CRC-32 for file 'pictures/1.jpg'"):
        unpack(archive, target)


def test_an_archive_without_what_is_wanted_is_told(tmp_path: Path, target: Path) -> None:
    with pytest.raises(CannotRunHere, match=r"a.zip holds no pictures/\*.jpg"):
        unpack(packed(tmp_path / "a.zip", {"notes.txt": b""}), target)
