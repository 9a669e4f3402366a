"""A gallery is a folder that grows run by run, and that whoever serves it need not understand."""

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.documents.gallery import FILE
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument, BadInput, StorageError
from harness.report import gallery
from harness.report.gallery import folder_name, write_gallery
from harness.report.page import Report
from tests.samples import job, ok_result, run_folder

HOSTILE = "<script>alert(1)</script>\"'>"


def light(report: Report, place: Path) -> Path:
    """Write a page without its charts, whose drawing takes seconds."""
    with documents.replacing(place / "report.html") as part:
        part.write_text(report.headline)
    return place / "report.html"


@pytest.fixture(autouse=True)
def light_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages be light: what is in them is no matter of a gallery."""
    monkeypatch.setattr(gallery, "lay", light)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "site"


def run(path: Path, builder: str = "ssd300_vgg16", created_at: str = "2026-01-02T03:04:05+00:00") -> RunFolder:
    folder = run_folder(path, ok_result(job(builder)))
    plan = json.loads((path / "plan.json").read_text())
    (path / "plan.json").write_text(json.dumps(plan | {"created_at": created_at}))
    return RunFolder(folder.path)


def with_clip(folder: RunFolder) -> RunFolder:
    clip = folder.clip(folder.plan.cells[0].job)
    clip.write_bytes(b"a clip")
    clip.with_suffix(".jpg").write_bytes(b"a poster")
    return folder


def linked(index: Path) -> list[str]:
    """Return what the index links, each of which is there."""
    links = re.findall(r'href="([^"#]+)"', index.read_text())
    assert all((index.parent / link).is_file() for link in links)
    return links


def test_the_index_links_the_page_of_each_run_newest_first(tmp_path: Path, out: Path) -> None:
    old, new = run(tmp_path / "old"), run(tmp_path / "new", created_at="2026-02-02T03:04:05+00:00")
    index = write_gallery([old, new], out, published=False)
    assert index == out / "index.html"
    assert linked(index) == [f"{folder_name(new)}/report.html", f"{folder_name(old)}/report.html"]
    text = index.read_text()
    assert "SSD300 VGG16 takes 10.0 ms" in text
    assert "2 runs" in text and "cuda10.2" in text and "AMD EPYC 7B12" in text


def test_the_index_asks_nothing_of_the_network_and_runs_no_script(tmp_path: Path, out: Path) -> None:
    text = write_gallery([with_clip(run(tmp_path / "run"))], out, published=False).read_text()
    assert "default-src 'none'; script-src 'none';" in unescape(text)
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?!data:|#|run-)', text) == []


def test_runs_are_added_and_one_that_is_named_again_is_written_anew(tmp_path: Path, out: Path) -> None:
    one, two = run(tmp_path / "one"), run(tmp_path / "two", "ssdlite320_mobilenet_v3_large")
    write_gallery([one], out, published=False)
    index = write_gallery([two], out, published=False)
    assert len(linked(index)) == 2
    shutil.rmtree(one.path)
    again = run(tmp_path / "one", "fasterrcnn_resnet50_fpn")
    assert len(linked(write_gallery([again], out, published=False))) == 2
    assert "Faster R-CNN ResNet-50 FPN takes" in index.read_text()
    assert "SSD300" not in index.read_text()
    shutil.rmtree(out / folder_name(two))
    assert len(linked(write_gallery([again], out, published=False))) == 1


def test_runs_of_one_name_have_a_folder_each(tmp_path: Path, out: Path) -> None:
    one = run(tmp_path / "a" / "run")
    other = run(tmp_path / "b" / "run", created_at="2026-02-02T03:04:05+00:00")
    assert len(linked(write_gallery([one, other], out, published=False))) == 2


def test_clips_lie_beside_the_page_and_are_linked(tmp_path: Path, out: Path) -> None:
    folder = with_clip(run(tmp_path / "run"))
    index = write_gallery([folder], out, published=False)
    clip = f"{folder_name(folder)}/{folder.plan.cells[0].job.cell}.mp4"
    assert linked(index) == [f"{folder_name(folder)}/report.html", clip, clip]
    assert (out / clip).read_bytes() == b"a clip"
    assert "SSD300 VGG16 takes 10.0 ms" in index.read_text()  # which says more than that there is a clip
    assert "data:image/jpeg;base64,YSBwb3N0ZXI=" in index.read_text()


def test_a_run_whose_page_is_not_whole_is_in_no_index(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = write_gallery([run(tmp_path / "one")], out, published=False)
    before = index.read_text()

    def torn(report: Report, place: Path) -> Path:
        light(report, place)
        raise KeyboardInterrupt

    monkeypatch.setattr(gallery, "lay", torn)
    with pytest.raises(KeyboardInterrupt):
        write_gallery([run(tmp_path / "two")], out, published=False)
    assert index.read_text() == before
    monkeypatch.setattr(gallery, "lay", light)
    assert len(linked(write_gallery([run(tmp_path / "three")], out, published=False))) == 2


def test_what_a_run_says_is_shown_as_it_is(tmp_path: Path, out: Path) -> None:
    folder = run(tmp_path / "run")
    write_gallery([folder], out, published=False)
    file = out / folder_name(folder) / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"headline": HOSTILE, "models": [HOSTILE]}))
    text = write_gallery([run(tmp_path / "other")], out, published=False).read_text()
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"headline": 5}, f"{FILE} is not a usable gallery document: headline: .*; delete its folder, and add"),
        ({"more": 5}, f"{FILE} is not a usable gallery document: more: .*; delete its folder"),
        ({"clips": [{"title": "x", "name": "../../secret"}]}, f"{FILE} names a clip '../../secret'; delete its folder"),
    ],
)
def test_what_can_not_be_read_is_one_sentence(
    tmp_path: Path, out: Path, change: dict[str, object], sentence: str
) -> None:
    folder = run(tmp_path / "run")
    write_gallery([folder], out, published=False)
    file = out / folder_name(folder) / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(BadDocument, match=sentence):
        write_gallery([run(tmp_path / "other")], out, published=False)


def test_what_is_somebody_else_s_is_left_alone(tmp_path: Path, out: Path) -> None:
    folder = run(tmp_path / "run")
    with pytest.raises(BadInput, match=r"run is a run, and no place for a gallery; name the gallery's folder"):
        write_gallery([folder], folder.path, published=False)
    out.mkdir()
    (out / "index.html").write_text("my own page")
    with pytest.raises(BadInput, match=r"index.html is none that a gallery has written; choose another folder"):
        write_gallery([folder], out, published=False)
    assert [path.name for path in out.iterdir()] == ["index.html"]
    assert (out / "index.html").read_text() == "my own page"


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder for --gallery"):
        write_gallery([run(tmp_path / "run")], tmp_path / "file", published=False)


def test_of_two_who_add_at_once_none_is_left_out(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = run(tmp_path / "one"), run(tmp_path / "two")
    made = gallery._index

    def while_another_adds(*of: Any) -> str:
        monkeypatch.setattr(gallery, "_index", made)
        write_gallery([two], out, published=False)
        return made(*of)

    monkeypatch.setattr(gallery, "_index", while_another_adds)
    index = write_gallery([one], out, published=False)
    assert set(linked(index)) == {f"{folder_name(each)}/report.html" for each in (one, two)}


def test_a_run_that_somebody_deletes_meanwhile_is_in_no_index(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gallery([run(tmp_path / "one"), run(tmp_path / "two")], out, published=False)
    read = gallery._read

    def once_it_is_gone(file: Path) -> Any:
        shutil.rmtree(file.parent)
        return read(file)

    monkeypatch.setattr(gallery, "_read", once_it_is_gone)
    assert list(gallery.runs_in(out)) == []
