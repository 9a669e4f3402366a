"""A wheel of the project, installed without a clone and used from an empty folder."""

import json
import os
import site
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

from harness.catalogue import environments
from harness.host import own
from harness.images import recipes
from harness.images.containers import Image
from harness.images.engine import Engine
from harness.images.recipes import recipe_sha256
from harness.paths import ROOT
from tests.integration.commands import LITE
from tests.integration.standins import LEAN_TORCH

MOST_BYTES = 15e6


@dataclass(frozen=True)
class Installed:
    """A wheel, the site-packages that it was installed into, and an empty folder to work in."""

    wheel: Path
    packages: Path
    folder: Path

    def harness(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the installed command line."""
        command = self.packages.parents[2] / "bin" / "harness"
        kept = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "HARNESS_RESULTS")}
        return subprocess.run(
            [command, *arguments],
            cwd=self.folder,
            env=kept | {"COLUMNS": "120"} | variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Install the wheel beside the libraries of this interpreter, whose own harness, from a checkout, is not seen."""
    folder = tmp_path_factory.mktemp("wheel")
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    pip("wheel", "--quiet", "--no-deps", *isolation, "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # Their folder is named, so that its own .pth files, such as an editable install's, are not read.
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))
    pip("--python", folder / "venv" / "bin" / "python", "install", "--quiet", "--no-deps", "--no-index", wheel)
    (folder / "empty").mkdir()
    yield Installed(wheel, packages, folder / "empty")


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size and time of change of each file."""
    every = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in every}


def test_it_has_what_git_has_and_is_small(installed: Installed) -> None:
    assert installed.wheel.stat().st_size < MOST_BYTES
    names = set(ZipFile(installed.wheel).namelist())
    for part in ("docker", "runner", "data/photographs", "data/weights", "results/published"):
        here = [path for path in (ROOT / part).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert here
        assert {f"harness/shipped/{path.relative_to(ROOT)}" for path in here} <= names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "benchmarks/")) or "__pycache__" in name]
    assert not (ROOT / "harness" / "shipped").exists()


def test_python_finds_its_face_and_its_types(installed: Installed) -> None:
    code = "import harness; print(harness.__file__, harness.run.__name__, len(harness.models()))"
    python = installed.packages.parents[2] / "bin" / "python"
    done = subprocess.run(
        [python, "-c", code], cwd=installed.folder, capture_output=True, text=True, check=True, env={}
    )
    where, name, models = done.stdout.split()
    assert Path(where).parent == installed.packages / "harness"
    assert (name, int(models) > 0) == ("run", True)
    assert (installed.packages / "harness" / "py.typed").is_file()


@pytest.mark.torch
def test_it_works_from_any_folder_and_stays_as_it_is(installed: Installed) -> None:
    before = files(installed.packages)
    models = installed.harness("models")
    assert LITE in models.stdout, models.stderr
    doctor = installed.harness("doctor")
    assert "cuda10.2" in doctor.stdout, doctor.stderr
    measured = ["run", "--image", "local", "--device", "cpu", "--model", LITE, "--weights", "random"]
    run = installed.harness(*measured, "--iterations", "1", PYTHONPATH=str(LEAN_TORCH))
    assert run.returncode == 0, run.stdout + run.stderr
    (written,) = installed.folder.glob("results/*/cells/*/result.json")
    result = json.loads(written.read_text(encoding="utf-8"))
    assert (result["status"], result["runner_sha256"]) == ("ok", own.runner_sha256())
    merged = installed.harness("merge", "latest", "--published", "-o", "tables")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert "gtx1070" in "".join(path.read_text() for path in installed.folder.glob("tables/*.csv"))
    assert {path.name for path in installed.folder.iterdir()} == {"results", "tables"}
    assert files(installed.packages) == before


def test_its_recipes_are_those_of_the_checkout_and_results_go_where_they_are_told(installed: Installed) -> None:
    code = (
        "from harness.catalogue import docker_environments; from harness.images.recipes import recipe_sha256; "
        "import harness.paths; print(harness.paths.ROOT, harness.paths.results_folder()); "
        "print(*(f'{e.name}={recipe_sha256(e)}' for e in docker_environments()))"
    )
    python = installed.packages.parents[2] / "bin" / "python"
    done = subprocess.run(
        [python, "-c", code],
        cwd=installed.folder,
        env={"HARNESS_RESULTS": "/elsewhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    where, hashes = done.stdout.splitlines()
    assert where == f"{installed.packages / 'harness' / 'shipped'} /elsewhere"
    stacks = [stack for stack in environments().values() if stack.base]
    assert hashes.split() == [f"{stack.name}={recipe_sha256(stack)}" for stack in stacks]


@pytest.mark.docker
def test_an_image_can_be_built_from_it_for_every_user(installed: Installed, engine: Engine, cuda102: str) -> None:
    """Only the runner's layers are built: its files are under another umask, and no layer knows the argument."""
    for path in (installed.packages / "harness" / "shipped" / "runner").rglob("*.py"):
        path.chmod(0o600)
    done = installed.harness("images", "build", cuda102, "--build-arg", "NOTE=of a wheel")
    assert done.returncode == 0, done.stdout + done.stderr
    stack = environments()[cuda102]
    (image,) = [each for each in recipes.variants(engine, stack) if each.build_args == {"NOTE": "of a wheel"}]
    code = (
        "from pathlib import Path; from runner.contract.identity import source_sha256; here = Path('/opt/runner'); "
        "print(source_sha256(here), *here.rglob('__pycache__'))"
    )
    try:
        said = engine._client.containers.run(
            image.id, ["-c", code], entrypoint=["python"], user="12345:12345", network_mode="none", remove=True
        )
        assert said.decode().split() == [own.runner_sha256()]
    finally:
        engine.remove_image(Image(image.id, [image.tag], [], {}, 0))


def test_what_it_lacks_of_a_checkout_is_no_remedy(installed: Installed) -> None:
    code = (
        "from harness.catalogue import environments; from harness.images.recipes import without_base; "
        "print(without_base(environments()['cpu']))"
    )
    python = installed.packages.parents[2] / "bin" / "python"
    done = subprocess.run([python, "-c", code], cwd=installed.folder, capture_output=True, text=True, check=True)
    assert (
        done.stdout.strip() == "connect to a registry, or build on another with: harness images build cpu --base IMAGE"
    )
