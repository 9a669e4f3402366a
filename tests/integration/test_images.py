"""Images as they are and as somebody tampered with them, on a real engine."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import environments
from harness.documents import ImageIdentity
from harness.documents.run_folder import RunFolder
from harness.errors import CannotRunHere
from harness.images import recipes, verify
from harness.images.containers import Image
from harness.images.engine import Engine
from tests.integration.commands import LITE, fails, harness
from tests.integration.servers import FileServer, serving
from tests.leftovers import MADE_HERE

pytestmark = pytest.mark.docker


@pytest.fixture
def ours(engine: Engine, cuda102: str) -> ImageIdentity:
    found = recipes.find(engine, environments()[cuda102])
    assert found is not None
    return found


@pytest.fixture
def tampered(engine: Engine, ours: ImageIdentity, tmp_path: Path) -> Iterator[ImageIdentity]:
    """An image whose torch claims another version."""
    version = "/opt/venv/lib/python3.9/site-packages/torch/version.py"
    (tmp_path / "Dockerfile").write_text(f"FROM {ours.id}\nRUN sed -i s/1.9.0+cu102/1.8.0/ {version}\n")
    for _ in engine.build(tmp_path, "Dockerfile", "detection-harness/tampered:test", MADE_HERE, {}):
        pass
    built = engine.image("detection-harness/tampered:test")
    assert built is not None
    yield replace(ours, id=built.id)
    engine._client.images.remove(built.id, force=True)


def test_an_image_holds_what_its_environment_pins(engine: Engine, ours: ImageIdentity) -> None:
    assert verify.differences(engine, environments()["cuda10.2"], ours) == ours.substitutions


def test_another_torch_inside_is_found(engine: Engine, tampered: ImageIdentity) -> None:
    found = verify.differences(engine, environments()["cuda10.2"], tampered)
    assert found[0] == "torch is 1.8.0, expected 1.9.0+cu102"


def test_an_image_that_can_not_start_is_one_sentence(engine: Engine, ours: ImageIdentity, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {ours.id}\nRUN rm /opt/runner/observe.py\n")
    for _ in engine.build(tmp_path, "Dockerfile", "detection-harness/broken:test", MADE_HERE, {}):
        pass
    broken = engine.image("detection-harness/broken:test")
    assert broken is not None
    with pytest.raises(CannotRunHere, match=r"ended with exit code 1: .*No module named runner.observe"):
        verify.observe(engine, replace(ours, id=broken.id))
    engine._client.images.remove(broken.id, force=True)


def test_a_changed_recipe_is_another_image(engine: Engine, ours: ImageIdentity, tmp_path: Path) -> None:
    environment = environments()["cuda10.2"]
    assert recipes.built(engine, recipes.Recipe(environment, ours.base, ours.build_args)) == ours
    other = recipes.Recipe(environment, ours.base, {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"})
    assert recipes.built(engine, other) is None


def test_building_again_with_nothing_changed_reuses(ours: ImageIdentity) -> None:
    done = harness("images", "build", "cuda10.2")
    assert done.returncode == 0, done.stderr
    assert f"{ours.tag} is reused" in done.stdout
    assert "building" not in done.stdout


def test_the_list_names_every_environment_and_its_state(ours: ImageIdentity) -> None:
    rows = {row["environment"]: row for row in json.loads(harness("images", "list", "--json").stdout)}
    assert set(rows) == {environment.name for environment in environments().values() if environment.base}
    row = rows["cuda10.2"]
    assert row["image"]["id"] == ours.id
    assert row["pinned"] == (not ours.substitutions)
    assert row["size_bytes"] > 1e9
    done = harness("images", "verify", "cuda10.2")
    assert done.returncode == (1 if ours.substitutions else 0)
    assert all(substitution in done.stdout for substitution in ours.substitutions)


def test_only_what_the_harness_built_and_no_longer_uses_is_outdated(
    engine: Engine, ours: ImageIdentity, tampered: ImageIdentity
) -> None:
    environment = environments()["cuda10.2"]
    old = recipes.tag_of(environment, "0" * 64)
    for image, tag in ((ours, "somebody/else:test"), (tampered, old)):
        engine._client.images.get(image.id).tag(*tag.split(":"))
    found = {image.id for image in recipes.outdated(engine)}
    engine._client.images.remove("somebody/else:test")
    assert tampered.id in found
    assert ours.id not in found


def test_an_image_that_goes_while_they_are_listed_is_left_out(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nLABEL goes=soon\n")
    for _ in engine.build(tmp_path, "Dockerfile", "detection-harness/going:test", MADE_HERE, {}):
        pass
    listing = engine._client.api.images

    def somebody_removes_it(**asked: object) -> object:
        listed = listing(**asked)  # type: ignore[arg-type]  # as it was asked
        engine._client.images.remove("detection-harness/going:test", force=True)
        return listed

    monkeypatch.setattr(engine._client.api, "images", somebody_removes_it)
    assert engine.images({"goes": "soon"}) == []
    assert engine.image("detection-harness/going:test") is None


def test_pruning_asks_first(engine: Engine, tampered: ImageIdentity) -> None:
    done = harness("images", "prune")
    assert "detection-harness/tampered:test" in done.stdout
    assert (done.returncode, done.stderr) == (1, "harness: nobody answered.\n")
    assert engine.image(tampered.id) is not None


def test_a_step_that_fails_is_shown_with_its_last_lines(base_of: Callable[[str], str]) -> None:
    """pip finds an index that has nothing; where none answered, it would ask for seconds."""
    with serving(FileServer(contents_are_all=True)) as index:
        argument = f"PIP_INDEX_URL={index.url}simple"
        done = harness("images", "build", "cuda10.2", "--base", base_of("cuda10.2"), "--build-arg", argument)
    assert done.returncode == 3
    assert "failed at 5/" in done.stdout
    assert "ERROR: No matching distribution found for" in done.stdout.splitlines()[-1]
    assert done.stderr.startswith("harness: the image detection-harness/cuda10.2:")
    assert "Traceback" not in done.stderr


def test_two_images_of_one_environment_are_two_columns(engine: Engine, ours: ImageIdentity, tmp_path: Path) -> None:
    """An argument that the Dockerfile does not know changes no layer, so the second image costs no time."""
    assert harness("images", "build", "cuda10.2", "--build-arg", "NOTE=other").returncode == 0
    (other,) = [
        image for image in recipes.variants(engine, environments()["cuda10.2"]) if image.build_args == {"NOTE": "other"}
    ]
    tag = other.tag.rpartition(":")[2]
    command = ["run", "--model", LITE, "--weights", "random", "--iterations", "1", "--device", "cpu"]
    try:
        done = harness(*command, "--image", f"cuda10.2,cuda10.2:{tag}", "--out", tmp_path / "run")
        assert done.returncode == 0, done.stdout + done.stderr
        first, second = RunFolder(tmp_path / "run").cells()
        assert first.execution is not None and second.execution is not None
        assert (first.execution.image, second.execution.image) == (ours, other)
        assert second.execution.deviations[-1] == "NOTE is other, not the recipe's own"
        table = (tmp_path / "run" / "table.md").read_text()
        headings = next(line for line in table.splitlines() if line.startswith("| Model"))
        assert {"cuda10.2", f"cuda10.2:{tag}"} <= {heading.strip() for heading in headings.split("|")}
        assert ours.base_id is not None
    finally:
        engine.remove_image(Image(other.id, [other.tag], [], {}, 0))
    fails(3, f"there is no image cuda10.2:{tag} of the recipe as it is now", *command, "--image", f"cuda10.2:{tag}")
