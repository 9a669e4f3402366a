import dataclasses
import hashlib
import json
import re
import tomllib
from typing import Any, get_args

import pytest

from harness.catalogue import environments, models, pick, protocols
from harness.catalogue.published import latency
from harness.documents.scores import Iou
from harness.errors import BadInput, unknown
from harness.paths import ROOT
from harness.scoring.kinds import BY_TASK

#: A published protocol never changes: a new recipe gets a new name. Hashes of what the catalogue's file says of it.
FROZEN = {
    "published-2021": "25904731dc28421d73e03e606a134e05af2218ec06dce4e467e7e6ba9413986c",
    "quick-1": "16b661dc5b0af4b8f1cb424a5740f1b98f316ea6bafd38243eb12f05cbeeecde",
    "standard-1": "6be78e74e0227e523a32ffad324251b943fc74686fb340cfe4b77f2d0579e1e2",
}
#: Each protocol as it was resolved when it was frozen.
KEPT = json.loads((ROOT / "tests" / "data" / "protocols.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FROZEN)
def test_a_protocol_is_frozen(name: str) -> None:
    written = tomllib.loads((ROOT / "harness" / "catalogue" / "protocols.toml").read_text(encoding="utf-8"))[name]
    assert hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest() == FROZEN[name]
    assert as_kept(dataclasses.asdict(protocols()[name]), KEPT[name]) == KEPT[name]


def as_kept(resolved: Any, kept: Any) -> Any:
    """Return what was resolved, with the fields alone that the kept one has: the contract may have more since."""
    if isinstance(resolved, dict) and isinstance(kept, dict):
        return {name: as_kept(resolved[name], kept[name]) for name in kept}
    return resolved


def test_every_protocol_is_frozen() -> None:
    assert set(protocols()) == set(FROZEN) == set(KEPT)


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
