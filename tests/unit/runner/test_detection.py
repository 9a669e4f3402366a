import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

pytest.importorskip("torch")

import torch
from PIL import Image

from runner import detection
from runner.contract import BadImage, Dataset, DetectionPass, Variant, arrivals, rows
from runner.contract.rows import FILE, Row
from runner.detection import PassTask, detect, key_of, makes
from runner.errors import JobError
from runner.own.answers import Checked
from tests.samples import job, software
from tests.unit.runner import picture_files

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
HOW = DetectionPass(reader="pil", batch=1, box_rule="float", image_timeout_seconds=1.0)


def brightness_as_a_box(images: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """Stand in for a model: one box an image, whose score tells which image it was."""
    return [
        {
            "boxes": torch.tensor([[0.5, 1.5, float(image.shape[2]), float(image.shape[1])]]),
            "scores": image.mean().reshape(1),
            "labels": torch.tensor([3]),
        }
        for image in images
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = tmp_path / "images"
    images.mkdir()
    return images


def paint(folder: Path, count: int, size: tuple[int, int] = (20, 30)) -> Dataset:
    """Make pictures, each brighter than the one before, and list them from the last to the first."""
    files = [f"{i:03}.png" for i in range(count)]
    for i, file in enumerate(files):
        Image.fromarray(numpy.full((*size, 3), i % 256, "uint8")).save(folder / file)
    return Dataset("painted", "0" * 64, [3], [100 + i for i in reversed(range(count))], files[::-1])


def silent(event: str, **fields: Any) -> None:
    pass


def run(folder: Path, dataset: Dataset, model: Any = brightness_as_a_box, **changes: Any) -> Any:
    task = PassTask(model, dataset, HOW, folder, CPU, "a key", skip_bad_images=False)
    events: list[dict[str, Any]] = []
    out = folder.parent
    with torch.no_grad():
        found = detect(replace(task, **changes), out, 5.0, lambda event, **fields: events.append(fields))
    return found, list(rows.read(out / FILE)), events


def test_every_image_has_its_row_in_the_dataset_s_order(folder: Path) -> None:
    dataset = paint(folder, 12)
    found, read, events = run(folder, dataset)
    assert [(row.image_id, row.file) for row in read] == list(zip(dataset.ids, dataset.files, strict=True))
    assert [round(float(row.detections.scores[0]) * 255) for row in read] == list(reversed(range(12)))
    assert [row.detections.boxes.tolist() for row in read] == [[[0.5, 1.5, 30.0, 20.0]]] * 12
    assert {(row.height, row.width) for row in read} == {(20, 30)}
    assert len({row.pixels_sha256 for row in read}) == 12
    assert (found.images, found.boxes, found.resumed_images, found.bad_images) == (12, 12, 0, [])
    assert (events[-1]["done"], events[-1]["planned"]) == (12, 12)


def test_what_a_person_s_own_detector_answers_is_checked_and_kept(folder: Path) -> None:
    def posing(images: list[torch.Tensor]) -> Any:
        masks = [torch.ones(1, 1, *image.shape[1:]) for image in images]
        return [
            dict(answer, masks=mask, keypoints=torch.ones(1, 17, 3))
            for answer, mask in zip(brightness_as_a_box(images), masks, strict=True)
        ]

    check = Checked("mine:f")
    _, read, _ = run(folder, paint(folder, 2), posing, check=check)
    assert all(len(row.detections.masks) == 1 and row.detections.keypoints.shape == (1, 17, 3) for row in read)
    assert check.makes == makes(folder.parent / FILE) == ["boxes", "masks", "keypoints"]
    with pytest.raises(JobError, match=r"^mine:f returned for 001\.png scores from 2 to 2, which are not between"):
        run(
            folder,
            paint(folder, 2),
            lambda images: [dict(brightness_as_a_box(images)[0], scores=torch.tensor([2.0]))],
            check=Checked("mine:f"),
            key="another",
        )


def test_it_is_told_where_the_time_went(folder: Path) -> None:
    found, read, _ = run(folder, paint(folder, 3))
    for part in ("decode_ms", "transfer_ms", "forward_ms", "encode_ms"):
        assert all(getattr(row.times, part) > 0 for row in read)
        assert getattr(found, part) == pytest.approx(sum(getattr(row.times, part) for row in read))
    assert found.wall_ms > found.transfer_ms + found.forward_ms + found.encode_ms
    assert found.load_ms == 5.0
    assert 0 < found.first_batch_ms < found.wall_ms


def test_a_batch_is_one_call(folder: Path) -> None:
    calls: list[int] = []

    def counting(images: list[torch.Tensor]) -> Any:
        calls.append(len(images))
        return brightness_as_a_box(images)

    alone = run(folder, paint(folder, 7))[1]
    together = run(folder, paint(folder, 7), counting, how=replace(HOW, batch=3), key="by threes")[1]
    assert calls == [3, 3, 1]
    assert [row.detections.scores.tolist() for row in together] == [row.detections.scores.tolist() for row in alone]


def interrupted_at(calls: int) -> Callable[[list[torch.Tensor]], Any]:
    left = iter(range(calls))

    def model(images: list[torch.Tensor]) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return brightness_as_a_box(images)

    return model


def test_an_interrupted_pass_goes_on_at_the_next_image(folder: Path) -> None:
    dataset = paint(folder, 9)
    with pytest.raises(KeyboardInterrupt):
        run(folder, dataset, interrupted_at(4))
    found, read, _ = run(folder, dataset, interrupted_at(5))
    assert (found.images, found.resumed_images) == (9, 4)
    assert [row.image_id for row in read] == dataset.ids
    again, _, _ = run(folder, dataset, interrupted_at(0))
    assert again.resumed_images == 9


def test_another_pass_starts_anew(folder: Path) -> None:
    dataset = paint(folder, 3)
    run(folder, dataset)
    found, _, _ = run(folder, dataset, key="another key")
    assert found.resumed_images == 0


@pytest.mark.parametrize("batch", [1, 4])
def test_a_bad_image_ends_the_pass_and_is_named(folder: Path, batch: int) -> None:
    dataset = paint(folder, 6)
    whole = (folder / "003.png").read_bytes()
    (folder / "003.png").write_bytes(whole[:40])
    with pytest.raises(JobError, match=r"the image 003.png can't be read: the file breaks off"):
        run(folder, dataset, how=replace(HOW, batch=batch))
    (folder / "003.png").write_bytes(whole)
    found, read, _ = run(folder, dataset, how=replace(HOW, batch=batch))
    assert found.resumed_images == (2 if batch == 1 else 0)
    assert [row.image_id for row in read] == dataset.ids


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_bad_images_are_passed_over_on_request_and_counted(folder: Path, batch: int) -> None:
    dataset = paint(folder, 6)
    (folder / "003.png").unlink()
    (folder / "002.png").write_bytes(b"")
    found, read, _ = run(folder, dataset, how=replace(HOW, batch=batch), skip_bad_images=True)
    reasons = [BadImage("003.png", "No such file or directory"), BadImage("002.png", "the file is empty")]
    assert (found.images, found.boxes, found.bad_images) == (6, 4, reasons)
    assert read[2] == Row(103, "003.png", rows.Times(), failure="No such file or directory")
    assert round(float(read[-1].detections.scores[0]) * 255) == 0


def test_a_picture_that_is_not_there_is_named_with_the_path_that_was_looked_for(folder: Path) -> None:
    dataset = paint(folder, 1)
    (folder / "000.png").unlink()
    with pytest.raises(JobError) as caught:
        run(folder, dataset)
    assert str(folder / "000.png") in caught.value.failure.message


@pytest.mark.parametrize(("reader", "turned"), [("pil", 2), ("torchvision", 2), ("cv2", 0)])
def test_pictures_that_the_reader_did_not_turn_are_counted(folder: Path, reader: Any, turned: int) -> None:
    orientations = {"000.png": 6, "001.png": 3, "002.png": 1}
    dataset = paint(folder, 4)
    for file, orientation in orientations.items():
        (folder / file).write_bytes(picture_files.turned("PNG", orientation))
    found, read, _ = run(folder, dataset, how=replace(HOW, reader=reader))
    assert found.turned_images == turned
    assert [row.exif_orientation for row in read] == [None, 1, 3, 6]
    assert [row.exif_followed for row in read] == [None, None, not turned, not turned]


def test_passes_of_other_readers_saw_the_same_pixels_of_16_bits(folder: Path) -> None:
    dataset = paint(folder, 1)
    (folder / "000.png").write_bytes(picture_files.png(picture_files.DEEP, 0))
    seen = {run(folder, dataset, how=replace(HOW, reader=r), key=r)[1][0].pixels_sha256 for r in ("pil", "cv2")}
    assert len(seen) == 1


def test_each_row_has_what_the_model_did_with_its_picture(folder: Path) -> None:
    class Sized:
        def __init__(self, images: list[torch.Tensor]):
            self.image_sizes = [(2 * image.shape[1], 2 * image.shape[2]) for image in images]

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.transform = torch.nn.Identity()

        def forward(self, images: list[torch.Tensor]) -> Any:
            self.transform((Sized(images), None))
            return brightness_as_a_box(images)

    dataset = paint(folder, 3)
    (folder / "001.png").write_bytes(b"")
    _, read, _ = run(folder, dataset, Model(), how=replace(HOW, batch=2), skip_bad_images=True)
    assert [(row.seen.resized_height, row.seen.resized_width) for row in read] == [(40, 60), (None, None), (40, 60)]


def test_masks_and_keypoints_are_kept(folder: Path) -> None:
    inside = torch.zeros(1, 1, 20, 30)
    inside[0, 0, 5:10, 10:20] = 0.9

    def model(images: list[torch.Tensor]) -> Any:
        points = {"keypoints": torch.ones(1, 17, 3), "keypoints_scores": torch.full((1, 17), 2.0)}
        return [{**output, "masks": inside, **points} for output in brightness_as_a_box(images)]

    _, (row,), _ = run(folder, paint(folder, 1), model)
    from pycocotools import mask

    decoded = mask.decode({"size": [row.height, row.width], "counts": row.detections.masks[0]})
    assert (decoded == (inside[0, 0] > 0.5).numpy()).all()
    assert row.detections.keypoints.tolist() == [[[1.0] * 3] * 17]
    assert row.detections.keypoint_scores.tolist() == [[2.0] * 17]


def test_an_image_without_detections_has_empty_columns(folder: Path) -> None:
    def model(images: list[torch.Tensor]) -> Any:
        empty = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0, dtype=torch.int64)}
        points = {"keypoints": torch.zeros(0, 17, 3), "keypoints_scores": torch.zeros(0, 17)}
        return [{**empty, "masks": torch.zeros(0, 1, 20, 30), **points}]

    _, (row,), _ = run(folder, paint(folder, 1), model)
    assert (row.detections.boxes.shape, row.detections.masks, len(row.detections.keypoints)) == ((0, 4), [], 0)


