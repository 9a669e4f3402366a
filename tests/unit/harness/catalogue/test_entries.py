import dataclasses
import hashlib
import json
import re
from typing import get_args

import pytest

from harness.catalogue import environments, models, pick, protocols
from harness.catalogue.published import latency
from harness.documents.scores import Iou
from harness.errors import BadInput, unknown
from harness.paths import ROOT
from harness.scoring.kinds import BY_TASK

#: A published protocol never changes: a new recipe gets a new name.
FROZEN = {
    "published-2021": "ed259931cd5c6a813424720548aae3346c8c313d9230365dd4e35beafbcaaa49",
    "quick-1": "d81e16ebcd0582bb91b626bc237c4f9993c3a5eaea60226d3f3aa3a90519b6c1",
}


@pytest.mark.parametrize("name", FROZEN)
def test_a_protocol_is_frozen(name: str) -> None:
    text = json.dumps(dataclasses.asdict(protocols()[name]), sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN[name]


def test_every_protocol_is_frozen() -> None:
    assert set(protocols()) == set(FROZEN)


def test_the_published_protocol_is_the_published_recipe() -> None:
    recipe = protocols()["published-2021"]
    assert (recipe.warmup.max_iterations, recipe.measure.max_iterations) == (50, 950)
    assert (recipe.input, recipe.input_height, recipe.input_width) == ("near-black", 1080, 1980)
    assert (recipe.call, recipe.synchronise_before, recipe.statistic) == ("batch", False, "mean")


def test_the_catalogue_holds_the_eight_published_models() -> None:
    published = [model.builder for model in models().values() if model.published_2021]
    assert len(published) == 8
    assert all(set(column.latency_ms) == set(published) for column in latency().values())


def test_a_checkpoint_promises_its_hash_in_its_name() -> None:
    assert models()["ssd300_vgg16"].checkpoint_sha256_prefix == "b556d3b4"
    assert all(re.fullmatch("[0-9a-f]{8}", model.checkpoint_sha256_prefix) for model in models().values())


def test_a_docker_environment_has_its_recipe_and_its_base_in_step() -> None:
    for environment in environments().values():
        if environment.base is None:
            continue
        dockerfile = (environment.folder / "Dockerfile").read_text()
        assert f"ARG BASE={environment.base}\n" in dockerfile
        lock = (environment.folder / "requirements.lock").read_text()
        pins = re.findall(r"^\S+==\S+", lock, re.MULTILINE)
        assert pins
        assert len(re.findall(r"^\S+==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)) == len(pins)


def test_the_published_columns_are_reproduced_by_some_environment() -> None:
    known = {column for environment in environments().values() for column in environment.reproduces}
    assert known == {*latency(), "map"}


def test_bundled_photographs_name_source_and_licence() -> None:
    folder = ROOT / "data" / "photographs"
    text = (folder / "README.md").read_text()
    pictures = sorted(path.name for path in folder.glob("*.jpg"))
    assert len(pictures) >= 8
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    for name in pictures:
        assert re.search("CC0|public domain|CC BY", rows[name]), name


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"no model 'ssdlite'; did you mean ssdlite320_mobilenet_v3_large\?$"):
        pick("model", "ssdlite", models())
    with pytest.raises(BadInput, match=r"no environment 'cuda10'; did you mean cuda10.2\?$"):
        pick("environment", "cuda10", environments())
    assert str(unknown("device", "zzz", ["cpu", "cuda"])) == "there is no device 'zzz'; known are cpu, cuda."


def test_a_model_has_the_ap_of_what_it_detects() -> None:
    for model in models().values():
        assert (model.ap("bbox"), model.ap("segm")) == (model.box_ap, model.mask_ap)
        assert {iou for iou in get_args(Iou) if model.ap(iou) is not None} == {BY_TASK[task] for task in model.tasks}
