import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from harness import documents
from harness.documents.files import require_writable
from harness.documents.log import Log
from harness.errors import BadDocument, StorageError
from runner.contract import SCHEMA_VERSION, Job, Result
from runner.contract.serialise import ContractError, from_dict, to_dict
from tests.samples import job, latency, ok_result


def test_a_document_survives_the_disk(tmp_path: Path) -> None:
    result = ok_result(job())
    documents.write(tmp_path / "result.json", result)
    assert documents.read(Result, tmp_path / "result.json") == result
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("protocol", ["quick-1", "standard-1"])
def test_both_readers_agree(tmp_path: Path, protocol: str) -> None:
    of = job(protocol=protocol)
    steady = replace(latency([10.0] * 3), stopped_by="precise", warmup="slowdown", steady_from=1, pilot_iterations=3)
    for document in (of, ok_result(of, latency=steady)):
        path = tmp_path / f"{type(document).__name__}.json"
        documents.write(path, document)
        assert documents.read(type(document), path) == document
        assert from_dict(type(document), json.loads(path.read_text())) == document


def test_a_document_from_before_a_field_was_there_leaves_it_open(tmp_path: Path) -> None:
    plain = to_dict(ok_result(job()))
    for name in ("repeating", "threads"):
        assert plain["job"]["protocol"].pop(name) is None
    for name in ("warmup", "steady_from", "pilot_iterations", "percentile"):
        assert plain["latency"].pop(name) is None
    for phase in ("warmup", "measure"):
        for name in ("pilot_effective_samples", "max_seconds"):
            assert plain["job"]["protocol"][phase].pop(name) is None
    (tmp_path / "result.json").write_text(json.dumps(plain))
    assert documents.read(Result, tmp_path / "result.json") == from_dict(Result, plain) == ok_result(job())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"device": "tpu"}, "device"),
        ({"repeat": "one"}, "repeat"),
        ({"images": {}}, "images"),
        ({"protocol": None}, "protocol"),
    ],
)
def test_both_readers_refuse_the_same(tmp_path: Path, change: dict[str, object], message: str) -> None:
    broken = {**to_dict(job()), **change}
    with pytest.raises(ContractError, match=message):
        from_dict(Job, broken)
    (tmp_path / "job.json").write_text(json.dumps(broken))
    with pytest.raises(BadDocument, match=message):
        documents.read(Job, tmp_path / "job.json")


def test_a_missing_key_is_named() -> None:
    plain = to_dict(job())
    del plain["repeat"]
    with pytest.raises(ContractError, match="'repeat'"):
        from_dict(Job, plain)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema_version": 1}', "\x00\xff", '"text"'])
def test_a_corrupt_document_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(BadDocument) as caught:
        documents.read(Result, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_document_of_the_future_names_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"schema_version": 99, "unheard": "of"}')
    with pytest.raises(
        BadDocument, match=rf"schema version 99, this harness reads up to {SCHEMA_VERSION}; update the harness\.$"
    ):
        documents.read(Result, path)


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    documents.write(path, ok_result(job()))
    before = path.read_text()

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(StorageError, match="No space left on device"):
        documents.write(path, ok_result(job(), wall_ms=2.0))
    assert path.read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("name", ["a:b", "file:x", "~"])
def test_no_writer_takes_a_folder_s_name_for_a_uri_or_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with documents.replacing(Path(name) / "a.parquet") as part:
        pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), part)
    assert [path.name for path in (tmp_path / name).iterdir()] == ["a.parquet"]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    place, link = tmp_path / "new" / "clip", tmp_path / "link.mp4"
    link.symlink_to(place)
    require_writable(link)
    for content in ("first", "second"):
        with documents.replacing(link) as part:
            part.write_text(content)
        assert link.is_symlink() and place.read_text() == content
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["clip", "link.mp4", "new"]


def test_whether_a_file_can_be_written_is_known_before_and_leaves_nothing(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "folder" / "clip.mp4")
    (tmp_path / "file").touch()
    refusals = {
        tmp_path / "file" / "clip.mp4": "Not a directory; choose another --out",
        tmp_path / ("a" * 250): "File name too long; choose a shorter name",
        Path("/proc/clip.mp4"): "No such file or directory",
    }
    for path, sentence in refusals.items():
        with pytest.raises(StorageError, match=f"can't be written: {sentence}"):
            require_writable(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_only_what_a_person_places_is_offered_another_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for another, sentence in (("choose another --out", "; choose another --out."), ("", "Not a directory.")):
        with pytest.raises(StorageError) as caught:
            documents.write(tmp_path / "file" / "x.json", job(), another)
        assert str(caught.value).endswith(sentence)


def test_a_log_without_room_is_named(tmp_path: Path) -> None:
    with Log(Path("/dev/full")) as log, pytest.raises(StorageError) as caught:
        log.write(b"line")
    assert str(caught.value) == "/dev/full can't be written: No space left on device; free some space."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), None),
        (lambda text: text.encode("utf-16"), None),
        (lambda text: text.replace('"repeat": 1', '"repeat": ' + "9" * 40).encode(), None),
        (lambda text: text.replace('"local"', '"\\ud800"').encode(), "is no text in UTF-8"),
        (lambda text: text.replace('"local"', '"a\nb"').encode(), "Invalid control character"),
        (lambda text: text.encode() + b"x", "Extra data"),
        (lambda text: b"[" * 100_000, "recursion"),
        (lambda text: b"", "Expecting value"),
    ],
)
def test_what_the_fast_parser_refuses_the_other_judges(
    tmp_path: Path, change: Callable[[str], bytes], sentence: str | None
) -> None:
    path = tmp_path / "job.json"
    documents.write(path, job(environment="local"))
    path.write_bytes(change(path.read_text()))
    if sentence is None:
        assert documents.read(Job, path).environment == "local"
    else:
        with pytest.raises(BadDocument, match=sentence):
            documents.read(Job, path)