def test_detections_that_can_t_be_written_are_a_sentence(folder: Path) -> None:
    task = PassTask(brightness_as_a_box, paint(folder, 1), HOW, folder, CPU, "a key", skip_bad_images=False)
    with pytest.raises(JobError, match=r"the detections can't be written to .*detections\.sqlite") as caught:
        detect(task, folder / "no such folder", 5.0, silent)
    assert caught.value.failure.remedy == ""  # neither space nor a lock is what is missing


def test_detections_that_another_process_holds_are_not_taken_for_a_full_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "ORPHAN_S", 0.01)
    task = PassTask(brightness_as_a_box, paint(folder, 1), HOW, folder, CPU, "a key", skip_bad_images=False)
    with rows.writing(folder / "detections.sqlite", "a key"), pytest.raises(JobError) as caught:
        detect(task, folder, 5.0, silent)
    assert caught.value.failure.remedy == "end the process that still writes it, or wait for it"


def test_memory_does_not_grow_with_the_number_of_images(folder: Path) -> None:
    def peak(count: int) -> int:
        dataset = paint(folder, count, (300, 400))
        task = PassTask(brightness_as_a_box, dataset, HOW, folder, CPU, str(count), skip_bad_images=False)
        tracemalloc.start()
        detect(task, folder.parent, 5.0, silent)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(20)
    # How many pictures are decoded at once is a matter of luck; one kept for each image would be twenty times as much.
    assert peak(160) < 3 * peak(20)


