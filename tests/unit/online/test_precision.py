"""AP beside what was published, of runs that a stand-in for the harness's command line leaves."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.catalogue.published import accuracy
from harness.documents.run_folder import RunFolder
from harness.documents.scores import ApInterval, CellScores, Score
from harness.images.lock import DATASETS
from runner.contract import SCHEMA_VERSION, Failure, Result
from tests import samples
from tests.online.check import Pass, Said
from tests.online.precision import Figure, figures, precision
from tests.unit.online.acting import ActingHarness, passing, seen

SSD = "ssd300_vgg16"
#: How far AP of 500 images may be from that of all, as intervals of such passes are.
HALF_WIDTH = 2.2


def scored(figure: Figure, points: float, images: int) -> Score:
    """Return a score so many points beside the published AP."""
    ap = (figure.ap + points) / 100
    interval = ApInterval(ap - HALF_WIDTH / 100, ap + HALF_WIDTH / 100, 0.95, 1000, 0)
    rule, metrics = figure.box_rule, {"AP": ap}
    return Score(figure.iou, rule, "hotcoco", "1", images, 9, 9, metrics, {}, interval, None, None, "not asked")


def leaving(
    points: dict[str, float], images: int = 5000, change: Callable[[Result], Result] = lambda r: r
) -> ActingHarness:
    """Return a harness whose run has AP as published, but for the items that `points` says how far off they are."""

    def run(arguments: Sequence[str]) -> Said:
        if "--resume" not in arguments:
            leave(Path(arguments[arguments.index("--out") + 1]), points, images, change)
        return Said(0, "", "")

    return ActingHarness({"run": run})


def leave(path: Path, points: dict[str, float], images: int, change: Callable[[Result], Result]) -> None:
    published = list(figures())
    builders = dict.fromkeys(figure.model.builder for figure in published)
    folder = samples.run_folder(path, *(change(samples.ok_result(samples.job(builder))) for builder in builders))
    for builder in builders:
        job = samples.job(builder)
        own = [each for each in published if each.model.builder == builder]
        scores = [scored(each, points.get(each.item, 0), images) for each in own]
        found = CellScores(SCHEMA_VERSION, job.cell, "0" * 64, "0" * 64, 0, 0, 0, scores, [])
        documents.write(folder.cell_folder(job) / "scores.json", found)


def judged(folder: Path, acting: ActingHarness, limit: int | None = None) -> Pass:
    doing = passing("ap", folder, acting, limit)
    precision(doing)
    return doing


def wrong(doing: Pass) -> dict[str, tuple[str, str]]:
    return {item: (each.verdict, each.seen) for item, each in seen(doing).items() if each.verdict != "holds"}


def test_every_published_ap_is_an_item_and_nothing_else_is() -> None:
    items = [figure.item for figure in figures()]
    assert len([item for item in items if item.endswith(", bbox, torchvision")]) == 8
    assert [item for item in items if ", segm, " in item] == ["Mask R-CNN ResNet-50 FPN, segm, torchvision"]
    assert [item for item in items if ", keypoints, " in item] == [
        "Keypoint R-CNN ResNet-50 FPN, keypoints, torchvision"
    ]
    assert len([item for item in items if item.endswith(", table of 2021")]) == len(accuracy().models)


def test_ap_as_published_holds_and_makes_the_dataset_certain(tmp_path: Path) -> None:
    acting = leaving({"SSD300 VGG16, bbox, torchvision": 0.2})
    doing = passing("ap", tmp_path, acting)
    draft = doing.check.draft
    draft.change(DATASETS, re.sub(r'(?<=certainty = ").*(?=")', "agreed: so they say", draft.text(DATASETS)))
    precision(doing)
    assert wrong(doing) == {}
    assert set(seen(doing)) == {figure.item for figure in figures()}
    fetch, run = acting.commands
    assert fetch == ["data", "fetch", "coco-val2017"]
    assert run[-2:] == ["--out", str(tmp_path / "accuracy")]
    assert "--limit" not in run
    known = re.findall(r'certainty = "(.*)"', draft.text(DATASETS))
    assert set(known) == {"verified: downloaded, with this size and hash"}


@pytest.mark.parametrize("images", [5000, 500])
@pytest.mark.parametrize(
    "item",
    [
        "SSDlite320 MobileNetV3-Large, bbox, torchvision",
        "Faster R-CNN ResNet-50 FPN, bbox, table of 2021",
        "Mask R-CNN ResNet-50 FPN, segm, torchvision",
        "Keypoint R-CNN ResNet-50 FPN, keypoints, torchvision",
    ],
)
def test_an_ap_three_points_low_is_found(tmp_path: Path, item: str, images: int) -> None:
    doing = judged(tmp_path, leaving({item: -3.0}, images), limit=None if images == 5000 else images)
    assert {name: verdict for name, (verdict, _) in wrong(doing).items()} == {item: "broken"}


def test_a_part_of_the_images_is_judged_by_its_interval(tmp_path: Path) -> None:
    item = "SSD300 VGG16, bbox, torchvision"
    acting = leaving({item: 1.0}, images=500)
    doing = judged(tmp_path, acting, limit=500)
    assert wrong(doing) == {}
    assert seen(doing)[item].seen == "AP 26.10 (23.90 to 28.30) of 500 images, published 25.10"
    assert acting.commands[1][-4:] == ["--limit", "500", "--out", str(tmp_path / "accuracy-500")]


def test_a_run_goes_on_and_each_limit_has_its_own(tmp_path: Path) -> None:
    judged(tmp_path, leaving({}, 500), limit=500)
    again = leaving({}, 500)
    judged(tmp_path, again, limit=500)
    assert again.commands[1] == ["run", "--resume", str(tmp_path / "accuracy-500")]
    whole = leaving({})
    judged(tmp_path, whole)
    assert "--resume" not in whole.commands[1]


def test_a_pass_that_failed_tells_nothing_of_its_model_alone(tmp_path: Path) -> None:
    def change(result: Result) -> Result:
        if result.job.model.builder != SSD:
            return result
        failure = Failure("memory", "the memory ran out", "", "infrastructure")
        return replace(result, status="out_of_memory", failure=failure, latency=None, memory=None)

    found = wrong(judged(tmp_path, leaving({}, change=change)))
    assert set(found) == {figure.item for figure in figures() if figure.model.builder == SSD}
    assert set(found.values()) == {("not reached", "its pass ended as out_of_memory: the memory ran out")}


def test_scores_that_are_not_there_are_no_zeros(tmp_path: Path) -> None:
    acting = leaving({})
    judged(tmp_path, acting)
    folder = RunFolder(tmp_path / "accuracy")
    mask, ssd = samples.job("maskrcnn_resnet50_fpn"), samples.job(SSD)
    scores = folder.scores(mask)
    assert scores is not None
    left = [score for score in scores.scores if score.iou == "bbox"]
    nothing = [replace(score, metrics={"AP": -1.0}) for score in left]
    changed = replace(scores, scores=nothing, not_scored={"segm": "no object has a mask"})
    documents.write(folder.cell_folder(mask) / "scores.json", changed)
    (folder.cell_folder(ssd) / "scores.json").unlink()
    found = wrong(judged(tmp_path, leaving({})))
    assert found["Mask R-CNN ResNet-50 FPN, segm, torchvision"] == ("not reached", "no object has a mask")
    nothing_there = ("broken", "there was nothing to score in 5000 images")
    assert found["Mask R-CNN ResNet-50 FPN, bbox, torchvision"] == nothing_there
    assert found["SSD300 VGG16, bbox, torchvision"] == ("not reached", "its pass was not scored")


@pytest.mark.parametrize(("command", "commands"), [("data fetch", 1), ("run", 2)])
def test_what_can_not_be_run_is_said_once(tmp_path: Path, command: str, commands: int) -> None:
    acting = ActingHarness({command: Said(3, "", "it can't be had.")})
    assert wrong(judged(tmp_path, acting)) == {"the run": ("not reached", "it can't be had.")}
    assert len(acting.commands) == commands
