"""harness demo as a person runs it: clips that a browser plays, of what the rows of their runs say."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from pycocotools import mask

from harness.catalogue import models
from harness.clips.sources import BUNDLED, PICTURE_S, source_of
from harness.data.shapes.clip import RATE
from harness.documents.run_folder import RunFolder
from harness.paths import PHOTOGRAPHS, ROOT
from runner.contract import rows
from runner.contract.rows import ImageDetections
from tests.integration.browsers import chromium
from tests.integration.commands import HARNESS, LITE, each_fails, harness
from tests.integration.test_report_page import PHONE

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

PUBLISHED = [model.builder for model in models().values() if model.published_2021]
#: Frames of the clip with trained weights, and of each with random ones, whose detections are drawn from this score on.
FRAMES, FEW, LOW = 6, 2, 0.0
#: The size of every clip's frame, or its width alone; of the photographs one is as wide, and one as high.
HIGH, WIDE = 300, 320
MIXED = {"cat": (WIDE, 240), "coffee": (200, HIGH)}
#: Of HTMLMediaElement.readyState.
HAVE_ENOUGH_DATA = 4
#: A pixel is drawn on where its three channels differ from the source's by more in sum: much more than a codec's doing.
DRAWN = 60
#: The rows of a frame below its caption.
BELOW = slice(24, None)
#: Makes a demo of each model in one process, the runner's part too: torch's start is most of what a short one takes.
EACH = """if True:
    import contextlib, json, sys
    import harness
    from harness import pipeline
    from harness.execute.executors.base import ExitReport
    from runner.__main__ import main

    class Here(pipeline.LocalExecutor):
        def run(self, job_path, output_dir, timeout_s, on_line):
            (output_dir / "log.txt").touch()
            with contextlib.redirect_stdout(sys.stderr):
                ended = main([str(job_path), str(output_dir), *map(str, self._folders)])
            return ExitReport(ended, False, False, 1.0)

    pipeline.LocalExecutor = Here
    given, score = json.loads(sys.argv[1])
    for name, shown, frames in given:
        made = harness.demo(model=name, image="local", weights="random", input=shown, frames=frames, score=score)
        print(json.dumps([str(made.run.path), made.frames]))
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory, lean_torch: None) -> RunFolder:
    place, out = tmp_path_factory.mktemp("results"), tmp_path_factory.mktemp("out") / "out.mp4"
    arguments = ["--model", LITE, "--weights", "shapes", "--frames", FRAMES, "-o", out]
    done = harness("demo", "--image", "local", *arguments, variables={"HARNESS_RESULTS": str(place)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FRAMES} frames: {out}" in done.stdout
    (folder,) = place.iterdir()
    run = RunFolder(folder)
    assert out.read_bytes() == clip_of(run).read_bytes()
    return run


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photographs, one wide and one high."""
    folder = tmp_path_factory.mktemp("photographs")
    for name, size in MIXED.items():
        with Image.open(PHOTOGRAPHS / f"{name}.jpg") as picture:
            picture.resize(size).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory, lean_torch: None, photographs: Path) -> list[RunFolder]:
    """Demos with random weights: of the eight models published in 2021, and of the photographs."""
    place = {**os.environ, "HARNESS_RESULTS": str(tmp_path_factory.mktemp("results"))}
    shown = [*((name, BUNDLED, FEW) for name in PUBLISHED), (LITE, str(photographs), len(MIXED))]
    done = subprocess.run(
        [sys.executable, "-c", EACH, json.dumps([shown, LOW])],
        cwd=ROOT,
        env=place,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frames for _, frames in told] == [frames for _, _, frames in shown]
    return [RunFolder(Path(path)) for path, _ in told]


@pytest.fixture(scope="module")
def published(random: list[RunFolder]) -> dict[str, RunFolder]:
    """The demos of the eight."""
    return dict(zip(PUBLISHED, random, strict=False))


def clip_of(run: RunFolder) -> Path:
    return run.clip(run.plan.cells[0].job)


def frames_of(clip: Path, lasts: float) -> list[np.ndarray]:
    with av.open(str(clip)) as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        frames = list(container.decode(stream))
        assert [frame.time for frame in frames] == pytest.approx([number * lasts for number in range(len(frames))])
        return [frame.to_ndarray(format="rgb24") for frame in frames]


def drawn(run: RunFolder, shown: str = BUNDLED) -> Iterator[tuple[NDArray[np.int64], ImageDetections]]:
    """Yield how far each frame of a clip is from what is shown, and what its row says was detected there."""
    (planned,) = run.plan.cells
    kept = list(rows.read(run.cell_folder(planned.job) / rows.FILE))
    plain = [frame for frame, _ in zip(source_of(shown).frames(), kept, strict=False)]
    for picture, source, row in zip(frames_of(clip_of(run), plain[0].lasts), plain, kept, strict=True):
        assert row.times.forward_ms > 0
        assert row.detections is not None
        yield np.abs(picture.astype(int) - source.pixels).sum(axis=2), row.detections


def outlined(changed: NDArray[np.int64], found: ImageDetections, score: float) -> list[bool]:
    """Return of each box of at least that score, inside the frame and below the caption, whether its left is drawn."""
    boxes = found.boxes[found.scores >= score].astype(int)
    sides = [(left, slice(top, bottom - 1)) for left, top, _, bottom in boxes if top > BELOW.start and bottom > top + 2]
    return [bool(changed[along, left].mean() > DRAWN) for left, along in sides if left < changed.shape[1]]


def test_each_frame_shows_what_its_row_says(shapes: RunFolder) -> None:
    sides = [side for changed, found in drawn(shapes) for side in outlined(changed, found, 0.5)]
    assert len(sides) > FRAMES
    assert all(sides)


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_published_model_has_its_boxes_drawn(published: dict[str, RunFolder], name: str) -> None:
    shown = list(drawn(published[name]))
    sides = [side for changed, found in shown for side in outlined(changed, found, LOW)]
    assert len(shown) == FEW
    assert sides and np.mean(sides) > 0.9


def test_photographs_of_mixed_sizes_have_their_boxes_drawn_in_one_frame(
    random: list[RunFolder], photographs: Path
) -> None:
    shown = list(drawn(random[-1], str(photographs)))
    assert [changed.shape for changed, _ in shown] == [(HIGH, WIDE)] * len(MIXED)
    sides = [side for changed, found in shown for side in outlined(changed, found, LOW)]
    assert sides and np.mean(sides) > 0.9


def test_masks_are_drawn_where_the_rows_have_them(published: dict[str, RunFolder]) -> None:
    for changed, found in drawn(published["maskrcnn_resnet50_fpn"]):
        height, width = changed.shape
        assert found.masks
        whole = np.array([mask.decode({"size": [height, width], "counts": each}) for each in found.masks])
        covered = np.any(whole[found.scores >= LOW], axis=0)
        assert (changed > DRAWN / 3)[BELOW][covered[BELOW]].mean() > 0.8


def test_skeletons_are_drawn_where_the_rows_have_them(published: dict[str, RunFolder]) -> None:
    for changed, found in drawn(published["keypointrcnn_resnet50_fpn"]):
        assert found.keypoints is not None and found.keypoint_scores is not None
        sure = (found.keypoint_scores > 0) & (found.scores >= LOW)[:, None]
        x, y = found.keypoints[sure][:, :2].round().astype(int).T
        inside = (x >= 0) & (x < changed.shape[1]) & (y > BELOW.start) & (y < changed.shape[0])
        assert inside.any()
        assert (changed[y[inside], x[inside]] > DRAWN).mean() > 0.8


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a browser, which in the end has complained of nothing."""
    with chromium() as browser:
        opened = browser.new_page()
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        yield opened
        assert complaints == []


def test_ten_clips_play_in_one_page(shapes: RunFolder, random: list[RunFolder], page: Page, tmp_path: Path) -> None:
    runs = [shapes, *random]
    done = harness("report", *(run.path for run in runs), "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    page.goto((tmp_path / "report.html").as_uri())
    clips = page.locator("#clips video")
    assert clips.count() == len(runs)
    assert page.locator("h1").text_content() == f"{len(runs)} clips of detections"
    seconds = [FRAMES / RATE] + [FEW / RATE] * len(PUBLISHED) + [len(MIXED) * PICTURE_S]
    for number, lasts in enumerate(seconds):
        clip = clips.nth(number)
        assert clip.get_attribute("autoplay") is None
        assert (clip.get_attribute("poster") or "").startswith("data:image/jpeg")
        clip.evaluate("video => { video.preload = 'auto'; video.load(); }")
        for _ in range(200):
            if clip.evaluate("video => video.readyState") == HAVE_ENOUGH_DATA:
                break
            page.wait_for_timeout(50)
        assert clip.evaluate("video => video.duration") == pytest.approx(lasts, abs=0.01)
        assert clip.evaluate("video => video.videoWidth") == WIDE


def test_a_gallery_links_pages_and_clips(shapes: RunFolder, page: Page, tmp_path: Path) -> None:
    done = harness("report", shapes.path, "--gallery", tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "index.html") in done.stdout.replace("\n", "")
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto((tmp_path / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert page.locator(".card img").first.evaluate("image => image.naturalWidth") == 320
    (clip,) = tmp_path.glob("*/*.mp4")
    assert page.locator(".card a:has(img)").evaluate("link => link.href") == clip.as_uri()
    page.locator(".card h3 a").click()
    assert page.locator("#clips video").count() == 1
    assert page.locator("h1").text_content() == "A clip of SSDlite320 MobileNetV3-Large in local"


def test_an_interrupted_demo_leaves_nothing(tmp_path: Path) -> None:
    place = {**os.environ, "HARNESS_RESULTS": str(tmp_path / "results"), "TMPDIR": str(tmp_path)}
    command = [
        *HARNESS,
        "demo",
        "--image",
        "local",
        "--model",
        LITE,
        "--weights",
        "shapes",
        "-o",
        str(tmp_path / "o.mp4"),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=place, stdout=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob("harness-frames-*/*.ppm")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; nothing is left behind" in said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_can_not_be_shown_is_one_sentence(tmp_path: Path) -> None:
    no_video = tmp_path / "clip.mp4"
    no_video.write_bytes(b"no video")
    demo = ["demo", "--model", LITE, "--image", "local", "--weights", "random"]
    each_fails(
        2,
        {
            "is no video that can be played": [*demo, "--input", no_video],
            "--score 2 is no score; give one from 0 to 1": [*demo, "--score", "2"],
        },
    )
