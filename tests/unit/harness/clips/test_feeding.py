"""However many passes there are, few frames lie on the disk at once, and no pass waits for one that does not come."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.clips import feeding, staging
from harness.clips.caption import Caption
from harness.clips.drawing import Pen
from harness.clips.staging import Staging
from harness.clips.video import Video, VideoFrame
from harness.clips.views import One, Two
from harness.errors import BadInput, CannotRunHere, StorageError
from runner.contract import arrivals, rows
from runner.contract.rows import ImageDetections, Row, Times

COUNT, HEIGHT, WIDTH = 20, 32, 48
#: Of frames that are handed over before they are done with, in these tests.
WINDOW = 3
SECONDS = 30.0


class Source:
    """Frames that tell their number; `breaks` is the one in whose place the source fails."""

    name, most, broke_off, is_hdr = "source", COUNT, None, False

    def __init__(self, breaks: int = COUNT):
        self.read = 0
        self._breaks = breaks

    def frames(self) -> Iterator[VideoFrame]:
        self.read += 1
        for number in range(COUNT):
            if number == self._breaks:
                raise BadInput("the source is broken", "")
            yield VideoFrame(number / 25, np.full((HEIGHT, WIDTH, 3), 10 * number, np.uint8))


class Pass:
    """Acts a runner's pass out: a row for each frame as it comes, whose score tells what was in the frame."""

    def __init__(self, place: Path, frames: Path, fails_at: int = COUNT):
        place.mkdir()
        self.file, self.seen, self.most = place / rows.FILE, list[int](), 0
        self._frames, self._fails_at = frames, fails_at

    def run(self) -> None:
        names = [feeding.picture_name(number) for number in range(COUNT)]
        with rows.writing(self.file, "key", followed=True) as writer:
            for number, name in arrivals.arriving(self._frames, list(enumerate(names))):
                if number == self._fails_at:
                    break
                self.most = max(self.most, len(list(self._frames.glob("*.ppm"))))
                self.seen.append((self._frames / name).read_bytes()[-1])
                found, pixels = self._found(self.seen[-1]), f"{self.seen[-1]:064x}"
                writer.append([Row(number + 1, name, Times(forward_ms=1.0), None, HEIGHT, WIDTH, pixels, found)])
        (self.file.parent / "result.json").write_text("{}")

    @staticmethod
    def _found(shade: int) -> ImageDetections:
        box = np.array([[8, 8, 40, 28]], np.float32)
        return ImageDetections(box, np.array([shade / 255], np.float32), np.array([1], np.int32))


@pytest.fixture(autouse=True)
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "WINDOW", WINDOW)
    monkeypatch.setattr(feeding, "WINDOW_BYTES", 0)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    made = tmp_path / "frames"
    made.mkdir()
    return made


def view(height: int, width: int) -> One | Two:
    sides = [one_view(height, width) for _ in range(2)]
    return Two(sides[0], sides[1], None)


def one_view(height: int, width: int) -> One:
    return One(Pen(0.0, {}, height, width), Caption("x"))


def staged(source: Source, frames: Path, passes: list[Pass], clip: Path) -> Staging:
    """Run the passes one after another beside a staging, as a run does, and see to it that none waits for ever."""
    made = Staging(source, frames, [each.file for each in passes], view, clip)
    with made:
        for each in passes:
            running = threading.Thread(target=each.run, daemon=True)
            running.start()
            running.join(SECONDS)
            assert not running.is_alive()
    return made


def test_each_pass_sees_all_frames_of_which_few_lie_there_at_once(tmp_path: Path, frames: Path) -> None:
    source, passes = Source(), [Pass(tmp_path / name, frames) for name in ("one", "two")]
    shown = staged(source, frames, passes, tmp_path / "clip.mp4")
    assert [each.seen for each in passes] == [[10 * number for number in range(COUNT)]] * 2
    assert all(0 < each.most <= WINDOW + 1 for each in passes)
    assert source.read == 2
    assert shown.drawn == len(list(Video(tmp_path / "clip.mp4").frames())) == COUNT
    assert list(frames.glob("*.ppm")) == []
    assert sorted(path.name for path in tmp_path.glob("clip*")) == ["clip.jpg", "clip.mp4"]


