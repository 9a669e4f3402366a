"""compose.yaml, with the compose that the distribution ships, as somebody without the harness uses it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.catalogue import environments
from harness.images import recipes
from harness.images.engine import Engine
from harness.paths import ROOT
from runner.contract import Result
from runner.contract.serialise import from_dict
from tests.integration.commands import LITE
from tests.needs import lacks

pytestmark = pytest.mark.docker


def compose() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    lacks("DOCKER", "there is no compose: apt-get install docker-compose")


def test_a_service_leaves_a_valid_result(engine: Engine, cuda102: str, tmp_path: Path) -> None:
    image = recipes.find(engine, environments()[cuda102])
    assert image is not None
    override = {"image": image.tag, "volumes": [f"{tmp_path}:/cell/results"]}
    (tmp_path / "override.yaml").write_text(json.dumps({"services": {cuda102: override}}))
    files = ["--file", str(ROOT / "compose.yaml"), "--file", str(tmp_path / "override.yaml")]
    done = subprocess.run(
        [*compose(), *files, "--project-name", tmp_path.name, "run", "--rm", cuda102],
        cwd=ROOT,
        env={**os.environ, "UID_GID": f"{os.getuid()}:{os.getgid()}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # On a busy machine the protocol's cap ends it before the 22.
    assert re.search(r"ok: [\d.]+ ms, the median of \d+ iterations", done.stdout + done.stderr)
    for observed in (r"detections: [\d.]+ an image", r"other work: [\d.]+ CPUs busy meanwhile", "CPU quota: "):
        assert re.search(observed, done.stdout + done.stderr)
    document = json.loads((tmp_path / "compose" / f"{cuda102}--{LITE}" / "result.json").read_text())
    result = from_dict(Result, document)
    assert result.status == "ok"
    assert result.job.environment == cuda102
    assert result.warnings == []
    assert result.latency is not None
    measured = result.latency.samples.phase.count("measured")
    assert measured == 22 or (result.latency.stopped_by == "cap" and measured)
    left: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={tmp_path.name}"}
    assert not engine._client.containers.list(all=True, filters=left)
