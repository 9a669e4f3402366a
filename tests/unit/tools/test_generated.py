"""What is made from other files is current, and what compose.yaml starts is fenced in."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.catalogue import docker_environments
from harness.paths import ROOT
from tools import (
    write_compose,
    write_environment_tables,
    write_jobs,
    write_picture,
    write_recording,
    write_reference,
    write_schema,
)

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = [(stack, device) for stack in docker_environments() for device in stack.devices]


def test_the_jobs_are_current() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "jobs").iterdir()}
    assert found == write_jobs.texts(), "write them anew with: make generated"


def test_the_tables_of_the_environments_are_current() -> None:
    page = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert page == write_environment_tables.page(page), "write them anew with: make generated"
    for stack in docker_environments():
        assert f"| `{stack.name}` |" in page


def test_the_reference_tables_are_current() -> None:
    page = write_reference.PAGE.read_text(encoding="utf-8")
    assert page == write_reference.page(page), "write them anew with: make generated"


def test_the_picture_of_the_page_is_of_the_reference_run() -> None:
    shown = write_picture.shown_sha256(write_picture.PICTURE)
    assert shown == write_picture.figures_sha256(), "take it anew with: make generated"


def test_the_readme_is_short_and_what_it_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("\n") < 150
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", readme):
        assert (ROOT / path).exists(), path


def test_the_reference_charts_are_current() -> None:
    """By what they say of each mark: where its text stands depends on the fonts of the machine."""
    expected = write_reference.charts()
    others = {write_picture.PICTURE, write_recording.RECORDING}
    assert {*expected, *others} == set((ROOT / "docs" / "reference").iterdir())
    for path, svg in expected.items():
        assert said(path.read_text(encoding="utf-8")) == said(svg), "write them anew with: make generated"


def said(svg: str) -> list[str]:
    found = re.findall(r'aria-label="([^"]*)"', svg)
    assert found
    return found


@pytest.mark.parametrize("path", write_schema.SCHEMAS, ids=lambda path: path.name)
def test_the_schemas_are_current(path: Path) -> None:
    found = path.read_text(encoding="utf-8")
    assert found == write_schema.text(write_schema.SCHEMAS[path]), "write them anew with: make generated"


def test_compose_is_current() -> None:
    found = write_compose.COMPOSE.read_text(encoding="utf-8")
    assert found == write_compose.text(), "write it anew with: make generated"


def test_compose_has_a_service_for_each_environment_and_device() -> None:
    names = {stack.name if device == "cpu" else f"{stack.name}-gpu" for stack, device in SERVICES}
    assert set(COMPOSE["services"]) == names


@pytest.mark.parametrize(("stack", "device"), SERVICES, ids=lambda value: getattr(value, "name", value))
def test_a_service_measures_its_environment_and_nothing_reaches_out(stack: Any, device: str) -> None:
    service = COMPOSE["services"][stack.name if device == "cpu" else f"{stack.name}-gpu"]
    job, out, *options = service["command"]
    assert service["build"]["dockerfile"] == f"docker/{stack.name}/Dockerfile"
    assert service["image"].startswith(f"detection-harness/{stack.name}:")
    assert job == f"/cell/jobs/{stack.name}.json"
    assert out.startswith("/cell/results/compose/")
    assert options[-2:] == ["--device", device]
    assert service["profiles"] == ["cpu" if device == "cpu" else "gpu"]
    assert ("deploy" in service) == (device == "cuda")
    assert (service["network_mode"], service["read_only"], service["cap_drop"]) == ("none", True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