@pytest.mark.parametrize(("most", "size"), [(WIDTH, (WIDTH, HEIGHT)), (WIDTH // 2, (WIDTH // 2, HEIGHT // 2))])
def test_the_poster_of_a_clip_is_small(
    tmp_path: Path, frames: Path, monkeypatch: pytest.MonkeyPatch, most: int, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(staging, "POSTER_SIDE", most)
    only = Pass(tmp_path / "one", frames)
    with Staging(Source(), frames, [only.file], one_view, tmp_path / "clip.mp4"):
        only.run()
    assert Image.open(tmp_path / "clip.jpg").size == size


def test_for_a_run_that_has_no_room_for_its_clip_another_place_of_runs_is_offered(tmp_path: Path, frames: Path) -> None:
    (tmp_path / "file").touch()
    only = Pass(tmp_path / "one", frames)
    made = Staging(Source(), frames, [only.file], one_view, tmp_path / "file" / "clip.mp4")
    with pytest.raises(StorageError, match=r"clip.jpg can't be written: .*, or set HARNESS_RESULTS to a folder"), made:
        only.run()


def test_of_small_frames_as_many_lie_there_as_their_bytes_allow(
    tmp_path: Path, frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = 2 * WINDOW
    monkeypatch.setattr(feeding, "WINDOW_BYTES", several * HEIGHT * WIDTH * 3)
    only = Pass(tmp_path / "one", frames)
    with Staging(Source(), frames, [only.file], one_view, tmp_path / "clip.mp4"):
        deadline = time.monotonic() + SECONDS
        while len(list(frames.glob("*.ppm"))) < several and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(2 * feeding.LOOK_S)
        lie_there = len(list(frames.glob("*.ppm")))
        only.run()
    assert lie_there == several


@pytest.mark.parametrize("fails_at", [0, 10])
def test_after_a_pass_that_failed_the_next_waits_for_nothing(tmp_path: Path, frames: Path, fails_at: int) -> None:
    passes = [Pass(tmp_path / "one", frames, fails_at), Pass(tmp_path / "two", frames)]
    shown = staged(Source(), frames, passes, tmp_path / "clip.mp4")
    # It may find frames that the first left, for as long as nobody has noticed its end; that is all it gets.
    left = len(passes[1].seen)
    assert left < COUNT and passes[1].seen == [10 * number for number in range(left)]
    assert shown.drawn == 0
    assert list(frames.glob("*.ppm")) == []
    assert not (tmp_path / "clip.mp4").exists()


def test_one_that_had_begun_by_then_waits_for_none_of_the_frames_that_are_gone(tmp_path: Path, frames: Path) -> None:
    ended = tmp_path / "one"
    ended.mkdir()

    class Ending(Source):
        def frames(self) -> Iterator[VideoFrame]:
            for number, frame in enumerate(super().frames()):
                if number == WINDOW - 1:
                    (ended / "result.json").write_text("{}")
                yield frame

    with closing(feeding.Passed(frames, ended / rows.FILE)) as passed:
        feeding.Feed(Ending(), frames, lambda: False).run([passed], lambda: 0)
    names = [feeding.picture_name(number) for number in range(COUNT)]
    for begun in range(WINDOW):
        waiting = threading.Thread(target=list, args=[arrivals.arriving(frames, enumerate(names[begun:]))], daemon=True)
        waiting.start()
        waiting.join(SECONDS)
        assert not waiting.is_alive(), begun


def test_the_clip_of_a_last_pass_that_failed_is_none(tmp_path: Path, frames: Path) -> None:
    passes = [Pass(tmp_path / "one", frames), Pass(tmp_path / "two", frames, fails_at=10)]
    shown = staged(Source(), frames, passes, tmp_path / "clip.mp4")
    assert shown.drawn == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "one", "two"]


@pytest.mark.parametrize("breaks", [0, 10])
def test_a_source_that_fails_ends_every_pass_and_is_told(tmp_path: Path, frames: Path, breaks: int) -> None:
    passes = [Pass(tmp_path / name, frames) for name in ("one", "two")]
    began = time.monotonic()
    with pytest.raises(BadInput, match="the source is broken"):
        staged(Source(breaks), frames, passes, tmp_path / "clip.mp4")
    assert len(passes[0].seen) == breaks
    assert time.monotonic() - began < SECONDS
    assert list(tmp_path.glob("*clip*")) == []  # neither a clip nor its first frame


@pytest.mark.parametrize(("count", "shade"), [(COUNT - 1, 10), (1, 10), (COUNT, 11)])
def test_a_source_that_changed_between_two_passes_ends_the_demo(
    tmp_path: Path, frames: Path, count: int, shade: int
) -> None:
    class Changing(Source):
        def frames(self) -> Iterator[VideoFrame]:
            if self.read == 0:
                yield from super().frames()
                return
            for number in range(count):
                yield VideoFrame(number / 25, np.full((HEIGHT, WIDTH, 3), (shade * number) % 256, np.uint8))

    passes = [Pass(tmp_path / name, frames) for name in ("one", "two")]
    with pytest.raises(BadInput, match=r"^source has changed since the first pass saw it; leave it as it is"):
        staged(Changing(), frames, passes, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


def test_of_a_source_that_grows_both_passes_see_what_was_there_at_first(tmp_path: Path, frames: Path) -> None:
    class Growing(Source):
        def frames(self) -> Iterator[VideoFrame]:
            grown = self.read * 5
            yield from super().frames()
            yield from (VideoFrame(1.0, np.zeros((HEIGHT, WIDTH, 3), np.uint8)) for _ in range(grown))

    passes = [Pass(tmp_path / name, frames) for name in ("one", "two")]
    assert staged(Growing(), frames, passes, tmp_path / "clip.mp4").drawn == COUNT


def test_the_pass_of_a_clip_that_was_not_made_is_one_file_though_it_was_killed(tmp_path: Path, frames: Path) -> None:
    (tmp_path / "written").mkdir()
    with rows.writing(tmp_path / "written" / rows.FILE, "key", followed=True) as writer:
        writer.append([Row(1, "1.ppm", Times(), height=HEIGHT, width=WIDTH, detections=Pass._found(9))])
        shutil.copytree(tmp_path / "written", tmp_path / "killed")
    file = tmp_path / "killed" / rows.FILE
    assert len(list(file.parent.iterdir())) == 3
    made = Staging(Source(breaks=0), frames, [file], view, tmp_path / "clip.mp4")
    with pytest.raises(BadInput, match="the source is broken"), made:
        pass
    assert list(file.parent.iterdir()) == [file]
    assert len(list(rows.read(file))) == 1


def test_what_draws_is_imported_beside_the_passes_and_ends_them_where_it_is_broken(
    tmp_path: Path, frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(module: str) -> None:
        raise CannotRunHere(f"a demo needs {module}, which can't be imported", "install it")

    monkeypatch.setattr(staging, "needed", broken)
    only = Pass(tmp_path / "one", frames)
    with pytest.raises(CannotRunHere, match="a demo needs supervision"):
        staged(Source(), frames, [only], tmp_path / "clip.mp4")
    assert len(only.seen) <= WINDOW
