"""What the check of a connected machine asks of the harness: commands that it knows, images that it builds."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.catalogue import models
from harness.data import shapes
from tests import samples
from tests.integration.commands import copied, harness
from tests.integration.servers import FileServer, serving
from tests.integration.test_online import check, findings
from tests.online.building import BUILT
from tests.online.precision import precision
from tests.unit.online.acting import ActingHarness, passing

TINY = """ARG BASE={base}
FROM ${{BASE}}
WORKDIR /opt
COPY docker/{name}/software.json /opt/
COPY runner/ /opt/runner/
RUN mkdir /opt/bin && ln -s "$(command -v python3)" /opt/bin/python
ENV PATH=/opt/bin:$PATH
"""
OBSERVE = "import shutil, sys\nshutil.copy('/opt/software.json', sys.argv[1])\n"


@pytest.mark.torch
def test_its_commands_for_ap_are_ones_that_the_harness_takes(tmp_path: Path) -> None:
    """As far as that can be seen without COCO and its checkpoints: made-up ones lie in their place."""
    data = tmp_path / "data"
    shapes.generate(data / "coco-val2017", 3, 0)
    (data / "coco-val2017" / "manifest.json").write_text("{}")
    (data / "weights").mkdir()
    for model in models().values():
        path = data / "weights" / model.checkpoint
        path.write_bytes(b"")
        path.with_suffix(".sha256").write_text(hashlib.sha256(b"").hexdigest())
    acting = ActingHarness({})
    precision(passing("ap", tmp_path / "report", acting, limit=2))
    fetch, run = acting.commands
    variables = {"HARNESS_DATA": str(data), "HARNESS_WEIGHTS_URL": "http://127.0.0.1:9/"}
    done = harness(*fetch, variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    done = harness(*run, "--dry-run", variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    for model in models().values():
        assert (model.builder in done.stdout) is model.published_2021


@pytest.mark.docker
def test_an_image_that_is_not_as_pinned_is_found(base_of: Callable[[str], str], tmp_path: Path) -> None:
    """Both images are small ones that only say which software they hold: the first as pinned, the second another."""
    root, base = copied(tmp_path), base_of("cuda10.2")
    (root / "runner" / "observe.py").write_text(OBSERVE)
    entries = root / "docker" / "environments.toml"
    text = entries.read_text()
    for name, torch in zip(BUILT, ("2.14.1+cpu", "2.7.0"), strict=True):
        said = samples.software(python="3.13", torch=torch, torchvision="0.29.1+cpu", compiled_architectures=[])
        recipe = root / "docker" / name
        (recipe / "Dockerfile").write_text(TINY.format(base=base, name=name))
        (recipe / "software.json").write_text(json.dumps(dataclasses.asdict(said)))
        text = re.sub(rf'(\[\S*{re.escape(name)}\S*\]\ntitle = .*\nbase = ").*"', rf'\g<1>{base}"', text)
    entries.write_text(text)
    with serving(FileServer()) as registry:
        done = check(tmp_path / "report", root, ONLY="images", ONLINE_REGISTRY=registry.url)
    found = {each["item"]: (each["verdict"], each["seen"]) for each in findings(tmp_path / "report")}
    assert done.returncode == 1, done.stdout + done.stderr
    assert found[BUILT[0]] == ("holds", "built on its base, and as pinned"), done.stdout + done.stderr
    assert found[BUILT[1]][0] == "broken"
    assert "torch is 2.7.0, expected 2.7.1+cu118" in found[BUILT[1]][1]
