"""harness demo as a person runs it: a clip that a browser plays, of what the rows of its run say."""

import os
import signal
import subprocess
import time
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from harness.clips.sources import Bundled
from harness.documents.run_folder import RunFolder
from harness.paths import ROOT
from runner.contract import rows
from tests.integration.commands import HARNESS, LITE, fails, harness
from tests.integration.test_report_page import CHROMIUM
from tests.needs import lacks

pytestmark = pytest.mark.torch

FRAMES = 12
#: Of HTMLMediaElement.readyState.
HAVE_ENOUGH_DATA = 4


def made(results: Path, *arguments: object) -> RunFolder:
    """Make a demo in `local`, and return its run."""
    done = harness("demo", "--image", "local", *arguments, variables={"HARNESS_RESULTS": str(results)})
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = results.iterdir()
    return RunFolder(folder)


def frames_of(clip: Path) -> list[np.ndarray]:
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    arguments = [
        "--model",
        LITE,
        "--weights",
        "shapes",
        "--frames",
        FRAMES,
        "-o",
        tmp_path_factory.mktemp("o") / "out.mp4",
    ]
    return made(tmp_path_factory.mktemp("results"), *arguments)


def test_each_frame_shows_what_its_row_says(shapes: RunFolder) -> None:
    (planned,) = shapes.plan.cells
    kept = list(rows.read(shapes.cell_folder(planned.job) / rows.FILE))
    shown, plain = frames_of(shapes.clip(planned.job)), [frame.pixels for frame in Bundled().frames()][:FRAMES]
    assert len(shown) == len(kept) == FRAMES
    assert all(row.times.forward_ms > 0 for row in kept)
    boxes = 0
    for picture, source, row in zip(shown, plain, kept, strict=True):
        assert row.detections is not None
        changed = np.abs(picture.astype(int) - source).sum(axis=2)
        for box, score in zip(row.detections.boxes.astype(int), row.detections.scores, strict=True):
            left, top, _, bottom = box
            if score >= 0.5 and top > 24:  # below the caption
                boxes += 1
                assert changed[top : bottom - 1, left].mean() > 60
    assert boxes > FRAMES


def test_the_page_plays_the_clip(shapes: RunFolder, tmp_path: Path) -> None:
    if CHROMIUM is None:
        lacks("BROWSER", "no Chromium is installed")
    done = harness("report", shapes.path, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((tmp_path / "report.html").as_uri())
        clip = page.locator("#clips video")
        assert clip.get_attribute("autoplay") is None
        assert (clip.get_attribute("poster") or "").startswith("data:image/jpeg")
        clip.evaluate("video => { video.preload = 'auto'; video.load(); }")
        for _ in range(200):
            if clip.evaluate("video => video.readyState") == HAVE_ENOUGH_DATA:
                break
            page.wait_for_timeout(50)
        assert clip.evaluate("video => video.duration") == pytest.approx(FRAMES / 25, abs=0.1)
        assert complaints == []
        browser.close()


@pytest.mark.parametrize("model", ["maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn"])
def test_masks_and_skeletons_are_drawn(model: str, tmp_path: Path) -> None:
    run = made(tmp_path / "results", "--model", model, "--weights", "random", "--frames", 1, "--score", "0.05")
    (planned,) = run.plan.cells
    (picture,), source = frames_of(run.clip(planned.job)), next(iter(Bundled().frames())).pixels
    assert (np.abs(picture.astype(int) - source).sum(axis=2) > 60)[30:].mean() > 0.05


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
    fails(2, "is no video that can be played", *demo, "--input", no_video)
    fails(2, "--score 2 is no score; give one from 0 to 1", *demo, "--score", "2")
