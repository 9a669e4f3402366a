"""The detection pass: every image of the dataset in its order through the model, each result into the pass's file."""

import hashlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, TypeVar

import torch

from runner import masks
from runner.contention import Contention
from runner.contract import (
    BadImage,
    Dataset,
    DetectionPass,
    Detections,
    Job,
    Reader,
    ResizeRule,
    Software,
    Task,
    rows,
    source_sha256,
)
from runner.contract.arrivals import NeverCame, arriving
from runner.contract.rows import FILE, ImageDetections, Row, Times, Writer
from runner.errors import JobError
from runner.inputs import describe
from runner.latency import PROGRESS_INTERVAL_NS, Progress
from runner.own.answers import KEYPOINTS, Check, ShownPicture, trusted
from runner.pictures import load, told
from runner.readers import UnreadableImage, read
from runner.witness import Witness

#: Pictures decoded ahead, and the threads that do it: enough for a GPU, few enough to leave a CPU to the model.
DECODED_AHEAD, DECODERS = 8, 2

T = TypeVar("T")


@dataclass(frozen=True)
class DecodedImage:
    """A decoded picture: its row so far, with the time of decoding, and its pixels, (H, W, 3) uint8, if any."""

    row: Row
    pixels: Any


@dataclass(frozen=True)
class PassTask:
    """Everything one detection pass needs. `key` is what two passes must share to be halves of one (see key_of).

    What the model answers goes through `check` before it is encoded, in none of the parts that are timed.
    `resize_rule` is the one by which the model resizes, if it is torchvision's that does.
    """

    model: Callable[[List[torch.Tensor]], List[Dict[str, torch.Tensor]]]
    dataset: Dataset
    how: DetectionPass
    images: Path
    device: torch.device
    key: str
    skip_bad_images: bool
    check: Check = trusted
    resize_rule: Optional[ResizeRule] = None


def detect(task: PassTask, out: Path, load_ms: float, progress: Progress) -> Detections:
    """Run the pass to its end, from the image on where an earlier process was killed, into `out`.

    Raises JobError where an image can't be decoded, unless the pass skips such images, where one that is waited for
    never comes, and where the file of detections can't be written.
    """
    contention, began = Contention(), time.perf_counter()
    try:
        with rows.writing(out / FILE, task.key, followed=task.dataset.follows) as writer:
            resumed = writer.done
            with Witness(task.model) as witness:
                first_batch_ms, waited_ms = _run(task, writer, witness, progress)
            totals, failures, turned = writer.totals(), writer.failures(), writer.turned()
    except sqlite3.Error as error:
        raise JobError(f"the detections can't be written to {out / FILE}: {error}", _remedy(error)) from error
    except NeverCame as error:
        raise JobError(str(error), "run it again: what handed the pictures over has ended") from error
    return Detections(
        file=FILE,
        resumed_images=resumed,
        bad_images=[BadImage(*failure) for failure in failures],
        load_ms=load_ms,
        wall_ms=(time.perf_counter() - began) * 1000,
        first_batch_ms=first_batch_ms,
        waited_ms=waited_ms,
        other_load_cpus=contention.read(),
        turned_images=turned,
        resize_rule=task.resize_rule,
        **totals._asdict(),
    )


def _run(task: PassTask, writer: Writer, witness: Witness, progress: Progress) -> Tuple[float, float]:
    """Detect in what has no row yet. Returns in ms what the first batch took, and how long the model waited in all."""
    planned, began, reported = len(task.dataset.ids), time.perf_counter(), 0
    first_batch_s = waited_s = 0.0
    listed: Iterable[Tuple[int, str]] = list(zip(task.dataset.ids, task.dataset.files))[writer.done :]
    if task.dataset.follows:
        listed = arriving(task.images, listed)
    pictures = _ahead(lambda image: _decode(*image, task.images, task.how.reader), listed)
    while writer.done < planned:
        asked = time.perf_counter()
        batch = list(islice(pictures, task.how.batch))
        waited_s += time.perf_counter() - asked
        if not batch:  # no more came
            break
        if not task.skip_bad_images:
            _require_readable(batch, task.images)
        finished = _rows(task, batch, witness)
        writer.append(finished)
        first_batch_s = first_batch_s or time.perf_counter() - began
        now = time.perf_counter_ns()
        if now - reported >= PROGRESS_INTERVAL_NS or writer.done == planned:
            reported = now
            last_ms = sum(finished[-1].times)
            progress("iteration", phase="image", done=writer.done, planned=planned, wall_ms=last_ms)
    return first_batch_s * 1000, waited_s * 1000


