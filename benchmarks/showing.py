"""harness demo of a clip beside the slower of its halves, each alone: detecting in its frames, and drawing them.

All three are whole, and both processes have their start: the demo is the command as a person gives it, detecting a
process of the runner that loads its model. Drawing decodes and encodes as well, in this process, which needs no start.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.rows import Broken, Sides, Skipped
from harness import documents
from harness.clips.caption import Caption
from harness.clips.drawing import Pen
from harness.clips.encoding import writing
from harness.clips.feeding import picture_name, ppm
from harness.clips.needs import require_installed
from harness.clips.sources import Bundled, source_of
from harness.clips.staging import Staging
from harness.clips.video import VideoFrame
from harness.clips.views import One
from harness.data.shapes.clip import RATE
from harness.data.shapes.figures import CATEGORIES
from harness.documents.run_folder import RunFolder
from harness.errors import CannotRunHere
from harness.paths import ROOT, SHAPES_WEIGHTS
from runner.contract import rows

T = TypeVar("T")
MODEL = "ssdlite320_mobilenet_v3_large"
#: As many as an interval over two looks takes.
TURNS = 7
#: Six seconds of video: the bundled clip and half of it again, for it goes over into its start. The shorter a clip, the
#: more of a demo is the harness's start, about a second.
FRAMES = 150
#: In which drawing the clip alone has to be done.
MOST_S = 60.0


def measure() -> Sides:
    """Return the seconds of each demo beside those of its slower half."""
    try:
        require_installed()
    except CannotRunHere as error:
        raise Skipped(str(error)) from error
    with TemporaryDirectory() as name:
        place = Path(name)
        clip = place / "clip.mp4"
        _write(clip)
        turns = [_turn(place / str(turn), clip) for turn in range(TURNS)]
    halves = "; ".join(f"detecting {detect:.1f} s, drawing {draw:.1f} s" for _, detect, draw in turns)
    note = f"the command with its start, of {FRAMES} frames; {halves}"
    return Sides([demo for demo, *_ in turns], [max(detect, draw) for _, detect, draw in turns], note)


def _write(clip: Path) -> None:
    again = chain(Bundled().frames(), Bundled().frames())
    with writing(clip) as encoder:
        for number, frame in enumerate(islice(again, FRAMES)):
            encoder.add(VideoFrame(number / RATE, frame.pixels))


def _turn(place: Path, clip: Path) -> tuple[float, float, float]:
    frames = place / "frames"
    frames.mkdir(parents=True)
    demo_s, folder = _timed(lambda: _show(place, clip))
    for number, frame in enumerate(source_of(str(clip)).frames()):
        (frames / picture_name(number)).write_bytes(ppm(frame.pixels))
    (planned,) = folder.plan.cells
    assert planned.job.dataset
    whole = replace(planned.job, dataset=replace(planned.job.dataset, follows=False))
    documents.write(place / "job.json", whole)
    detect_s, _ = _timed(lambda: _detect(place, frames))
    draw_s, _ = _timed(lambda: _draw(place, clip, folder.cell_folder(planned.job) / rows.FILE))
    return demo_s, detect_s, draw_s


def _show(place: Path, clip: Path) -> RunFolder:
    what = ["--model", MODEL, "--image", "local", "--weights", "shapes", "--input", str(clip)]
    command = [sys.executable, "-m", "harness", "demo", *what, "--out", str(place / "out.mp4")]
    variables = {**os.environ, "HARNESS_RESULTS": str(place / "results")}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"the demo failed: {done.stderr or done.stdout}")
    (folder,) = (place / "results").iterdir()
    return RunFolder(folder)


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
