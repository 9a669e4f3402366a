"""What the cells of each suite are fed: pictures to time, or a dataset to detect in."""

from dataclasses import dataclass, field
from pathlib import Path

from harness import paths
from harness.catalogue import Detector
from harness.data import datasets, pictures
from harness.errors import BadInput
from harness.plan.request import Choice
from harness.scoring.kinds import scorable
from runner.contract import Dataset, ImageFile, Protocol, Suite


@dataclass(frozen=True)
class Inputs:
    """The inputs of a model's cells in one suite, in `folder`; a detection pass is scored against `annotations`.

    `used_categories` are those with objects, names by id; `remarks` are what a person should read before the pass.
    """

    folder: Path | None
    images: list[ImageFile] = field(default_factory=list)
    dataset: Dataset | None = None
    annotations: Path | None = None
    used_categories: dict[int, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def check(choice: Choice, suites: list[Suite], protocol: Protocol) -> None:
    """Raise BadInput where the choice does not go with the suites and the protocol."""
    designed = datasets.is_designed(choice.dataset)
    if designed:
        _check_design(choice, suites, protocol)
    if "accuracy" in suites:
        if protocol.detection is None:
            raise BadInput(f"the protocol {protocol.name} does not say how to detect", "choose another --protocol")
        if choice.dataset is None and choice.annotations is None and choice.frames is None:
            raise BadInput("the suite accuracy needs a dataset", "name one: --dataset coco-val2017, shapes or a folder")
        return
    options = {
        "--dataset": None if designed else choice.dataset,
        "--annotations": choice.annotations,
        "--ids": choice.ids,
    }
    for option, value in {**options, "--limit": choice.limit, "--skip-bad-images": choice.skip_bad_images}.items():
        if value:
            raise BadInput(f"{option} belongs to the suite accuracy", "add --suite accuracy, or leave it out")
    if choice.pictures and protocol.input != "photographs":
        raise BadInput(f"the protocol {protocol.name} makes its own input", "leave --images out")


def _check_design(choice: Choice, suites: list[Suite], protocol: Protocol) -> None:
    """Raise BadInput where no set can be drawn, or a latency alone is measured that could not be of it."""
    datasets.require_design(str(choice.dataset))
    if choice.pictures:
        raise BadInput(f"{choice.dataset} has pictures of its own", "leave --images out, or --dataset")
    if suites == ["latency"] and protocol.input != "photographs":
        raise BadInput(f"the protocol {protocol.name} makes its own input", "leave --dataset out")


def of(suite: Suite, model: Detector, choice: Choice, protocol: Protocol, turns: int) -> Inputs:
    """Return the inputs of the model's cells; `turns` is how many a measurement takes at most.

    Raises BadInput where the pictures or the dataset that were chosen are none.
    """
    if suite == "accuracy":
        return _of_accuracy(model, choice)
    if protocol.input != "photographs":
        return Inputs(None)
    folder = choice.pictures or paths.PHOTOGRAPHS
    if datasets.is_designed(choice.dataset):  # other datasets are of a detection pass alone
        folder = datasets.find(choice.dataset, None, None).images
    return Inputs(folder, pictures.pictures(folder, turns))


def _of_accuracy(model: Detector, choice: Choice) -> Inputs:
    if choice.frames is not None:
        return Inputs(choice.pictures, dataset=choice.frames)
    dataset = datasets.find(choice.dataset, choice.pictures, choice.annotations)
    annotations, ids = datasets.select(dataset, "keypoints" in model.tasks, choice.ids, choice.limit)
    if not choice.skip_bad_images:
        datasets.require_pictures(dataset, annotations)
    listed = Dataset(
        name=dataset.name,
        annotations_sha256=annotations.sha256,
        categories=sorted(annotations.categories),
        ids=ids,
        files=[annotations.pictures[image_id].file_name for image_id in ids],
    )
    remarks = [f"{model.display}: {reason}" for reason in scorable(model, annotations)[1].values()]
    used = annotations.used_categories()
    return Inputs(dataset.images, dataset=listed, annotations=annotations.path, used_categories=used, remarks=remarks)
