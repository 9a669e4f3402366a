"""Checkpoints over real HTTP: whole, broken off, refused, wrong, and two at once; and a person's own files."""

import hashlib
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tenacity import wait_fixed

from harness import paths, plan
from harness.catalogue import Model, models
from harness.data import checkpoints, download, http, pictures
from harness.errors import BadInput, CannotRunHere, StorageError
from harness.paths import ROOT
from harness.plan import Request
from harness.preflight.checks import Preflight
from runner.contract import Weights
from tests.integration.commands import LITE, fails, harness
from tests.integration.downloading import small_disk, unseen, wait_until
from tests.integration.servers import FileServer, serving

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MODEL = replace(models()[LITE], checkpoint=f"thing-{SHA256[:8]}.pth")
AUTO = Request(images=["local"], models=[LITE], device="cpu", weights="auto")
#: Fetches MODEL in a process of its own.
ANOTHER_PROCESS = f"""
from dataclasses import replace
from harness.data import checkpoints
from harness.catalogue import models
checkpoints.pretrained(replace(models()[{LITE!r}], checkpoint={MODEL.checkpoint!r}), lambda *progress: None)
"""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.http.wait_exponential", lambda **seconds: wait_fixed(0.01))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    with serving(FileServer(CONTENT)) as files:
        monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("HARNESS_WEIGHTS_URL", files.url)
        yield files


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A disk of 64 KiB for the checkpoints; call it to change its size."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "disk"))
    with small_disk(tmp_path / "disk") as resize:
        yield resize


def fetch(model: Model = MODEL) -> Weights:
    return checkpoints.pretrained(model, unseen)


def stored() -> Path:
    return paths.weights_folder() / MODEL.checkpoint


def part() -> Path:
    return stored().with_name(stored().name + ".part")


def test_a_checkpoint_is_fetched_once_and_shown_as_it_comes(server: FileServer) -> None:
    seen: list[tuple[str, int, int | None]] = []
    fetched = checkpoints.pretrained(MODEL, lambda *progress: seen.append(progress))
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
    server.refusals = [503, 429]
    assert fetch().sha256 == SHA256
    assert server.requests == 3


def test_a_connection_that_drops_is_made_anew(server: FileServer) -> None:
    server.drops = 2
    assert fetch().sha256 == SHA256
    assert server.requests == 3


