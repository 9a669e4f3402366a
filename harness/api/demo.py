"""Detections as a video."""

from dataclasses import dataclass
from pathlib import Path

from harness import showing
from harness.api.checked import Count, Number, Telling, Text, Where, checked, path_of, recorded
from harness.api.run import Run, opened
from harness.preflight.checks import Preflight
from harness.progress import Noting, Silent

SILENT = Silent()


@dataclass(frozen=True)
class Demo:
    """A clip (MP4) of so many frames, the run that it is of, and sentences on what a person might miss in it."""

    clip: Path
    frames: int
    run: Run
    remarks: list[str]


@checked
def demo(
    *,
    model: Text,
    image: Text = "auto",
    input: Where = "bundled",
    out: Where | None = None,
    weights: Where = "pretrained",
    frames: Count | None = None,
    score: Number = 0.5,
    side_by_side: Text | None = None,
    codec: Text = "h264",
    device: Text = "auto",
    code: Where | None = None,
    progress: Telling = SILENT,
) -> Demo:
    """Make a video of what a model detects, as `harness demo` does.

    model: what detects: a builder's name, or package.module:function with `code`, its folder.
    image: the environment in which it detects, or auto. device, weights: as `harness.run` takes them.
    input: a video, a folder of pictures, or bundled: figures in motion. frames: the first so many of it alone.
    score: the least score, 0 to 1, of what is drawn.
    side_by_side: another environment or another model, whose detections are put beside the first's.
    codec: h264 or av1. out: where the clip goes besides the run's folder.
    progress: is told what goes on; the default is told nothing.

    Raises CannotRunHere where the extra `demo` is not installed, and else as `harness.run` does; by Ctrl-C nothing is
    left behind.
    """
    command, telling = recorded(demo, locals()), Noting(progress)
    wish = showing.Showing(
        model=model,
        input=str(input),
        image=image,
        weights=str(weights),
        device=device,
        frames=frames,
        score=score,
        side_by_side=side_by_side,
        codec=codec,
        code=path_of(code),
    )
    with Preflight() as preflight:
        shown = showing.start(wish, command, preflight, telling, path_of(out))
    run = opened(shown.outcome.folder, shown.outcome.unjudged, telling.said)
    return Demo(shown.clip, shown.frames, run, shown.remarks)
