"""Images on their real bases, built and verified by a stand-in for the harness's command line."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import environments
from harness.images.lock import ENVIRONMENTS
from tests.online.building import BUILT, build
from tests.online.check import Pass, Said
from tests.unit.online.acting import ActingHarness, passing, seen

DIFFERS = """cuda11.8: detection-harness/cuda11.8:1 is not pinned
  torch is 2.7.0, expected 2.7.1
  cuda is 12, expected 11
"""


@pytest.fixture(autouse=True)
def uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    """However certain the pins are by now, here they are not."""
    known = {"base": "agreed: x", "wheels": "inferred: x", "architectures": "inferred: x"}
    stacks = {name: replace(environments()[name], certainty=known) for name in BUILT}
    monkeypatch.setattr("tests.online.building.environments", lambda: stacks)


def certainty(doing: Pass, name: str, pin: str) -> str:
    """Return how certain a pin is in the draft."""
    known: str = tomllib.loads(doing.check.draft.text(ENVIRONMENTS))[name]["certainty"][pin]
    return known


def test_each_image_is_built_on_its_pinned_base_and_then_verified(tmp_path: Path) -> None:
    acting = ActingHarness({})
    doing = passing("images", tmp_path, acting)
    build(doing)
    assert {item: finding.verdict for item, finding in seen(doing).items()} == dict.fromkeys(BUILT, "holds")
    assert acting.commands == [
        command
        for name in BUILT
        for command in (
            ["images", "build", name, "--base", environments()[name].base],
            ["images", "verify", name],
        )
    ]
    assert {certainty(doing, name, "wheels") for name in BUILT} == {"verified: built on its base, and as pinned"}
    assert certainty(doing, "cuda11.8", "architectures") == "verified: compiled into the installed wheel"


def test_an_image_whose_check_fails_is_broken_by_what_differs(tmp_path: Path) -> None:
    acting = ActingHarness({"images verify cuda11.8": Said(1, DIFFERS, "")})
    doing = passing("images", tmp_path, acting)
    build(doing)
    found = seen(doing)
    assert (found["cpu"].verdict, found["cuda11.8"].verdict) == ("holds", "broken")
    assert found["cuda11.8"].seen == "torch is 2.7.0, expected 2.7.1; cuda is 12, expected 11"
    assert certainty(doing, "cpu", "wheels") == "verified: built on its base, and as pinned"
    assert certainty(doing, "cuda11.8", "wheels") != "verified: built on its base, and as pinned"


def test_an_image_that_does_not_start_is_broken_and_one_that_was_not_built_tells_nothing(tmp_path: Path) -> None:
    sentences = {"images build cpu": "the base can't be pulled.", "images verify cuda11.8": "a container of it ended."}
    acting = ActingHarness({words: Said(3, "", text) for words, text in sentences.items()})
    doing = passing("images", tmp_path, acting)
    build(doing)
    found = {item: (finding.verdict, finding.seen) for item, finding in seen(doing).items()}
    assert found == {
        "cpu": ("not reached", "it was not built: the base can't be pulled."),
        "cuda11.8": ("broken", "a container of it ended."),
    }


@pytest.mark.parametrize("changed", [False, True])
def test_what_held_is_built_again_only_for_another_recipe(
    tmp_path: Path, changed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(passing("images", tmp_path, ActingHarness({})))
    acting = ActingHarness({})
    if changed:
        monkeypatch.setattr("harness.images.recipes.recipe_sha256", lambda environment: "another")
    build(passing("images", tmp_path, acting))
    assert bool(acting.commands) is changed