def test_a_port_where_nothing_listens_is_named(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("HARNESS_WEIGHTS_URL", url)
        with pytest.raises(CannotRunHere) as caught:
            fetch()
    assert str(caught.value).startswith(f"{url}/{MODEL.checkpoint} can't be fetched (")
    assert str(caught.value).endswith("or use --weights random.")
    assert "name a mirror with HARNESS_WEIGHTS_URL" in str(caught.value)


def test_what_came_is_kept_for_the_next_time(server: FileServer) -> None:
    server.break_offs = [10_000] * http.ATTEMPTS
    with pytest.raises(CannotRunHere, match=r"thing-.*HARNESS_WEIGHTS_URL, .*, or use --weights random"):
        fetch()
    assert part().stat().st_size == 10_000 * http.ATTEMPTS
    assert fetch().sha256 == SHA256
    assert server.ranges[-1] == f"bytes={10_000 * http.ATTEMPTS}-"


def test_a_file_that_is_not_there_is_not_asked_for_again(server: FileServer) -> None:
    server.refusals = [404]
    with pytest.raises(download.NotTheFile, match="404 Not Found"):
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
    came = hashlib.sha256(server.content).hexdigest()[:16]
    with pytest.raises(
        CannotRunHere, match=rf"{MODEL.checkpoint} came with SHA-256 {came}…, not {SHA256[:8]}… as its name says"
    ):
        fetch()
    assert not stored().exists()
    assert not part().exists()


def test_the_hash_of_the_first_fetch_holds_from_then_on(server: FileServer) -> None:
    fetch()
    stored().unlink()
    record = stored().with_suffix(".sha256")
    first = SHA256[:8] + "0" * 56  # as if another file with the same eight digits had come first
    record.write_text(first)
    with pytest.raises(CannotRunHere, match=rf"{SHA256[:16]}…, not {first[:16]}… as the record of its first fetch"):
        fetch()
    assert not stored().exists()
    assert record.read_text() == first


def test_a_record_that_was_cut_short_is_made_anew(server: FileServer) -> None:
    fetch()
    record = stored().with_suffix(".sha256")
    record.write_text("")
    assert fetch().sha256 == SHA256
    assert record.read_text() == SHA256
    assert server.requests == 1


def test_an_error_of_the_server_is_one_sentence(server: FileServer) -> None:
    server.refusals = [403]
    with pytest.raises(CannotRunHere, match=r"^http://\S+ can't be fetched \(HTTP 403 Forbidden\); .*\.$"):
        fetch()


def test_what_is_no_url_is_told(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_WEIGHTS_URL", "http://[::1/")
    with pytest.raises(CannotRunHere, match=r"^http://\[::1/thing-\S+ can't be fetched"):
        fetch()


def test_a_server_that_tells_no_length_is_read_to_its_end(server: FileServer) -> None:
    server.tells_length = False
    assert fetch().sha256 == SHA256


def test_two_at_once_fetch_it_once(server: FileServer) -> None:
    answers: list[Weights] = []
    threads = [threading.Thread(target=lambda: answers.append(fetch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.sha256 for answer in answers] == [SHA256] * 4
    assert server.requests == 1


def test_one_waits_while_another_process_fetches_and_goes_on_where_that_was_killed(server: FileServer) -> None:
    server.break_offs = [100_000]
    server.may_break_off.clear()
    answers: list[Weights] = []
    here = threading.Thread(target=lambda: answers.append(fetch()))
    with subprocess.Popen([sys.executable, "-c", ANOTHER_PROCESS], cwd=ROOT) as other:
        try:
            # The last bytes may still be in the other's buffer.
            wait_until(lambda: part().is_file() and part().stat().st_size > 50_000)
            here.start()
            here.join(0.2)
            assert server.requests == 1
        finally:
            other.kill()
    here.join()
    assert [answer.sha256 for answer in answers] == [SHA256]
    first, second = server.ranges
    assert first is None
    assert 50_000 < int((second or "").removeprefix("bytes=").removesuffix("-")) <= 100_000
    assert stored().read_bytes() == CONTENT


def test_a_full_disk_is_told_and_what_came_is_kept(server: FileServer, disk: Callable[[str], None]) -> None:
    with pytest.raises(
        StorageError, match=rf"{MODEL.checkpoint} can't be written: No space left.*HARNESS_DATA"
    ) as full:
        fetch()
    assert full.value.exit_code == 5
    assert not stored().exists()
    came = part().stat().st_size
    disk("1m")
    assert fetch().sha256 == SHA256
    assert server.ranges == [None, f"bytes={came}-"]


def test_a_run_stops_before_it_measures_and_auto_falls_back(server: FileServer, tmp_path: Path) -> None:
    server.content = b"not a checkpoint"
    arguments = ["run", "--image", "local", "--device", "cpu", "--model", LITE]
    fails(3, "or use --weights random.", *arguments, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    made, remarks = plan.make(AUTO, [], Preflight(), unseen)
    assert {cell.job.model.weights.kind for cell in made.cells} == {"random"}
    assert remarks[0].startswith(f"random weights: {models()[LITE].checkpoint} came with SHA-256")


def test_a_dry_run_fetches_nothing_and_says_what_would_be(server: FileServer, tmp_path: Path) -> None:
    done = harness("run", "--image", "local", "--device", "cpu", "--model", LITE, "--dry-run")
    assert done.returncode == 0, done.stderr
    told = f"to be fetched first: {models()[LITE].checkpoint}"
    assert f"{told}\n" in done.stdout
    made, remarks = plan.make(replace(AUTO, dry=True), [], Preflight(), unseen)
    assert f"{told}, or the weights are random where that fails" in remarks
    assert {cell.job.model.weights.kind for cell in made.cells} == {"pretrained"}
    assert server.ranges == []
    assert not (tmp_path / "data").exists()


def test_weights_of_ones_own_are_known_by_their_hash(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(CONTENT)
    assert checkpoints.weights_file(mine) == Weights(kind="file", file="mine.pth", sha256=SHA256)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("absent.pth", "there are no weights"),
        ("notes.txt", r"neither .safetensors nor .pth"),
        ("net.onnx", r"net\.onnx is an ONNX graph, not a state dict; save model\.state_dict\(\)"),
        ("net.keras", "is a Keras model"),
        ("model.safetensors.index.json", "is the index of a checkpoint in parts; join them"),
        ("", "are a folder; name the file in it"),
    ],
)
def test_what_are_no_weights_is_told(tmp_path: Path, name: str, problem: str) -> None:
    if name and name != "absent.pth":
        (tmp_path / name).write_text("no weights")
    with pytest.raises(BadInput, match=problem):
        checkpoints.weights_file(tmp_path / name)


def test_the_first_pictures_by_name_are_taken(tmp_path: Path) -> None:
    for name in [*(f"{letter}.JPG" for letter in "hcagdbfeji"), "a.txt"]:
        (tmp_path / name).write_bytes(name.encode())
    assert [(picture.name, picture.sha256) for picture in pictures.pictures(tmp_path, at_most=9)] == [
        (f"{letter}.JPG", hashlib.sha256(f"{letter}.JPG".encode()).hexdigest()) for letter in "abcdefghi"
    ]


@pytest.mark.parametrize(
    ("folder", "sentence"), [("absent", "there is no folder of pictures"), (".", "holds no pictures")]
)
def test_a_folder_without_pictures_is_told(tmp_path: Path, folder: str, sentence: str) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    with pytest.raises(BadInput, match=sentence):
        pictures.pictures(tmp_path / folder, at_most=2)
