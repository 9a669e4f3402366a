"""Pins as they would be: what is said of them, and what there is no place for. Nothing is written."""

import re
import tomllib
from dataclasses import replace

import pytest

from harness import paths
from harness.catalogue import environments
from harness.errors import BadDocument, CannotRunHere
from harness.images import lock, recipes

CUDA114 = environments()["cuda11.4"]
DOCKERFILE = CUDA114.folder / "Dockerfile"


def drafted(**arguments: str) -> lock.Draft:
    """Return a draft of cuda11.4's recipe in which these arguments have these values, whatever they are pinned to."""
    draft = lock.Draft()
    for name, value in arguments.items():
        text = re.sub(rf"^ARG {name}=.*$", f"ARG {name}={value}", draft.text(DOCKERFILE), flags=re.MULTILINE)
        draft.change(DOCKERFILE, text)
    return draft


def test_an_argument_that_is_empty_gets_its_value() -> None:
    draft = drafted(CUDNN_SHA256="")
    lock.argue(CUDA114, "CUDNN_SHA256", "ab" * 32, draft)
    assert draft.text(DOCKERFILE) == drafted(CUDNN_SHA256="ab" * 32).text(DOCKERFILE)


@pytest.mark.parametrize("argument", ["CUDNN_SHA256", "CUDNN"])
def test_an_argument_that_has_a_value_or_is_not_there_gets_none(argument: str) -> None:
    draft = drafted(CUDNN_SHA256="cd" * 32)
    with pytest.raises(BadDocument, match=f"cuda11.4/Dockerfile has no empty argument {argument}"):
        lock.argue(CUDA114, argument, "ab" * 32, draft)
    assert draft.text(DOCKERFILE) == drafted(CUDNN_SHA256="cd" * 32).text(DOCKERFILE)


@pytest.mark.parametrize(
    ("known", "changes"), [("agreed: so they say", True), ("verified: it ran", False), ("single: new", False)]
)
def test_what_was_verified_stays_so(known: str, changes: bool) -> None:
    draft = lock.Draft()
    lock.certify(replace(CUDA114, certainty={"base": known}), draft, "base", "single: new")
    certainty = tomllib.loads(draft.text(lock.ENVIRONMENTS))["cuda11.4"]["certainty"]
    assert (certainty["base"] == "single: new") is changes


def test_each_archive_of_a_dataset_is_certified_unless_it_was_verified() -> None:
    draft = lock.Draft()
    known = iter(["agreed: so they say", "verified: it was"])
    text = re.sub(r'(?<=certainty = ").*(?=")', lambda match: next(known), draft.text(lock.DATASETS))
    draft.change(lock.DATASETS, text)
    lock.certify_dataset("coco-val2017", draft, "verified: so it is")
    archives = tomllib.loads(draft.text(lock.DATASETS))["coco-val2017"]["archives"]
    assert [archive["certainty"] for archive in archives] == ["verified: so it is", "verified: it was"]


def test_the_recipes_of_an_installed_harness_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PACKAGE", paths.ROOT / "elsewhere" / "harness")
    before = DOCKERFILE.read_bytes()
    with pytest.raises(CannotRunHere, match="not changed; pin in a clone of the repository"):
        lock.pin_argument(CUDA114, "CUDNN_SHA256", "ab" * 32)
    unpinned = recipes.Unpinned(CUDA114, "CUDNN_SHA256", "ab" * 32)
    assert unpinned.remedy.endswith("harness images build cuda11.4 --build-arg CUDNN_SHA256=" + "ab" * 32)
    assert DOCKERFILE.read_bytes() == before