def test_pictures_that_come_meanwhile_are_waited_for_and_their_rows_can_be_read(folder: Path) -> None:
    count = 2 * detection.DECODED_AHEAD
    planned = replace(paint(folder, count), files=[f"later-{number}.png" for number in range(count)], follows=True)
    came = planned.files[:-1]  # the last one never does

    def hand_over() -> int:
        for number, name in enumerate(came):
            arrivals.hand_over(folder, name, (folder / f"{number:03}.png").read_bytes())
        early: list[rows.Row] = []
        with closing(rows.Followed(folder.parent / FILE)) as followed:
            while len(early) <= 3:
                early += followed.more()
                time.sleep(0.001)
        arrivals.end(folder, planned.files[-1])
        return early[3].image_id

    with ThreadPoolExecutor(1) as pool:
        handing = pool.submit(hand_over)
        found, kept, _ = run(folder, planned)
        assert handing.result(timeout=10) == planned.ids[3]
    assert (found.images, [row.file for row in kept]) == (len(came), came)
    rows.settle(folder.parent / FILE)
    assert [path.name for path in folder.parent.iterdir() if path.is_file()] == [FILE]


def test_a_picture_that_never_comes_is_waited_for_only_so_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "PATIENCE_S", 0.05)
    planned = replace(paint(folder, 2), follows=True)
    (folder / planned.files[1]).unlink()
    task = PassTask(brightness_as_a_box, planned, HOW, folder, CPU, "key", skip_bad_images=False)
    with pytest.raises(JobError, match=f"{planned.files[1]} did not come within 0.05 s"):
        detect(task, folder.parent, 5.0, silent)


def test_the_key_tells_passes_apart() -> None:
    keys = {
        key_of(job(), "a", software()),
        key_of(job(), "b", software()),
        key_of(job(environment="local"), "a", software()),
        key_of(job(variant=Variant(reader="cv2")), "a", software()),
        key_of(job(), "a", software(torch="2.0")),
    }
    assert len(keys) == 5
    assert key_of(job(), "a", software()) in keys


def test_the_runner_s_source_belongs_to_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "detection.py").write_text("one")
    monkeypatch.setattr(detection, "__file__", str(tmp_path / "detection.py"))
    before = key_of(job(), "a", software())
    (tmp_path / "detection.py").write_text("another")
    assert key_of(job(), "a", software()) != before
