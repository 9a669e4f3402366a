"""Images on their real bases, built and verified by a stand-in for the harness's command line."""

from pathlib import Path

import pytest

from harness.catalogue import environments
from tests.online.building import BUILT, build
from tests.online.check import Said
from tests.unit.online.acting import FINE, ActingHarness, passing, seen

DIFFERS = """cuda11.8: detection-harness/cuda11.8:1 is not pinned
  torch is 2.7.0, expected 2.7.1
  cuda is 12, expected 11
"""


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
    proposed = doing.check.draft.differences()
    assert proposed.count('+wheels = "verified: built on its base, and as pinned"') == len(BUILT)
    assert '+architectures = "verified: compiled into the installed wheel"' in proposed


def test_an_image_whose_check_fails_is_broken_by_what_differs(tmp_path: Path) -> None:
    acting = ActingHarness({"images verify cuda11.8": lambda arguments: Said(1, DIFFERS, "")})
    doing = passing("images", tmp_path, acting)
    build(doing)
    found = seen(doing)
    assert (found["cpu"].verdict, found["cuda11.8"].verdict) == ("holds", "broken")
    assert found["cuda11.8"].seen == "torch is 2.7.0, expected 2.7.1; cuda is 12, expected 11"
    assert "verified: compiled" not in "".join(doing.check.draft.differences())


def test_an_image_that_does_not_start_is_broken_and_one_that_was_not_built_tells_nothing(tmp_path: Path) -> None:
    sentences = {"images build cpu": "the base can't be pulled.", "images verify cuda11.8": "a container of it ended."}
    acting = ActingHarness({words: lambda arguments, text=text: Said(3, "", text) for words, text in sentences.items()})
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
    build(passing("images", tmp_path, ActingHarness({"images": lambda arguments: FINE})))
    acting = ActingHarness({})
    if changed:
        monkeypatch.setattr("harness.images.recipe_sha256", lambda environment: "another")
    build(passing("images", tmp_path, acting))
    assert bool(acting.commands) is changed