def _ahead(work: Callable[[T], DecodedImage], items: Iterable[T]) -> Iterator[DecodedImage]:
    """Yield work(item) for each item in order, worked out a few ahead by other threads."""
    left = iter(items)
    with ThreadPoolExecutor(DECODERS) as pool:
        pending = [pool.submit(work, item) for item in islice(left, DECODED_AHEAD)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [pool.submit(work, item) for item in islice(left, 1)]
        finally:
            for future in pending:
                future.cancel()


def _decode(image_id: int, file: str, folder: Path, reader: Reader) -> DecodedImage:
    began = time.perf_counter()
    blank = Row(image_id, file, Times())
    try:
        decoded = read(load(folder / file), reader)
    except UnreadableImage as error:
        return DecodedImage(replace(blank, failure=str(error)), None)
    seen = describe(file, decoded.pixels)
    row = replace(
        blank,
        times=Times(decode_ms=(time.perf_counter() - began) * 1000),
        height=seen.height,
        width=seen.width,
        pixels_sha256=seen.pixels_sha256,
        exif_orientation=decoded.orientation,
        exif_followed=decoded.followed,
    )
    return DecodedImage(row, decoded.pixels)


def _remedy(error: sqlite3.Error) -> str:
    """Return what mends an error of SQLite whose cause is known: by its words, since it has no number before 3.11."""
    known = {"disk is full": "free some space", "is locked": "end the process that still writes it, or wait for it"}
    return next((remedy for words, remedy in known.items() if words in str(error)), "")


def _require_readable(batch: List[DecodedImage], folder: Path) -> None:
    for picture in batch:
        if picture.row.failure:
            raise JobError(
                told(picture.row.file, folder / picture.row.file, picture.row.failure),
                "restore it, or pass over such images with --skip-bad-images",
            )


def _rows(task: PassTask, batch: List[DecodedImage], witness: Witness) -> List[Row]:
    """Return the finished rows of a batch, those of unreadable pictures as they are."""
    readable = [picture for picture in batch if picture.row.failure is None]
    if not readable:
        return [picture.row for picture in batch]
    tensors, transfer_ms = _timed(lambda: [_to_device(p.pixels, task.device) for p in readable], task.device)
    outputs, forward_ms = _timed(lambda: task.model(tensors), task.device)
    answers = task.check(outputs, [ShownPicture(p.row.file, p.row.height or 0, p.row.width or 0) for p in readable])
    encoded, encode_ms = _timed(lambda: iter([_detections(answer) for answer in answers]), task.device)
    n = len(readable)
    seen = iter(witness.take(n))
    shares = {"transfer_ms": transfer_ms / n, "forward_ms": forward_ms / n, "encode_ms": encode_ms / n}
    return [
        picture.row
        if picture.row.failure
        else replace(picture.row, detections=next(encoded), times=picture.row.times._replace(**shares), seen=next(seen))
        for picture in batch
    ]


def _timed(work: Callable[[], T], device: torch.device) -> Tuple[T, float]:
    """Return what the work returns and the milliseconds until the device had done it."""
    began = time.perf_counter()
    answer = work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return answer, (time.perf_counter() - began) * 1000


def _to_device(pixels: Any, device: torch.device) -> torch.Tensor:
    """Return (H, W, 3) uint8 pixels as the (3, H, W) float tensor in 0..1 that the models take."""
    return torch.from_numpy(pixels).to(device).permute(2, 0, 1).contiguous().to(torch.float32).div_(255)


def _detections(output: Dict[str, torch.Tensor]) -> ImageDetections:
    arrays = {name: tensor.cpu().numpy() for name, tensor in output.items() if name != "masks"}
    return ImageDetections(
        boxes=arrays["boxes"],
        scores=arrays["scores"],
        labels=arrays["labels"],
        masks=masks.encode(output["masks"]) if "masks" in output else None,
        keypoints=arrays.get("keypoints"),
        keypoint_scores=arrays.get("keypoints_scores"),
    )


def makes(file: Path) -> List[Task]:
    """Return what a pass was seen to hold, by its first row with a detection; boxes alone where it has none."""
    seen = next((row.detections for row in rows.read(file) if row.detections and len(row.detections.scores)), None)
    masks: List[Task] = ["masks"] if seen and seen.masks is not None else []
    has_poses = seen is not None and seen.keypoints is not None and seen.keypoints.shape[1] == KEYPOINTS
    poses: List[Task] = ["keypoints"] if has_poses else []
    return ["boxes", *masks, *poses]


def key_of(job: Job, weights_sha256: str, software: Software) -> str:
    """Return what two passes must share for one to go on where the other stopped: the job, the weights, the stack.

    The runner's own source belongs to the stack.
    """
    shared = (job, weights_sha256, software, source_sha256(Path(__file__).parent))
    return hashlib.sha256(repr(shared).encode()).hexdigest()
