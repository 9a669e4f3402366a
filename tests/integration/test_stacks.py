"""Two stacks, torch 1.9.0 in its container and the newest here: the same random weights, the same detections."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest
from filelock import FileLock

from harness.catalogue import environments, models
from harness.images import owners, recipes
from harness.images.containers import OUT, ContainerSpec
from harness.images.engine import Engine
from harness.paths import PHOTOGRAPHS, ROOT

SCRIPT = ROOT / "tests" / "data" / "detect.py"
#: Square and of a size that every torchvision resizes alike.
PICTURE = "astronaut.jpg"
BOX_PX, SCORE = 0.5, 0.002

pytestmark = [pytest.mark.torch, pytest.mark.docker]


@pytest.fixture(scope="module")
def stacks(engine: Engine, cuda102: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each model detects, by builder, in the old stack and in the new one."""
    image = recipes.find(engine, environments()[cuda102])
    assert image is not None
    old, new = (tmp_path_factory.mktemp(name) for name in ("old", "new"))
    for out in (old, new):
        shutil.copy(PHOTOGRAPHS / PICTURE, out)
    lock = old / ".lock"
    spec = ContainerSpec(
        image=image.id,
        command=[OUT, f"{OUT}/{PICTURE}"],
        read_only={"/opt/runner/__main__.py": SCRIPT},
        writable={OUT: old},
        labels=owners.labels(lock),
    )
    command = [sys.executable, "-c", SCRIPT.read_text(), str(new), str(new / PICTURE)]
    with subprocess.Popen(command, cwd=ROOT) as process, FileLock(lock):
        report = engine.run(spec, 300, old / "log.txt", lambda line: None)
    assert (report.exit_code, process.returncode) == (0, 0), (old / "log.txt").read_text()
    return [json.loads((out / "detections.json").read_text()) for out in (old, new)]


@pytest.mark.parametrize("builder", [model.builder for model in models().values() if model.torchvision])
def test_a_newer_builder_detects_with_random_weights_where_there_is_one(
    stacks: list[dict[str, Any]], builder: str
) -> None:
    old, new = stacks
    assert builder not in old
    assert len(new[builder]["boxes"]) > 0


@pytest.mark.parametrize("builder", [model.builder for model in models().values() if not model.torchvision])
def test_both_stacks_detect_the_same_with_the_same_weights(stacks: list[dict[str, Any]], builder: str) -> None:
    old, new = (stack[builder] for stack in stacks)
    assert old["torch"] == "1.9.0+cu102"
    assert new["torch"] != old["torch"]
    assert old["weights_sha256"] == new["weights_sha256"]
    assert len(old["boxes"]) == len(new["boxes"]) > 0
    left = list(zip(new["labels"], new["boxes"], new["scores"], strict=True))
    for label, box, score in zip(old["labels"], old["boxes"], old["scores"], strict=True):
        left.remove(next(other for other in left if is_alike((label, box, score), other)))
    assert not left


def is_alike(one: tuple[int, list[float], float], other: tuple[int, list[float], float]) -> bool:
    near = all(abs(a - b) <= BOX_PX for a, b in zip(one[1], other[1], strict=True))
    return one[0] == other[0] and near and abs(one[2] - other[2]) <= SCORE
