"""What decides whether passes agree: causes that are allowed, images of equal size, and what remained when redone."""

from pathlib import Path
from typing import Any

import pytest

import harness
from harness import agreeing
from harness.agreeing import Compared, Redone, compared
from harness.agreement.passes import compare
from harness.data import shapes
from harness.documents.agreement import Agreement, Tolerances
from harness.documents.run_folder import is_held
from harness.errors import BadInput
from harness.host.gpus import Gpus
from harness.preflight.checks import Preflight
from harness.progress import Silent
from harness.report.agreement import RANDOM, agreement_table
from tests.command_line import told
from tests.unit.harness.agreements import judged, portion
from tests.unit.harness.pass_runs import PICTURES, cell, run_of


def within(*allowed: str, of: Agreement) -> bool:
    return Compared([of], []).within(allowed)


def test_only_causes_that_are_allowed_are_fine() -> None:
    both = judged(portion("resize"), portion("resize", "thresholds", images=1))
    assert not Compared([both], []).agreed
    assert [within(*names, of=both) for names in (("resize",), ("thresholds",), ("resize", "thresholds"))] == [
        False,
        False,
        True,
    ]
    fault = judged(portion("resize"), portion(unexplained=True, images=1))
    assert not within("resize", of=fault)
    assert not within("thresholds", of=judged(portion("thresholds", unexplained=True)))
    assert within(of=judged())


def test_causes_are_named_with_commas_and_one_that_is_none_is_a_sentence() -> None:
    assert agreeing.allowed(["resize,nms", "exif"]) == ["resize", "nms", "exif"]
    with pytest.raises(BadInput, match="there is no cause 'resizing'; did you mean resize"):
        agreeing.allowed(["resizing"])
    with pytest.raises(BadInput, match="there is no cause 'unexplained'"):
        agreeing.allowed(["unexplained"])


def test_what_remained_is_said() -> None:
    assert Redone(portion("resize"), judged()).sentence == (
        "cell: 2 images resized to another size, done again as in the reference: equal in all 5; nothing remained"
    )
    assert Redone(portion("resize"), judged(portion(unexplained=True, images=1))).sentence == (
        "cell: 2 images resized to another size, done again as in the reference: 1 image still differed: 1 unexplained"
    )


def test_the_table_says_the_cause_and_its_notes_what_shows_it() -> None:
    table = agreement_table([judged(portion("resize"))])
    notes = "\n".join(table.notes)
    assert "different in 2 of 5: 2 resized to another size; equal in the 3 others; 0 unexplained" in notes
    assert "resized to another size: such as such" in notes
    assert RANDOM in table.notes
    assert RANDOM not in agreement_table([judged()]).notes


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "some-shapes"
    shapes.generate(folder, PICTURES, 0)
    return folder


def test_images_of_equal_size_need_their_sizes_and_leave_no_verdict_behind(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5))
    with pytest.raises(BadInput, match="l: it is not known to which sizes the passes resized their images"):
        compared([run], Tolerances(), None, Silent(), equal_size=True)
    sized = run_of(
        data, tmp_path / "b", cell("c", "cuda10.2", resized=[800, 800, 799]), cell("l", shift=0.5, resized=[800] * 3)
    )
    found = compared([sized], Tolerances(), None, Silent(), equal_size=True)
    assert [(each.images, each.left_out) for each in found.agreements] == [(2, 1)]
    assert [each.agreement for each in sized.cells()] == [None, None]
    assert found.pictures == []
    whole = harness.agree(sized.path)
    assert whole.causes[["causes", "images"]].drop_duplicates().values.tolist() == [["", 2], ["resize", 1]]
    assert whole.passes.unexplained.tolist() == [2]
    none = run_of(data, tmp_path / "d", cell("c", "cuda10.2", resized=[1] * 3), cell("l", resized=[2] * 3))
    with pytest.raises(BadInput, match="no image was resized alike"):
        compared([none], Tolerances(), None, Silent(), equal_size=True)
    assert harness.agree(none.path).agreed
    assert harness.agree(none.path).causes.alike.tolist() == [3]


@pytest.mark.parametrize(
    ("height", "allowed", "code", "said"),
    [
        (800, [], 1, "different: unexplained"),
        (800, ["--allow", "resize,decoder"], 1, "different: unexplained"),
        (799, [], 1, "different: resize"),
        (799, ["--allow", "resize"], 0, "different: resize"),
        (799, ["--allow", "decoder"], 1, "different: resize"),
    ],
)
def test_what_differs_for_no_cause_or_one_that_is_not_allowed_ends_with_1(
    height: int, allowed: list[str], code: int, said: str, data: Path, tmp_path: Path
) -> None:
    sizes = {"c": [800] * PICTURES, "l": [height] * PICTURES}
    cells = cell("c", "cuda10.2", resized=sizes["c"]), cell("l", shift=0.5, resized=sizes["l"])
    printed = told("agree", run_of(data, tmp_path / "a", *cells).path, *allowed, exit_code=code)
    assert said in printed
    assert RANDOM in printed


def test_two_ways_to_run_again_exclude_each_other_and_nothing_to_redo_is_said(data: Path, tmp_path: Path) -> None:
    run = run_of(data, tmp_path / "a", cell("c", "cuda10.2"), cell("l", shift=0.5))
    with pytest.raises(BadInput, match="--sweep and --experiment are two ways"):
        harness.agree(run.path, sweep=True, experiment=True)
    with pytest.raises(BadInput, match="there is nothing to redo"):
        harness.agree(run.path, experiment=True)


def test_nobody_executes_the_run_that_agreements_are_written_into(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (run_of(data, tmp_path / name, cell("l", shift=shift)) for name, shift in (("a", 0.0), ("b", 0.5)))
    held: list[tuple[bool | None, bool | None]] = []

    def looking(*arguments: Any) -> Agreement:
        held.append((is_held(one.lock_path), is_held(two.lock_path)))
        return compare(*arguments)

    monkeypatch.setattr(agreeing, "compare", looking)
    compared([one, two], Tolerances(), None, Silent())
    assert held == [(False, True)]
    assert not is_held(two.lock_path)
    with two.locked(), pytest.raises(BadInput, match="is being executed by another process"):
        compared([two], Tolerances(), None, Silent())


def test_a_demo_is_not_detected_in_again(tmp_path: Path) -> None:
    shapes.generate(tmp_path / "some-shapes", PICTURES, 0)
    run = run_of(tmp_path / "some-shapes", tmp_path / "run", cell("l"), shows="ab" * 32)
    preflight = Preflight()
    preflight.gpus = Gpus([])
    with pytest.raises(BadInput, match="the run is a demo, whose frames are no longer there; make it anew"):
        agreeing.swept(run, preflight, Silent())
