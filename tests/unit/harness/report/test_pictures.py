from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.agreement.beside import Pass
from harness.agreement.matching import match
from harness.documents.agreement import Tolerances
from harness.documents.run_folder import Cell, RunFolder
from harness.report import pictures
from harness.report.pictures import UNMATCHED, draw, draw_worst
from runner.contract.rows import ImageDetections, Row, Times
from tests.samples import job, ok_result
from tests.unit.harness.agreements import agreement

RED = tuple(int(UNMATCHED[0][i : i + 2], 16) for i in (1, 3, 5))


def row(boxes: list[list[float]]) -> Row:
    n = len(boxes)
    detections = ImageDetections(
        np.array(boxes, "f4").reshape(n, 4), np.linspace(0.9, 0.5, n, dtype="f4"), np.ones(n, "i4")
    )
    return Row(1, "a.png", Times(), None, 100, 120, "ab" * 32, detections)


def red_pixels(picture: Image.Image, half: str) -> int:
    pixels = np.asarray(picture)
    width = (picture.width - 10) // 2
    part = pixels[:, :width] if half == "left" else pixels[:, -width:]
    return int((part == RED).all(axis=-1).sum())


def drawn(path: Path, one: Row, two: Row) -> Image.Image:
    return draw(path, (one, two), match(one, two, None, Tolerances()), ("reference", "other"))


def test_what_one_side_alone_found_is_red_on_that_side(tmp_path: Path) -> None:
    Image.new("RGB", (120, 100), "green").save(tmp_path / "a.png")
    one, two = row([[10, 10, 40, 40]]), row([[10, 10, 40, 40], [60, 50, 90, 90]])
    picture = drawn(tmp_path / "a.png", one, two)
    assert picture.width == 2 * 120 + 10
    assert red_pixels(picture, "left") == 0
    assert red_pixels(picture, "right") > 100
    assert picture.getpixel((5, 90)) == (0, 128, 0)


def test_a_picture_that_is_gone_is_grey(tmp_path: Path) -> None:
    picture = drawn(tmp_path / "gone.png", row([]), row([[60, 50, 90, 90]]))
    assert picture.getpixel((5, 90)) == (208, 208, 208)


def test_boxes_beyond_the_picture_and_without_an_area_do_no_harm(tmp_path: Path) -> None:
    odd = row([[-50, -50, 500, 500], [30, 30, 30, 30], [40, 40, 20, 20]])
    assert drawn(tmp_path / "gone.png", row([]), odd).width == 250


def test_a_picture_of_16_bits_is_drawn_as_the_readers_see_it(tmp_path: Path) -> None:
    Image.fromarray(np.full((100, 120), 0x4080, "uint16")).save(tmp_path / "a.png")
    picture = drawn(tmp_path / "a.png", row([]), row([[60, 50, 90, 90]]))
    assert picture.getpixel((5, 90)) == (0x40, 0x40, 0x40)


def test_what_another_has_removed_meanwhile_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "disagreements", lambda *of: [tmp_path / "disagreement-1.png"])
    of = job(suite="accuracy")
    one, other = (Pass(RunFolder(tmp_path), Cell(of, ok_result(of), None)) for _ in range(2))
    draw_worst(agreement(), one, other)
    assert list(tmp_path.iterdir()) == []
