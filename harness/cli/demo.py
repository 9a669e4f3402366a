"""What shows detections: demo. Parse and call."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Code, Device


def demo(
    model: Annotated[str, typer.Option(metavar="NAME|MODULE:FUNCTION", help="What detects.")],
    image: Annotated[str, typer.Option(metavar="ENV[:TAG]", help="Where it detects, or auto.")] = "auto",
    input_: Annotated[
        str, typer.Option("--input", metavar="FILE|DIR|bundled", help="A video, a folder of pictures, or figures.")
    ] = "bundled",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where the clip goes, too (MP4).")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(metavar="pretrained|random|shapes|auto|PATH", help="auto: pretrained, or random when offline."),
    ] = "pretrained",
    frames: Annotated[int | None, typer.Option(min=1, help="The first frames only.")] = None,
    score: Annotated[float, typer.Option(metavar="X", help="The least score of what is drawn.")] = 0.5,
    side_by_side: Annotated[
        str | None, typer.Option(metavar="ENV|MODEL", help="Another to compare with, frame by frame.")
    ] = None,
    codec: Annotated[str, typer.Option(metavar="h264|av1", help="H.264, or AV1: smaller and slower.")] = "h264",
    device: Device = "auto",
    code: Code = None,
) -> None:
    """Make a video of what a model detects, with the time of each frame."""
    from harness.cli.commands.demo import show
    from harness.showing import Showing

    wish = Showing(
        model=model,
        input=input_,
        image=image,
        weights=weights,
        device=device,
        frames=frames,
        score=score,
        side_by_side=side_by_side,
        codec=codec,
        code=code,
    )
    if not show(wish, sys.argv[1:], out):
        raise typer.Exit(1)
