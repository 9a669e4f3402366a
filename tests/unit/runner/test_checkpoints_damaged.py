"""A checkpoint of which bytes are missing or changed is called damaged: saving it otherwise would not help."""

import zipfile
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from runner import checkpoints
from runner.errors import JobError

pytestmark = pytest.mark.torch

STATE = {"backbone.body.conv1.weight": torch.arange(600.0).reshape(20, 30)}


def refusal(path: Path) -> str:
    with pytest.raises(JobError) as caught:
        checkpoints.read(path, trusted=True)
    assert caught.value.failure.remedy == "copy or fetch it again"
    return str(caught.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_part_of_a_file_is_called_so(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "mine.pth"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    for length in (30, 100, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole[:length])
        assert refusal(path).startswith("mine.pth is cut off or damaged: ")


def test_a_changed_name_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes().replace(b"backbone", b"\xff\xfeckbone", 1))
    assert refusal(path).startswith("mine.pth is cut off or damaged: ")


def test_a_changed_number_is_damage_and_a_missing_checksum_is_none(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save(STATE, path)
    whole, number = path.read_bytes(), STATE["backbone.body.conv1.weight"].numpy().tobytes()[40:60]
    path.write_bytes(whole.replace(number, b"\0" * 20, 1))
    assert refusal(path).startswith("mine.pth is cut off or damaged: Bad CRC-32 for file ")
    with zipfile.ZipFile(path.with_name("whole.pth"), "w") as without:
        path.write_bytes(whole)
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                without.writestr(part.filename, archive.read(part))
    plain = path.with_name("whole.pth").read_bytes()
    for part in zipfile.ZipFile(path.with_name("whole.pth")).infolist():
        plain = plain.replace(part.CRC.to_bytes(4, "little"), bytes(4))
    path.with_name("whole.pth").write_bytes(plain)
    assert list(checkpoints.read(path.with_name("whole.pth"), trusted=True)) == list(STATE)
