from pathlib import Path

import pytest

import harness
from harness.catalogue import models
from tests.command_line import told_json


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of data, with a checkpoint in it that is none."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    checkpoint = tmp_path / "weights" / models()["ssd300_vgg16"].checkpoint
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"not what its name promises")
    return tmp_path


def test_what_is_here_is_what_the_command_lists() -> None:
    printed, frame = told_json("data", "list"), harness.data_list()
    assert frame.name.tolist() == [each["name"] for each in printed]
    assert frame.disk_bytes.dropna().tolist() == [each["disk_bytes"] for each in printed if each["disk_bytes"]] == [26]


def test_what_differs_is_what_the_command_finds() -> None:
    (printed,) = told_json("data", "verify", exit_code=1)
    assert harness.data_verify().to_dict("records") == [printed]
    assert printed["differences"]


def test_where_nothing_is_the_answer_has_no_rows(data: Path) -> None:
    (data / "weights" / models()["ssd300_vgg16"].checkpoint).unlink()
    assert harness.data_verify().columns.tolist() == ["name", "files", "differences", "remedy"]
    assert len(harness.data_verify()) == 0


def test_what_is_fetched_has_to_be_known(data: Path) -> None:
    with pytest.raises(harness.BadInput, match="there is no data 'coco'; did you mean coco-val2017"):
        harness.data_fetch("coco")
    with pytest.raises(harness.BadInput, match="exclude each other"):
        harness.data_fetch("weights", models="ssd300_vgg16", all=True)
    with pytest.raises(harness.BadInput, match="has no models to choose"):
        harness.data_fetch("coco-val2017", all=True)
    with pytest.raises(harness.BadInput, match="all can't be 'yes'"):
        harness.data_fetch("weights", all="yes")  # type: ignore[arg-type]
