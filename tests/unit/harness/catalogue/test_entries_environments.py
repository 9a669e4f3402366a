"""Every environment is what its entry in docker/environments.toml says: Dockerfile, locks and pins agree."""

import re

import pytest
from docker.utils.build import exclude_paths

from harness.catalogue import Environment, environments
from harness.paths import ROOT

DOCKER = [environment for environment in environments().values() if environment.base]


@pytest.mark.parametrize("environment", DOCKER, ids=lambda e: e.name)
def test_the_recipe_is_whole_and_starts_from_the_pinned_base(environment: Environment) -> None:
    dockerfile = (environment.folder / "Dockerfile").read_text(encoding="utf-8")
    assert f"\nARG BASE={environment.base}\n" in dockerfile
    assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", str(environment.base))
    last = ["COPY runner/ /opt/runner/", "RUN chmod -R a+rX /opt/runner", 'ENTRYPOINT ["python", "-m", "runner"]']
    assert dockerfile.splitlines()[-3:] == last
    assert "--require-hashes" in dockerfile
    if environment.wheel_index:
        assert f"\nARG TORCH_INDEX_URL={environment.wheel_index}\n" in dockerfile
    assert (environment.folder / "requirements.in").is_file()


@pytest.mark.parametrize("environment", DOCKER, ids=lambda e: e.name)
def test_what_a_recipe_copies_is_in_its_build_context(environment: Environment) -> None:
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    name = f"docker/{environment.name}/Dockerfile"
    context = exclude_paths(str(ROOT), patterns, dockerfile=name)
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert {source.rstrip("/") for line in copies for source in line.split()} <= context
    assert not [path for path in context if path.startswith((".git/", ".venv", "results", "harness"))]


def requirements(environment: Environment, name: str) -> dict[str, bool]:
    """Return the requirements of a lock, and whether each has a hash."""
    text = (environment.folder / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {line.split()[0]: bool(re.search(r"--hash=sha256:[0-9a-f]{64}\b", line)) for line in lines}


@pytest.mark.parametrize("environment", DOCKER, ids=lambda e: e.name)
def test_every_wheel_is_locked_by_hash_or_the_entry_says_so(environment: Environment) -> None:
    locked = requirements(environment, "requirements.lock")
    assert locked
    assert all("==" in name and hashed for name, hashed in locked.items())
    own = requirements(environment, "torch.lock") if environment.wheel_index else {}
    assert all(own.values()) == environment.hashed
    versions = [f"{package}=={environment.expected[package]}" for package in ("torch", "torchvision")]
    if environment.wheel_index:
        assert list(own) == versions
    elif "cuda" in environment.expected and not environment.source_build:
        assert {version.partition("+")[0] for version in versions} <= set(locked)


@pytest.mark.parametrize("environment", DOCKER, ids=lambda e: e.name)
def test_a_lock_answers_its_requirements(environment: Environment) -> None:
    locked = requirements(environment, "requirements.lock")
    packages = {name.partition("==")[0] for name in locked}
    for wanted in requirements(environment, "requirements.in"):
        assert wanted in (locked if "==" in wanted else packages), f"{environment.name}: {wanted}; run: make lock"


@pytest.mark.parametrize("environment", DOCKER, ids=lambda e: e.name)
def test_a_pin_says_how_it_is_known(environment: Environment) -> None:
    assert {"base", "wheels"} <= set(environment.certainty)
    known = ("verified", "agreed", "single", "inferred", "torch agreed")
    assert all(text.startswith(known) for text in environment.certainty.values())
    assert ("cuda" in environment.devices) == ("cuda" in environment.expected) == bool(environment.architectures)
    assert ("cuda" in environment.devices) == (environment.minimum_driver is not None)
