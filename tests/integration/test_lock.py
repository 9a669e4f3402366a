"""Pins resolved anew in a copy of the repository, at a real registry and a real package index on loopback."""

import hashlib
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.images.engine import Engine
from harness.paths import ROOT
from tests.integration.commands import harness
from tests.integration.wheels import serving_folder, wheel
from tests.needs import programs

pytestmark = pytest.mark.docker

DOCKERFILE = """ARG BASE={base}
FROM ${{BASE}}
COPY docker/tiny/requirements.lock /opt/
COPY runner/ /opt/runner/
"""
ENTRY = """# A comment that has to survive.
[tiny]
title = "a tiny stack"
base = "{base}"
wheel_index = "{index}"
hashed = false
devices = ["cpu"]
image_gb = 0.1
expected = {{ python = "3.11", torch = "1.0+tiny" }}
[tiny.certainty]
base = "inferred: made up"
wheels = "inferred: made up"
"""


@dataclass
class Copy:
    """A copy of the repository with one environment, and the services that its pins come from."""

    root: Path
    reference: str
    index: str

    def lock(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        variables = {"PYTHONPATH": str(self.root), "UV_DEFAULT_INDEX": self.index, "UV_NO_CONFIG": "1"}
        return harness("images", "lock", *arguments, variables=variables, root=self.root)

    def text(self, name: str) -> str:
        return (self.root / "docker" / name).read_text()


def push(engine: Engine, reference: str, content: str, folder: Path) -> str:
    """Push an image of one file and return the digest that the registry gave it."""
    (folder / "file").write_text(content)
    with tarfile.open(folder / "root.tar", "w") as archive:
        archive.add(folder / "file", "file")
    repository, _, tag = reference.rpartition(":")
    engine._client.api.import_image(str(folder / "root.tar"), repository=repository, tag=tag)
    events = list(engine._client.api.push(repository, tag=tag, stream=True, decode=True))
    engine._client.images.remove(reference, force=True)
    return str(next(event["aux"]["Digest"] for event in events if "aux" in event))


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    programs("docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (tmp_path / "registry.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\nhttp: {{addr: '{address}'}}\n"
    )
    with (tmp_path / "registry.log").open("w") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(tmp_path / "registry.yml")], stdout=log, stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex((address.split(":")[0], int(address.split(":")[1]))) == 0:
                    break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "index"
    folder.mkdir()
    with serving_folder(folder) as url:
        yield url


@pytest.fixture
def copy(tmp_path: Path, registry: str, index: str, engine: Engine) -> Copy:
    """The tiny environment, locked for the first time."""
    root = tmp_path / "copy"
    for name in ("harness", "runner"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    recipe = root / "docker" / "tiny"
    recipe.mkdir(parents=True)
    reference = f"{registry}/base:1"
    base = f"{reference}@{push(engine, reference, 'first', tmp_path)}"
    (root / "docker" / "environments.toml").write_text(ENTRY.format(base=base, index=index))
    (recipe / "Dockerfile").write_text(DOCKERFILE.format(base=base))
    (recipe / "requirements.in").write_text("extra\n")
    (recipe / "requirements.lock").write_text("")
    (recipe / "torch.lock").write_text("torch==1.0+tiny\n")
    wheel(tmp_path / "index", "torch", "1.0+tiny")
    wheel(tmp_path / "index", "extra", "2.0")
    made = Copy(root, reference, index)
    done = made.lock("--write")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_locking_completes_what_had_no_hash(copy: Copy, tmp_path: Path) -> None:
    torch = hashlib.sha256((tmp_path / "index" / "torch" / "torch-1.0+tiny-py3-none-any.whl").read_bytes()).hexdigest()
    assert copy.text("tiny/torch.lock") == f"torch==1.0+tiny \\\n    --hash=sha256:{torch}\n"
    assert "extra==2.0 \\\n    --hash=sha256:" in copy.text("tiny/requirements.lock")
    assert "hashed" not in copy.text("environments.toml")
    assert copy.text("environments.toml").startswith("# A comment that has to survive.\n[tiny]\n")
    done = copy.lock()
    assert (done.returncode, done.stdout.strip()) == (0, "every pin is current")


def test_a_drifted_digest_shows_and_changes_nothing_unasked(copy: Copy, engine: Engine, tmp_path: Path) -> None:
    old = copy.text("tiny/Dockerfile").split("\n")[0].removeprefix("ARG BASE=")
    new = f"{copy.reference}@{push(engine, copy.reference, 'second', tmp_path)}"
    done = copy.lock("tiny")
    assert done.returncode == 1
    assert f"-ARG BASE={old}\n+ARG BASE={new}\n" in done.stdout
    assert f'-base = "{old}"\n+base = "{new}"\n' in done.stdout
    assert old in copy.text("tiny/Dockerfile")
    assert old in copy.text("environments.toml")
    assert copy.lock("--write").returncode == 0
    assert new in copy.text("tiny/Dockerfile")
    assert f'base = "{new}"' in copy.text("environments.toml")
    assert copy.lock().returncode == 0


def test_a_new_wheel_shows(copy: Copy, tmp_path: Path) -> None:
    wheel(tmp_path / "index", "extra", "2.1")
    done = copy.lock()
    assert done.returncode == 1
    assert "-extra==2.0" in done.stdout
    assert "+extra==2.1" in done.stdout


def test_what_can_not_be_resolved_is_named_and_the_rest_is_done(copy: Copy, tmp_path: Path) -> None:
    wheel(tmp_path / "index", "extra", "2.1")
    recipe = copy.root / "docker" / "tiny"
    for path in (recipe / "Dockerfile", copy.root / "docker" / "environments.toml"):
        path.write_text(path.read_text().replace(copy.reference, f"{copy.reference}-absent"))
    done = copy.lock("--write")
    assert done.returncode == 3
    assert f"unresolved: the base of tiny, {copy.reference}-absent, is at no registry that answers" in done.stdout
    assert done.stderr.startswith("harness: not every pin could be resolved here (1)")
    assert "extra==2.1" in copy.text("tiny/requirements.lock")


def test_a_changed_recipe_is_not_built(copy: Copy) -> None:
    """The tag follows the content: a Dockerfile changed by one byte is another image."""
    tag = "from harness.images import recipes as images; from harness.catalogue import environment as e; r = e('tiny');"
    tag += "print(images.tag_of(r, images.recipe_sha256(r)))"

    def current() -> str:
        command = [sys.executable, "-c", tag]
        return subprocess.run(command, cwd=copy.root, capture_output=True, text=True, check=True).stdout

    before = current()
    with (copy.root / "docker" / "tiny" / "Dockerfile").open("a") as file:
        file.write("\n")
    assert current() != before


def test_a_wheel_of_another_content_is_refused(index: str, base_of: Callable[[str], str], tmp_path: Path) -> None:
    """cuda11.1 locks the wheels of PyTorch's own index by hash: a mirror that serves anything else breaks the build."""
    wheel(tmp_path / "index", "torch", "1.9.0+cu111")
    wheel(tmp_path / "index", "torchvision", "0.10.0+cu111")
    arguments = ["--base", base_of("cuda11.1"), "--build-arg", f"TORCH_INDEX_URL={index}"]
    done = harness("images", "build", "cuda11.1", *arguments)
    assert done.returncode == 3
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in done.stdout
    assert "torch==1.9.0+cu111 from " in done.stdout
