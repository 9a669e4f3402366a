from pathlib import Path

import numpy as np
import pytest

from harness.data import coco, datasets, shapes
from harness.data.shapes import designs
from harness.data.shapes.designs import MOST_OBJECTS, ROUNDS, STEPS, Design, parse
from harness.errors import BadInput


def test_a_design_goes_from_its_least_to_its_most_with_the_ends_first() -> None:
    design = parse("shapes:objects=0..100")
    assert sorted(design.steps) == [*range(0, 101, 10)]
    assert design.steps[:3] == [0, 100, 50]
    assert len(design.numbers) == ROUNDS * STEPS
    assert [design.step(number) for number in (1, 2, STEPS + 1)] == [0, 100, 0]
    assert parse("shapes:size=0240..1200").name == "shapes:size=240..1200"
    assert sorted(parse("shapes:objects=2..5").steps) == [2, 3, 4, 5]


@pytest.mark.parametrize("count", [2, 3, 4, 7, 11])
def test_every_step_has_its_turn(count: int) -> None:
    assert sorted(designs._ends_first(count)) == [*range(count)]


@pytest.mark.parametrize("step", [0, 7, 30])
def test_a_picture_has_as_many_objects_as_its_step_says(step: int) -> None:
    design = Design("objects", 0, 30)
    number = next(number for number in design.numbers if design.step(number) == 0)
    few = Design("objects", step, 30)
    drawn = few.draw(0, 1)
    assert len(drawn.objects) == few.step(1) == step
    assert drawn.pixels.shape == (480, 640, 3)
    assert not design.draw(0, number).objects


def test_the_most_that_has_room_is_all_to_be_seen() -> None:
    design = Design("objects", MOST_OBJECTS, MOST_OBJECTS)
    assert len(design.draw(0, 1).objects) == MOST_OBJECTS


def test_pictures_of_one_round_differ_in_nothing_but_their_objects() -> None:
    design = Design("objects", 0, 2)
    none, two = (design.draw(0, number) for number in (1, 2))
    changed = np.any(none.pixels != two.pixels, axis=2)
    around = np.zeros_like(changed)
    for seen in two.objects:
        left, top, right, bottom = (int(side) for side in seen.box)
        around[max(top - 3, 0) : bottom + 4, max(left - 3, 0) : right + 4] = True
    assert changed.any() and not (changed & ~around).any()
    another = design.draw(0, 1 + len(design.steps))
    assert np.any(another.pixels != none.pixels)


def test_pictures_of_one_round_show_one_scene_in_several_sizes() -> None:
    design = Design("size", 120, 240)
    small, large = (design.draw(0, number) for number in (1, 2))
    assert (small.pixels.shape, large.pixels.shape) == ((120, 160, 3), (240, 320, 3))
    assert len(small.objects) == len(large.objects) == designs.OBJECTS
    for one, other in zip(small.objects, large.objects, strict=True):
        assert one.figure.category == other.figure.category
        assert np.multiply(one.box, 2) == pytest.approx(other.box, abs=4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shapes:objects=100..0", "shapes:objects=100..0 runs backwards; write it as shapes:objects=0..100"),
        ("shapes:objects=0..301", "has room for 300 objects, not for 301; end at 300 or below"),
        ("shapes:objects=5..5", "makes one step, and a line takes 3; name a wider range"),
        ("shapes:size=240..241", "makes two steps, and a line takes 3"),
        ("shapes:size=10..200", "shapes:size=10..200 is of sides that are not drawn: they have 64 to 2400 pixels"),
        ("shapes:size=240..99999", "stay within shapes:size=64..2400"),
        ("shapes:objects=0-100", "'shapes:objects=0-100' is no designed set of shapes; write it such as"),
        ("shapes:objects=-3..9", "is no designed set of shapes"),
        ("shapes:colours=1..9", "is no designed set of shapes"),
        ("shapes:", "is no designed set of shapes"),
        ("shapes:objects=0..1" + "0" * 90, "is no designed set of shapes"),
    ],
)
def test_what_can_not_be_drawn_is_refused(name: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(name)
    assert message in str(caught.value)


def test_a_designed_set_is_a_dataset_that_is_drawn_on_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setattr(designs, "ROUNDS", 1)
    found = datasets.find("shapes:objects=0..2", None, None)
    assert found.name == "shapes:objects=0..2"
    assert found.images.parent == tmp_path / f"shapes-{shapes.VERSION}-objects-0-2"
    assert sorted(path.name for path in found.images.iterdir()) == [
        *("001-objects-0.jpg", "002-objects-2.jpg", "003-objects-1.jpg")
    ]
    assert found.instances is not None
    annotations = coco.read(found.instances)
    counts = [sum(entry["image_id"] == image_id for entry in annotations.objects) for image_id in annotations.pictures]
    assert counts == [0, 2, 1]
