"""The runner needs little beside torch: a job by file, in a process that has nothing of the harness."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import ROOT
from runner.contract import Dataset, Variant
from runner.contract.serialise import to_dict
from tests import samples
from tests.integration.commands import LITE

pytestmark = pytest.mark.torch

PHOTOGRAPHS = ROOT / "data" / "photographs"
#: Stands in for a Python in which none of these is installed.
CODE = """
import sys
for name in ("pycocotools", "harness", "hotcoco", "pydantic", "docker", "typer", "rich", "httpx", "pandas", "scipy"):
    sys.modules[name] = None
from runner.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_boxes_are_detected_without_pycocotools_and_all_that_the_harness_needs(tmp_path: Path) -> None:
    dataset = Dataset("one photograph", "0" * 64, [1], [1], ["cats.jpg"])
    job = samples.job(LITE, "local", suite="accuracy", dataset=dataset, variant=Variant(threads=1))
    (tmp_path / "job.json").write_text(json.dumps(to_dict(job)))
    command = [sys.executable, "-c", CODE, tmp_path / "job.json", tmp_path / "out", "--images", PHOTOGRAPHS]
    done = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (result["status"], result["detections"]["images"]) == ("ok", 1)
    assert result["detections"]["boxes"] > 0
