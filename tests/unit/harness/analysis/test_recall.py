import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis import reading, recall
from harness.analysis.parts import Part
from harness.analysis.recall import part_of
from harness.documents.run_folder import RunFolder
from harness.documents.shelf import SECRET, Shelf
from harness.errors import BadDocument
from harness.paths import ROOT
from runner.contract import Failure, Variant
from tests.samples import job, latency, ok_result, run_folder

REFERENCE = ROOT / "results" / "reference"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, in which runs of any size are worth keeping."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(recall, "WORTH_KEEPING", 0)
    return tmp_path / "cache" / "detection-harness" / "merged"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The runs that were read anew, in their order."""
    runs: list[Path] = []

    def counted(folder: RunFolder, read: Callable[[RunFolder], tuple[Part, str]] = reading.read) -> tuple[Part, str]:
        runs.append(folder.path)
        return read(folder)

    monkeypatch.setattr(recall, "read", counted)
    return runs


def same(part: Part, other: Part) -> bool:
    """Compare also where there is a NaN."""
    return part.rows == other.rows and repr((part.planned, part.measurements, part.timed, part.detected)) == repr(
        (other.planned, other.measurements, other.timed, other.detected)
    )


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    failure = Failure("E", 'broke, "so"\n=1+1', "mend it", "model")
    return run_folder(
        tmp_path / "run",
        ok_result(job(), latency=latency([10.0, 12.5, 11.0] * 3), warnings=["<b>"]),
        ok_result(job("retinanet_resnet50_fpn"), status="failed", latency=None, failure=failure),
    )


def test_a_run_is_read_once(run: RunFolder, reads: list[Path], cache: Path) -> None:
    first = part_of(run)
    assert same(part_of(run), first)
    assert reads == [run.path]
    assert len(list(cache.iterdir())) == 2
    assert not list(run.path.rglob("*.arrow"))


@pytest.mark.parametrize("name", ["quick-1", "published-2021", "accuracy-shapes"])
def test_what_is_kept_is_what_was_read(name: str, reads: list[Path]) -> None:
    folder = RunFolder(REFERENCE / name)
    first = part_of(folder)
    assert first.rows.figures.num_rows > 0
    assert same(part_of(folder), first)
    assert len(reads) == 1


def test_so_are_a_percentile_and_the_step_of_a_ladder(tmp_path: Path, reads: list[Path]) -> None:
    timed = replace(latency([10.0, 12.5, 11.0] * 200), percentile=99.0)
    folder = run_folder(tmp_path / "run", ok_result(job(variant=Variant(threads=2)), latency=timed), waited_seconds=1.5)
    first = part_of(folder)
    [entry] = first.timed
    assert entry.steps == (("threads", "2"),)
    assert entry.times
    assert entry.times.tail
    assert same(part_of(folder), first)
    assert len(reads) == 1


def test_a_document_that_changed_is_read_anew(run: RunFolder, reads: list[Path]) -> None:
    part_of(run)
    result = run.cell_folder(job()) / "result.json"
    result.write_text(result.read_text().replace("12.5", "99.5"))
    assert 99.5 in part_of(run).rows.figures["value"].to_pylist()
    (run.cell_folder(job()) / "execution.json").unlink()
    assert None in part_of(run).rows.cells["pinned"].to_pylist()
    result.unlink()
    assert len(part_of(run).measurements) == 1
    assert len(reads) == 4


def test_a_document_that_broke_is_refused_as_ever(run: RunFolder) -> None:
    part_of(run)
    (run.cell_folder(job()) / "result.json").write_text("{")
    with pytest.raises(BadDocument, match="not a usable result document"):
        part_of(run)


def test_scores_that_came_later_are_read(tmp_path: Path, reads: list[Path]) -> None:
    shutil.copytree(REFERENCE / "accuracy-shapes", tmp_path / "copy")
    scores = next((tmp_path / "copy").glob("cells/*/scores.json"))
    text = scores.read_text()
    scores.unlink()
    unscored = part_of(RunFolder(tmp_path / "copy"))
    scores.write_text(text)
    scored = part_of(RunFolder(tmp_path / "copy"))
    assert scored.rows.figures.num_rows > unscored.rows.figures.num_rows
    assert len(reads) == 2


def test_another_plan_another_name_and_another_harness_read_anew(
    run: RunFolder, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    part_of(run)
    named = part_of(RunFolder(run.path, "another name"))
    assert set(named.rows.cells["run"].to_pylist()) == {"another name"}
    plan = json.loads((run.path / "plan.json").read_text())
    plan["cells"].pop()
    (run.path / "plan.json").write_text(json.dumps(plan))
    assert len(part_of(RunFolder(run.path)).planned) == 1
    monkeypatch.setattr(recall, "_harness", lambda: "of tomorrow")
    part_of(RunFolder(run.path))
    assert len(reads) == 4


def test_what_was_tampered_with_is_read_anew_and_replaced(run: RunFolder, reads: list[Path], cache: Path) -> None:
    first = part_of(run)
    (kept,) = (path for path in cache.iterdir() if path.name != SECRET)
    whole = kept.read_bytes()
    for content in (whole[: len(whole) // 2], whole.replace(b"broke", b"works"), b"", bytes(len(whole))):
        assert content != whole
        kept.write_bytes(content)
        assert same(part_of(run), first)
        assert kept.read_bytes() == whole
    assert len(reads) == 5


def test_what_is_signed_and_makes_no_sense_is_read_anew(run: RunFolder, reads: list[Path], cache: Path) -> None:
    first = part_of(run)
    (key,) = (path.name for path in cache.iterdir() if path.name != SECRET)
    whole = Shelf(cache).get(key)
    assert whole is not None
    cut = 8 + int.from_bytes(whole[:8])
    for content in (b"x", bytes(8), whole[:cut], whole[:-100], (4).to_bytes(8) + b"null" + whole[cut:]):
        Shelf(cache).put(key, content)
        assert same(part_of(run), first)
    assert len(reads) == 6


def test_without_a_cache_folder_all_is_as_ever(run: RunFolder, reads: list[Path], cache: Path) -> None:
    cache.parents[1].touch()  # where a folder ought to be
    first = part_of(run)
    assert same(part_of(run), first)
    assert len(reads) == 2


def test_two_at_once_do_not_meet(run: RunFolder) -> None:
    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(part_of, [RunFolder(run.path) for _ in range(8)])
    assert all(same(part, first) for part in others)


def test_a_small_run_is_not_worth_it(run: RunFolder, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parents[1]))
    part_of(run)
    assert not cache.exists()
