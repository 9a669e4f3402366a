import json
from pathlib import Path

import pytest

from harness.paths import ROOT
from tools.shippable import ship


def test_a_plan_that_ships_names_no_folder_of_who_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mia")
    plan = {
        "command": ["run", "--images", "/disk/of/mia/coco/val2017", "--out", "build/reference/some"],
        "images_folder": "/disk/of/mia/coco/val2017",
        "weights_folder": f"{ROOT}/data/weights",
        "dataset_folder": "/home/mia/.cache/detection-harness/shapes-1/images",
        "cells": [{"annotations": "/disk/of/mia/coco/annotations/instances.json"}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    ship(tmp_path, [Path("/disk/of/mia/coco")])
    assert json.loads((tmp_path / "plan.json").read_text()) == {
        "command": ["run", "--images", "coco/val2017", "--out", "build/reference/some"],
        "images_folder": "coco/val2017",
        "weights_folder": "data/weights",
        "dataset_folder": "~/.cache/detection-harness/shapes-1/images",
        "cells": [{"annotations": "coco/annotations/instances.json"}],
    }
