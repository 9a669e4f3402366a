"""Which passes of real run folders are compared with which, and what is left beside them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.agreement.beside import Pass, rows_of
from harness.agreement.passes import (
    alone,
    between,
    compare,
    compare_resized_alike,
    passes_of,
    require_comparable,
    within,
)
from harness.data import shapes
from harness.documents.agreement import Tolerances
from harness.errors import BadDocument, BadInput, StorageError
from harness.report.pictures import disagreements, draw_worst
from runner.contract import rows
from runner.contract.rows import Row
from tests.samples import job
from tests.unit.harness.pass_runs import PICTURES, cell, run_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "some-shapes"
    shapes.generate(folder, PICTURES, 0)
    return folder


def names(pairs: list[tuple[Pass, Pass]]) -> list[tuple[str, str]]:
    return [(one.job.cell, other.job.cell) for one, other in pairs]


def test_the_first_pass_of_a_run_is_the_reference_of_its_model(data: Path, tmp_path: Path) -> None:
    ssdlite = job("ssdlite320_mobilenet_v3_large").model
    run = run_of(data, tmp_path / "a", cell("s1", "cuda10.2"), cell("l1", model=ssdlite), cell("s2"), cell("s3", "cpu"))
    assert names(within(passes_of(run))) == [("s1", "s2"), ("s1", "s3")]


def test_a_pass_is_compared_with_that_of_its_own_cell_or_else_environment(data: Path, tmp_path: Path) -> None:
    """Else what an environment does would be taken for what a switch of a sweep does."""
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l"), cell("l--tf32"))
    swept = run_of(data, tmp_path / "b", cell("c--x", "cuda10.2"), cell("l--x"), cell("l--tf32"), cell("p", "cpu"))
    pairs = between(passes_of(run), passes_of(swept))
    assert names(pairs) == [
        ("c", "c--x"),
        ("l", "l--x"),
        ("l--tf32", "l--tf32"),
        ("c", "p"),
    ]


def test_two_demos_are_of_the_same_images_where_they_showed_the_same(data: Path, tmp_path: Path) -> None:
    one, again, other = (
        run_of(data, tmp_path / name, cell("l"), shows=shows * 32)
        for name, shows in (("a", "cd"), ("b", "cd"), ("c", "ef"))
    )
    assert names(between(passes_of(one), passes_of(again))) == [("l", "l")]
    assert between(passes_of(one), passes_of(other)) == []
    with pytest.raises(BadInput, match="are of other images or annotations"):
        require_comparable([], passes_of(one), passes_of(other))


@pytest.mark.parametrize(
    ("other", "changes", "reason"),
    [
        (cell("l"), {"limit": 2}, "are of other images or annotations"),
        (cell("l", model=job("ssdlite320_mobilenet_v3_large").model), {}, "they detected with other models"),
    ],
)
def test_what_is_not_comparable_is_refused_with_the_reason(
    data: Path, tmp_path: Path, other: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    one, two = run_of(data, tmp_path / "a", cell("l")), run_of(data, tmp_path / "b", other, **changes)
    sides = [passes_of(one), passes_of(two)]
    assert between(*sides) == []
    with pytest.raises(BadInput, match=reason):
        require_comparable([], *sides)


def test_passes_of_other_weights_are_compared_and_that_is_said(data: Path, tmp_path: Path) -> None:
    one = run_of(data, tmp_path / "a", cell("l"))
    two = run_of(data, tmp_path / "b", cell("l", shift=0.5), weights="cd" * 32)
    ((reference, other),) = between(passes_of(one), passes_of(two))
    agreement = compare(reference, other, Tolerances())
    assert (agreement.word, agreement.unexplained) == ("different: weights", 0)
    assert [part.evidence for part in agreement.parts or []] == [["weights: abababab and cdcdcdcd"]]


def test_a_pass_that_has_none_beside_it_is_not_passed_over_in_silence(data: Path, tmp_path: Path) -> None:
    one = run_of(data, tmp_path / "a", cell("l"))
    two = run_of(data, tmp_path / "b", cell("l"), cell("other", model=job("ssdlite320_mobilenet_v3_large").model))
    sides = [passes_of(one), passes_of(two)]
    pairs = between(*sides)
    assert len(pairs) == 1
    assert [each.job.cell for each in alone(pairs, *sides)] == ["other"]
    assert alone(pairs, sides[0]) == []


def test_a_run_without_detections_is_named(data: Path, tmp_path: Path) -> None:
    one, two = run_of(data, tmp_path / "a", cell("l")), run_of(data, tmp_path / "b")
    sides = [passes_of(one), passes_of(two)]
    with pytest.raises(BadInput, match="b: no detections yet"):
        require_comparable(between(*sides), *sides)


def test_the_agreement_and_the_pictures_lie_beside_the_pass(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5), cell("p", "cpu", shift=0.01))
    different, equal = (compare(*pair, Tolerances()) for pair in within(passes_of(run)))
    for agreement, pair in zip((different, equal), within(passes_of(run)), strict=True):
        draw_worst(agreement, *pair)
    assert (different.verdict, equal.verdict) == ("different", "equal")
    assert [each.agreement for each in run.cells()] == [None, different, equal]
    _, first, second = (Pass(run, each) for each in run.cells())
    assert [path.name for path in disagreements(first)] == [f"disagreement-{i}.png" for i in (1, 2, 3)]
    assert disagreements(second) == []


def test_pictures_of_an_earlier_comparison_go(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5))
    (pair,) = within(passes_of(run))
    for tolerances in (Tolerances(), Tolerances(box_px=1.0)):
        draw_worst(compare(*pair, tolerances), *pair)
    assert disagreements(pair[1]) == []


def test_pictures_may_go_elsewhere_but_not_where_a_file_is(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5))
    (pair,) = within(passes_of(run))
    draw_worst(compare(*pair, Tolerances()), *pair, tmp_path / "pictures")
    assert len(list((tmp_path / "pictures" / "l").iterdir())) == PICTURES
    assert disagreements(pair[1]) == []
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="choose another --pictures"):
        draw_worst(compare(*pair, Tolerances()), *pair, tmp_path / "file")


def test_a_pass_whose_file_is_gone_is_a_sentence(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l"))
    (pair,) = within(passes_of(run))
    pair[1].file.unlink()
    with pytest.raises(BadDocument, match=r"detections.sqlite is gone, or was never copied; run the cell again"):
        compare(*pair, Tolerances())


def test_a_pass_that_lacks_an_image_is_a_sentence(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5))
    ((reference, other),) = within(passes_of(run))
    (row, *_) = rows_of(other)
    other.file.unlink()
    with rows.writing(other.file, "a pass") as writer:
        writer.append([row])
    for how in (compare, compare_resized_alike):
        with pytest.raises(BadDocument, match=r"l/detections\.sqlite is no detection pass: it has 1 of 3 images"):
            how(reference, other, Tolerances())


def test_passes_that_are_not_alike_are_named(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "run", cell("c", "cuda10.2"), cell("l", shift=0.5))
    ((reference, other),) = within(passes_of(run))
    for each, keypoints in ((reference, 17), (other, 5)):
        found = [_with_keypoints(row, keypoints) for row in rows_of(each)]
        each.file.unlink()
        with rows.writing(each.file, "a pass") as writer:
            writer.append(found)
    reason = r"run, c and \S*run, l can't be compared: in 000001.jpg they found 17 and 5 keypoints of an object"
    with pytest.raises(BadInput, match=reason):
        compare(reference, other, Tolerances())


def _with_keypoints(row: Row, count: int) -> Row:
    assert row.detections is not None
    points = np.ones((1, count, 3), "f4")
    return replace(row, detections=replace(row.detections, keypoints=points, keypoint_scores=points[..., 0]))


def test_a_pass_that_broke_off_is_not_compared_with_a_whole_one(data: Path, tmp_path: Path) -> None:
    """As of two clips of one video, one of which was ended sooner."""
    run = run_of(data, tmp_path / "run", cell("c", "cuda10.2"), cell("l"))
    ((reference, other),) = within(passes_of(run))
    passed = other.cell.result.detections
    assert passed is not None
    ended = replace(other.cell.result, detections=replace(passed, images=2))
    sooner = replace(other, cell=replace(other.cell, result=ended))
    with pytest.raises(BadInput, match="can't be compared: they are of 3 and of 2 images"):
        compare(reference, sooner, Tolerances())
