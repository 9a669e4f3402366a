"""The use case of `demo`: a video goes through a model, and comes back with what was detected drawn on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from harness import documents, pipeline
from harness.catalogue import detector, pick
from harness.catalogue.entries import environments, models
from harness.catalogue.labels import COCO
from harness.clips.caption import Caption, strip
from harness.clips.drawing import Pen
from harness.clips.encoding import Codec, require_encodable
from harness.clips.feeding import picture_name
from harness.clips.frames_folder import frames_folder
from harness.clips.needs import require_installed
from harness.clips.sources import First, Footage, is_read, source_of
from harness.clips.staging import MakeView, Staging
from harness.clips.views import One, Two, size_of_view
from harness.data.shapes.figures import CATEGORIES
from harness.documents.files import require_writable, storing
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, HarnessError, StorageError, unknown
from harness.pipeline import Interrupted, Outcome
from harness.plan import Request
from harness.plan.own import is_own
from harness.plan.request import Choice
from harness.preflight.checks import Preflight
from harness.progress import Progress
from harness.text import count
from runner.contract import Dataset, Job, rows

CODECS: dict[str, Codec] = {name: name for name in get_args(Codec)}
SUFFIX = ".mp4"
#: A file that annotates nothing has no content.
NO_ANNOTATIONS = "0" * 64


@dataclass(frozen=True)
class Showing:
    """What to show, in the words of the command line; `side_by_side` is another environment, or another model."""

    model: str
    input: str
    image: str = "auto"
    weights: str = "pretrained"
    device: str = "auto"
    frames: int | None = None
    score: float = 0.5
    side_by_side: str | None = None
    codec: str = "h264"
    code: Path | None = None


@dataclass(frozen=True)
class MadeClip:
    """The clip, the run that it is of, and sentences on what a person might miss in it."""

    clip: Path
    outcome: Outcome
    frames: int
    remarks: list[str]


def start(wish: Showing, command: list[str], preflight: Preflight, progress: Progress, out: Path | None) -> MadeClip:
    """Detect in every frame, and draw, into the run's folder and to `out`.

    Raises HarnessError where the input is none, the extra `demo` is missing, or a pass failed, and Interrupted, with
    nothing left behind, by Ctrl-C.
    """
    if not 0 <= wish.score <= 1:
        raise BadInput(f"--score {wish.score:g} is no score", "give one from 0 to 1")
    codec = pick("codec", wish.codec, CODECS)
    require_installed()
    source = source_of(wish.input)
    if out is not None:
        _require_place(out, wish.input)
    if wish.frames is not None:
        source = First(source, wish.frames)
    passes = 1 if wish.side_by_side is None else 2
    height, width, _ = next(source.frames()).pixels.shape
    require_encodable(*size_of_view(height, width, passes), codec)
    with frames_folder() as frames:
        plan = pipeline.planned(_request(wish, source, frames), command, preflight, progress)
        if len(plan.cells) != passes:
            raise BadInput(f"--side-by-side {wish.side_by_side} is what is shown already", "name another")
        shown: list[Staging] = []

        @contextmanager
        def beside(folder: RunFolder) -> Iterator[None]:
            jobs = [cell.job for cell in plan.cells]
            files = [folder.cell_folder(job) / rows.FILE for job in jobs]
            staging = Staging(source, frames, files, _views(jobs, wish), folder.clip(jobs[-1]), codec)
            with staging:
                yield
            shown.append(staging)

        try:
            outcome = pipeline.start(plan, preflight, progress, "demo", beside=beside)
        except Interrupted as interrupted:
            shutil.rmtree(interrupted.folder, ignore_errors=True)
            raise
    return _kept(outcome, shown[0], source, wish, out)


def _require_place(out: Path, shown: str) -> None:
    """Raise BadInput or StorageError where a clip can't go there, before anything is detected for it."""
    with storing(out):
        if out.is_dir():
            raise BadInput(f"-o {out} is a folder", "name a file")
        if is_read(out, shown):
            raise BadInput(f"-o {out} is what the clip is made from", "name another file")
        if not out.name.lower().endswith(SUFFIX):
            raise BadInput(
                f"-o {out} does not end in {SUFFIX}, and a clip is nothing else", f"name it {out.stem}{SUFFIX}"
            )
        if out.exists() and not out.is_file():
            raise BadInput(f"-o {out} is no file that a clip could take the place of", "name another")
    require_writable(out)


def _request(wish: Showing, source: Footage, frames: Path) -> Request:
    images, detecting = [wish.image], [wish.model]
    if wish.side_by_side is not None:
        (images if _is_environment(wish.side_by_side) else detecting).append(wish.side_by_side)
    listed = Dataset(
        name="demo",
        annotations_sha256=NO_ANNOTATIONS,
        categories=[],
        ids=list(range(1, source.most + 1)),
        files=[picture_name(number) for number in range(source.most)],
        follows=True,
    )
    return Request(
        images=images,
        models=detecting,
        suites=["accuracy"],
        weights=wish.weights,
        device=wish.device,
        inputs=Choice(pictures=frames, frames=listed),
        code=wish.code,
    )


def _is_environment(name: str) -> bool:
    """Tell whether a name is an environment's and not a model's. Raises BadInput where it can be neither's."""
    if name.partition(":")[0] in environments():
        return True
    if not is_own(name) and name not in models():
        raise unknown("environment or model", name, [*environments(), *models()])
    return False


def _views(jobs: list[Job], wish: Showing) -> MakeView:
    """Return what makes the view of the passes, given the size of their frames."""

    def view(height: int, width: int) -> One | Two:
        pens = [Pen(wish.score, _names(job), height, width, strip(height)) for job in jobs]
        sides = [One(pen, Caption(_title(job))) for pen, job in zip(pens, jobs, strict=True)]
        return sides[0] if len(sides) == 1 else Two(sides[0], sides[1], jobs[0].model.thresholds)

    return view


def _title(job: Job) -> str:
    return f"{detector(job.model.builder).display} in {job.environment}"


def _names(job: Job) -> dict[int, str]:
    """Return what the labels mean, where the weights tell."""
    if job.model.weights.kind == "shapes":
        return CATEGORIES
    return dict(enumerate(COCO)) if job.model.weights.kind in ("random", "pretrained") else {}


def _kept(outcome: Outcome, staging: Staging, source: Footage, wish: Showing, out: Path | None) -> MadeClip:
    failed = next((cell.result.failure for cell in outcome.folder.cells() if cell.result.failure), None)
    if failed:
        raise HarnessError(failed.message, failed.remedy)
    clip = outcome.folder.clip(outcome.folder.plan.cells[-1].job)
    if out is not None:
        _copy(clip, out)
    return MadeClip(out or clip, outcome, staging.drawn, list(_remarks(staging, source, wish)))


def _copy(clip: Path, out: Path) -> None:
    try:
        with documents.replacing(out) as part:
            shutil.copyfile(clip, part)
    except StorageError as error:
        raise StorageError(
            error.reason, "; ".join(filter(None, [error.remedy, f"the clip itself is {clip}"]))
        ) from error


def _remarks(staging: Staging, source: Footage, wish: Showing) -> Iterator[str]:
    if source.broke_off:
        yield f"{source.name} breaks off after {count(staging.drawn, 'frame')}: {source.broke_off}"
    if source.is_hdr:
        yield f"{source.name} is HDR: its pictures were taken as they are coded, and are paler than on a screen for it"
    best = staging.view.best if staging.view else 0.0
    if best == 0:
        yield "nothing was detected"
    elif best < wish.score:
        yield f"no detection reaches the score {wish.score:g}; the highest is {best:.2f}: lower --score"
