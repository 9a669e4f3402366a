"""harness demo of a clip beside the slower of its halves, each alone: detecting in its frames, and drawing them.

All three are whole: detecting is a process of the runner that loads its model, drawing decodes and encodes as well.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.rows import Broken, Sides, Skipped
from harness import documents, showing
from harness.clips.caption import Caption
from harness.clips.drawing import Pen
from harness.clips.feeding import picture_name, ppm
from harness.clips.needs import needed
from harness.clips.sources import Bundled, source_of
from harness.clips.staging import Staging
from harness.clips.video import writing
from harness.clips.views import One
from harness.data.shapes.figures import CATEGORIES
from harness.documents.run_folder import RunFolder
from harness.errors import CannotRunHere
from harness.paths import ROOT, SHAPES_WEIGHTS
from harness.preflight.checks import Preflight
from harness.progress import Silent
from runner.contract import rows

T = TypeVar("T")
MODEL = "ssdlite320_mobilenet_v3_large"
#: As many as an interval over all of them takes.
TURNS = 6
#: In which drawing the clip alone has to be done.
MOST_S = 60.0


def measure() -> Sides:
    """Return the seconds of each demo beside those of its slower half."""
    try:
        needed("av"), needed("supervision")
    except CannotRunHere as error:
        raise Skipped(str(error)) from error
    with TemporaryDirectory() as name:
        place = Path(name)
        os.environ["HARNESS_RESULTS"] = str(place / "results")
        clip = place / "clip.mp4"
        with writing(clip) as encoder:
            for frame in Bundled().frames():
                encoder.add(frame)
        turns = [_turn(place / str(turn), clip) for turn in range(TURNS)]
    halves = "; ".join(f"detecting {detect:.1f} s, drawing {draw:.1f} s" for _, detect, draw in turns)
    return Sides([demo for demo, *_ in turns], [max(detect, draw) for _, detect, draw in turns], halves)


def _turn(place: Path, clip: Path) -> tuple[float, float, float]:
    wish = showing.Showing(model=MODEL, input=str(clip), image="local", weights="shapes")
    place.mkdir()

    def shown() -> RunFolder:
        with Preflight() as preflight:
            return showing.start(wish, [], preflight, Silent(), place / "out.mp4").outcome.folder

    demo_s, folder = _timed(shown)
    frames = place / "frames"
    frames.mkdir()
    for number, frame in enumerate(source_of(str(clip)).frames()):
        (frames / picture_name(number)).write_bytes(ppm(frame.pixels))
    (planned,) = folder.plan.cells
    assert planned.job.dataset
    whole = replace(planned.job, dataset=replace(planned.job.dataset, follows=False))
    documents.write(place / "job.json", whole)
    detect_s, _ = _timed(lambda: _detect(place, frames))
    draw_s, _ = _timed(lambda: _draw(place, clip, folder.cell_folder(planned.job) / rows.FILE))
    return demo_s, detect_s, draw_s


def _detect(place: Path, frames: Path) -> None:
    command = [sys.executable, "-m", "runner", str(place / "job.json"), str(place / "alone")]
    folders = ["--images", str(frames), "--weights", str(SHAPES_WEIGHTS.parent)]
    done = subprocess.run([*command, *folders], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        told = json.loads((place / "alone" / "result.json").read_text()).get("failure") or done.stderr
        raise Broken(f"the pass alone failed: {told}")


def _draw(place: Path, clip: Path, found: Path) -> None:
    frames = place / "again"
    frames.mkdir()

    def view(height: int, width: int) -> One:
        return One(Pen(0.5, CATEGORIES, height, width), Caption(MODEL))

    source, deadline = source_of(str(clip)), time.monotonic() + MOST_S
    with Staging(source, frames, [found], view, place / "alone.mp4") as staging:
        while staging.drawn < source.most:  # its end would stop whoever still decodes
            if time.monotonic() > deadline:
                raise Broken(f"drawing alone came to frame {staging.drawn} of {source.most}")
            time.sleep(0.002)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made
