"""Checkpoints over real HTTP: whole, broken off, refused, wrong, and two at once."""

import hashlib
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness import assets
from harness.catalogue import Model, models
from harness.errors import CannotRunHere
from runner.contract import Weights
from tests.integration.commands import LITE, fails, harness
from tests.integration.servers import FileServer, serving

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MODEL = replace(models()[LITE], checkpoint=f"thing-{SHA256[:8]}.pth")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    with serving(FileServer(CONTENT)) as files:
        monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("HARNESS_WEIGHTS_URL", files.url)
        yield files


def fetch(model: Model = MODEL) -> Weights:
    return assets.pretrained(model, lambda name, here, total: None)


def stored() -> Path:
    return assets.weights_folder() / MODEL.checkpoint


def part() -> Path:
    return stored().with_name(stored().name + ".part")


def test_a_checkpoint_is_fetched_once_and_shown_as_it_comes(server: FileServer) -> None:
    seen: list[tuple[str, int, int | None]] = []
    fetched = assets.pretrained(MODEL, lambda *progress: seen.append(progress))
    assert fetched == Weights(kind="pretrained", file=MODEL.checkpoint, sha256=SHA256)
    assert stored().read_bytes() == CONTENT
    assert seen[-1] == (MODEL.checkpoint, len(CONTENT), len(CONTENT))
    assert [here for _, here, _ in seen] == sorted({here for _, here, _ in seen})
    assert fetch() == fetched
    assert server.requests == 1
    assert not part().exists()


def test_an_answer_that_breaks_off_goes_on_where_it_stopped(server: FileServer) -> None:
    server.break_offs = [100_000, 50_000]
    assert fetch().sha256 == SHA256
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert stored().read_bytes() == CONTENT


def test_a_server_without_ranges_starts_anew(server: FileServer) -> None:
    server.knows_ranges, server.break_offs = False, [100_000]
    assert fetch().sha256 == SHA256
    assert stored().read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(server: FileServer) -> None:
    server.refusals = [503, 502]
    assert fetch().sha256 == SHA256
    assert server.requests == 3


def test_what_came_is_kept_for_the_next_time(server: FileServer) -> None:
    server.break_offs = [10_000] * assets.ATTEMPTS
    with pytest.raises(CannotRunHere, match=r"thing-.*HARNESS_WEIGHTS_URL, or use --weights random"):
        fetch()
    assert part().stat().st_size == 10_000 * assets.ATTEMPTS
    assert fetch().sha256 == SHA256
    assert server.ranges[-1] == f"bytes={10_000 * assets.ATTEMPTS}-"


def test_a_file_that_is_not_there_is_not_asked_for_again(server: FileServer) -> None:
    server.refusals = [404]
    with pytest.raises(CannotRunHere, match="404 Not Found"):
        fetch()
    assert server.requests == 1


def test_a_part_that_does_not_fit_is_fetched_anew(server: FileServer) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(CONTENT + b"of something else")
    assert fetch().sha256 == SHA256


def test_a_part_that_was_whole_is_taken(server: FileServer) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(CONTENT)
    assert fetch().sha256 == SHA256
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_file_whose_hash_was_not_yet_noted_is_checked_and_kept(server: FileServer) -> None:
    stored().parent.mkdir(parents=True)
    stored().write_bytes(CONTENT)
    assert fetch().sha256 == SHA256
    assert server.requests == 0


def test_a_wrong_file_is_deleted_and_named(server: FileServer) -> None:
    server.content = b"<html>not what you wanted</html>"
    with pytest.raises(CannotRunHere, match=rf"{MODEL.checkpoint} came with SHA-256 .*, not {SHA256[:8]}…"):
        fetch()
    assert not stored().exists()
    assert not part().exists()


def test_two_at_once_fetch_it_once(server: FileServer) -> None:
    answers: list[Weights] = []
    threads = [threading.Thread(target=lambda: answers.append(fetch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.sha256 for answer in answers] == [SHA256] * 4
    assert server.requests == 1


def test_a_run_stops_before_it_measures_and_auto_falls_back(server: FileServer, tmp_path: Path) -> None:
    server.content = b"not a checkpoint"
    arguments = ["run", "--image", "local", "--device", "cpu", "--model", LITE]
    fails(3, "or use --weights random.", *arguments, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    done = harness(*arguments, "--weights", "auto", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith(f"random weights: {models()[LITE].checkpoint} came with SHA-256")
