from pathlib import Path

import pytest

from harness import paths


@pytest.mark.parametrize(
    ("modes", "chosen"),
    [
        ((0o1777, 0o1777), 0),
        ((0o755, 0o1777), 1),
        ((None, 0o1777), 1),
        ((0o755, 0o755), 1),
        ((None, None), 1),
    ],
)
def test_all_users_of_a_machine_meet_in_one_folder_of_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modes: tuple[int | None, ...], chosen: int
) -> None:
    folders = tuple(tmp_path / str(number) for number in range(len(modes)))
    for folder, mode in zip(folders, modes, strict=True):
        if mode is not None:
            folder.mkdir()
            folder.chmod(mode)
    monkeypatch.delenv("HARNESS_LOCKS")
    monkeypatch.setattr(paths, "SHARED", folders)
    assert paths.locks_folder() == folders[chosen]


def test_a_person_names_another_folder_of_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", "/somewhere/else")
    assert paths.locks_folder() == Path("/somewhere/else")
