"""docker/cuda11.4, as far as it goes without its downloads: each script alone, and the whole on stand-in sources."""

import gzip
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import environments
from harness.errors import CannotRunHere
from harness.images import recipes
from harness.images.engine import Engine
from harness.paths import ROOT
from tests.integration.commands import copied, harness
from tests.integration.servers import FileServer, serving
from tests.needs import programs

ENVIRONMENT = environments()["cuda11.4"]
FOLDER = ENVIRONMENT.folder
STANDINS = ROOT / "tests" / "data" / "source_build"
CONTENT = os.urandom(300_000)
QUICK = {"FETCH_TRIES": "4", "FETCH_WAIT_S": "0.01"}


def script(name: str, *arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    programs("curl")
    return subprocess.run(
        [FOLDER / name, *map(str, arguments)],
        env={**os.environ, **QUICK, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("faults", "ranges"),
    [
        ({}, [None]),
        ({"break_offs": [1000, 2000]}, [None, "bytes=1000-", "bytes=3000-"]),
        ({"refusals": [503]}, [None, None]),
        ({"break_offs": [1000], "knows_ranges": False}, [None, "bytes=1000-", None]),
    ],
    ids=["whole", "broken-off", "unavailable", "no-ranges"],
)
def test_a_download_arrives_whole_whatever_the_server_does(
    faults: dict[str, object], ranges: list[str | None], tmp_path: Path
) -> None:
    with serving(FileServer(CONTENT, **faults)) as server:  # type: ignore[arg-type]
        done = script("fetch", server.url, tmp_path / "file")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.ranges == ranges


@pytest.mark.parametrize(
    ("refusals", "sentence"),
    [([404], "can't be had: the server answers 404"), ([503] * 4, "could not be fetched in 4")],
)
def test_a_download_that_can_not_be_had_ends_the_build(refusals: list[int], sentence: str, tmp_path: Path) -> None:
    with serving(FileServer(CONTENT, refusals=list(refusals))) as server:
        done = script("fetch", server.url, tmp_path / "file")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert server.requests == len(refusals)


def test_a_download_is_held_to_its_checksum(tmp_path: Path) -> None:
    file, sha256 = tmp_path / "file", hashlib.sha256(CONTENT).hexdigest()
    file.write_bytes(CONTENT)
    unknown = script("verify", "FILE_SHA256", "", file)
    assert (unknown.returncode, unknown.stderr.splitlines()[-1]) == (1, f"unpinned: FILE_SHA256={sha256}")
    assert script("verify", "FILE_SHA256", sha256, file).returncode == 0
    file.write_bytes(CONTENT[:-1])
    changed = script("verify", "FILE_SHA256", sha256, file)
    assert changed.returncode == 1
    assert "is not the file that FILE_SHA256 pins" in changed.stderr
    assert not file.exists()


def patched(folder: Path) -> "subprocess.CompletedProcess[str]":
    programs("patch")
    (command,) = re.findall(r"^RUN (patch .*)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    command = command.replace("/src/", f"{FOLDER}/")
    return subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)


def test_the_patch_adds_the_include_and_refuses_another_file(tmp_path: Path) -> None:
    shutil.copytree(STANDINS / "pytorch" / "caffe2", tmp_path / "caffe2")
    file = tmp_path / "caffe2" / "utils" / "math_gpu.cu"
    original = file.read_text()
    assert patched(tmp_path).returncode == 0
    include = "#include <thrust/host_vector.h>\n"
    assert file.read_text().replace(include, "") == original
    assert file.read_text().count(include) == 1
    assert patched(tmp_path).returncode != 0, "applied twice"
    file.write_text(original.replace("#include <thrust/functional.h>\n", ""))
    assert patched(tmp_path).returncode != 0, "applied to another file"


RIGHT = {"torch": "1.9.0", "torchvision": "0.10.0", "cuda": "11.4", "cudnn": 8202, "flags": "sm_61", "ops": True}


def checked(folder: Path, found: dict[str, object], architectures: str = "6.1") -> "subprocess.CompletedProcess[str]":
    """Run the assert stage's script against packages that say `found` of themselves."""
    for package, text in {
        "torch/__init__.py": f"""
from types import SimpleNamespace as Space
__version__ = {found["torch"]!r}
version = Space(cuda={found["cuda"]!r})
backends = Space(cudnn=Space(version=lambda: {found["cudnn"]!r}))
_C = Space(_cuda_getArchFlags=lambda: {found["flags"]!r})
""",
        "torchvision/__init__.py": f"__version__ = {found['torchvision']!r}",
        "torchvision/extension.py": f"def _has_ops(): return {found['ops']!r}",
    }.items():
        (folder / package).parent.mkdir(exist_ok=True)
        (folder / package).write_text(text)
    (command,) = re.findall(r"^RUN python (check.py .*)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    _, *options = command.replace('"${ARCHITECTURES}"', architectures).split()
    return subprocess.run(
        [sys.executable, "-B", FOLDER / "check.py", *options],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("flags", ["sm_61", "sm_60 sm_61 compute_61"])
def test_the_right_build_passes_its_check(flags: str, tmp_path: Path) -> None:
    done = checked(tmp_path, RIGHT | {"flags": flags})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"torch": "1.9.0a0+gitd69c22d"}, "torch is 1.9.0a0+gitd69c22d, not 1.9.0"),
        ({"torchvision": "0.10.0a0+300a8a4"}, "torchvision is 0.10.0a0+300a8a4, not 0.10.0"),
        ({"cuda": "11.1"}, "cuda is 11.1, not 11.4"),
        ({"cuda": None}, "cuda is None, not 11.4"),
        ({"cudnn": 8204}, "cudnn is 8204, not 8202"),
        ({"flags": "sm_60"}, "torch is compiled for 'sm_60', without sm_61"),
        ({"flags": None}, "torch is compiled for '', without sm_61"),
        ({"ops": False}, "torchvision was built without its compiled operators"),
    ],
)
def test_a_wrong_build_fails_its_check(wrong: dict[str, object], sentence: str, tmp_path: Path) -> None:
    done = checked(tmp_path, RIGHT | wrong)
    assert done.returncode == 1
    assert sentence in done.stderr


def test_chosen_architectures_are_checked_too(tmp_path: Path) -> None:
    done = checked(tmp_path, RIGHT | {"flags": "sm_61 sm_75"}, architectures="6.1;7.5+PTX")
    assert "without compute_75" in done.stderr


def test_every_step_stops_at_its_first_error() -> None:
    """Steps under bash's own strictness may pipe; any other is a chain of &&, which sh stops at, too."""
    for dockerfile in (ROOT / "docker").glob("*/Dockerfile"):
        text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
        strict, stage = False, ""
        stages: dict[str, bool] = {}
        for line in text.splitlines():
            if line.startswith("FROM"):
                words = line.split()
                strict = stages.get(words[1], False)
                stages[words[-1]] = strict
                stage = words[-1]
            elif line.startswith("SHELL"):
                strict = stages[stage] = "-euo" in line and "pipefail" in line
            elif line.startswith("RUN") and not strict:
                assert not re.search(r"[;|]", line.replace("||", "|")), f"{dockerfile}: {line}"


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Stand-in downloads and repositories on loopback, as build arguments: always the same, so steps are reused."""
    programs("gcc", "git")
    folder = tmp_path_factory.mktemp("sources")
    commits = {}
    for name in ("pytorch", "vision"):
        repository = folder / name
        shutil.copytree(STANDINS / name, repository)
        git = ["git", "-C", str(repository), "-c", "user.name=test", "-c", "user.email=test@localhost"]
        fixed = {**os.environ, "GIT_AUTHOR_DATE": "2021-06-15T00:00Z", "GIT_COMMITTER_DATE": "2021-06-15T00:00Z"}
        for command in ("init --quiet", "add --all", "commit --quiet --message stand-in", "tag v0.10.0"):
            subprocess.run([*git, *command.split()], check=True, env=fixed)
        subprocess.run([*git, "config", "uploadpack.allowAnySHA1InWant", "true"], check=True)
        commits[name] = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    cudnn = cudnn_archive(folder)
    port = free(28114)
    daemon = ["git", "daemon", "--export-all", f"--base-path={folder}", "--listen=127.0.0.1", f"--port={port}"]
    with (
        subprocess.Popen(daemon, stderr=subprocess.DEVNULL) as process,
        serving(FileServer((STANDINS / "cuda.run").read_bytes()), free(28115)) as cuda,
        serving(FileServer(cudnn), free(28116)) as archive,
    ):
        yield {
            "CUDA_URL": cuda.url,
            "CUDA_SHA256": hashlib.sha256(cuda.content).hexdigest(),
            "CUDNN_URL": archive.url,
            "CUDNN_SHA256": hashlib.sha256(archive.content).hexdigest(),
            "PYTORCH_URL": f"git://127.0.0.1:{port}/pytorch",
            "PYTORCH_COMMIT": commits["pytorch"],
            "TORCHVISION_URL": f"git://127.0.0.1:{port}/vision",
            "TORCHVISION_COMMIT": commits["vision"][:7],
        }
        process.terminate()


def free(preferred: int) -> int:
    """Return the port, or another where somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cudnn_archive(folder: Path) -> bytes:
    """Return an archive laid out as NVIDIA's: one library that torch links, one that it opens by name only."""
    lib = folder / "cuda" / "lib64"
    lib.mkdir(parents=True)
    for name, function in (("libcudnn", "cudnnGetVersion"), ("libcudnn_ops_infer", "ops")):
        source = f"unsigned long {function}(void) {{ return 8202; }}"
        command = ["gcc", "-x", "c", "-shared", "-fPIC", f"-Wl,-soname,{name}.so.8", "-o", f"{lib}/{name}.so.8", "-"]
        subprocess.run(command, input=source, text=True, check=True)
    (lib / "libcudnn.so").symlink_to("libcudnn.so.8")
    with tarfile.open(folder / "cudnn.tar", "w") as archive:
        archive.add(folder / "cuda", "cuda", filter=dateless)
    return gzip.compress((folder / "cudnn.tar").read_bytes(), mtime=0)


def dateless(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = 0
    return member


@pytest.fixture(scope="session")
def recipe(sources: dict[str, str], base_of: Callable[[str], str]) -> recipes.Recipe:
    return recipes.Recipe(ENVIRONMENT, base_of(ENVIRONMENT.name), sources)


def output_of(engine: Engine, recipe: recipes.Recipe) -> str:
    """Build, and return the engine's output, whether the build failed or not; pytest shows it where a test fails."""
    lines: list[str] = []
    with suppress(CannotRunHere):
        for line in recipes.build(engine, recipe):
            lines.append(line)
            print(line)
    return "\n".join(lines)


@pytest.mark.docker
def test_the_whole_recipe_builds_from_stand_in_sources(engine: Engine, recipe: recipes.Recipe) -> None:
    output_of(engine, recipe)
    image = recipes.built(engine, recipe)
    assert image is not None
    try:
        assert len(image.substitutions) == len(recipe.build_args) + 1
        output = engine._client.containers.run(image.id, ["-c", LOOK], entrypoint="sh", remove=True)
    finally:
        engine._client.images.remove(recipe.tag)
    names = output.decode().split()
    assert {"libcudart.so.11.0", "libcudnn.so.8", "libcudnn_ops_infer.so.8", "libpng16.so.16"} <= set(names)
    assert not [name for name in names if name.startswith(("libc.", "nvcc", "gcc"))]


@pytest.mark.docker
def test_a_checksum_that_is_not_known_is_shown_and_pinned_on_agreement(
    engine: Engine, recipe: recipes.Recipe, tmp_path: Path
) -> None:
    root = copied(tmp_path)
    dockerfile = root / "docker" / "cuda11.4" / "Dockerfile"
    before, sha256 = dockerfile.read_text(), recipe.build_args["CUDNN_SHA256"]
    arguments = [f"--build-arg={name}={value}" for name, value in recipe.build_args.items() if name != "CUDNN_SHA256"]

    def build(*options: str) -> "subprocess.CompletedProcess[str]":
        command = ["images", "build", "cuda11.4", "--base", recipe.base, *arguments, *options]
        return harness(*command, variables={"PYTHONPATH": str(root)}, root=root)

    asked = build()
    assert asked.returncode == 3
    assert "cuda11.4 is compiled from source: about 12 core-hours" in asked.stdout
    assert "nobody agreed to build it" in asked.stderr
    refused = build("--yes", "--build-arg", "CUDNN_SHA256=")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert f"write ARG CUDNN_SHA256={sha256} into docker/cuda11.4/Dockerfile" in refused.stderr
    assert dockerfile.read_text() == before
    done = build("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "has no pinned checksum yet" in done.stdout
    assert dockerfile.read_text() == before.replace("ARG CUDNN_SHA256=\n", f"ARG CUDNN_SHA256={sha256}\n")
    tag = re.search(r"detection-harness/cuda11\.4:[\w-]+", done.stdout)
    assert tag
    engine._client.images.remove(tag.group())


@pytest.mark.docker
def test_a_run_explains_the_build_first(engine: Engine) -> None:
    if recipes.find(engine, ENVIRONMENT):
        pytest.skip("the image of cuda11.4 is here")
    done = harness("run", "--image", "cuda11.4", "--all-models", "--device", "cpu", "--weights", "random")
    assert done.returncode == 3
    if "needs 45.0 GB" not in done.stderr:
        assert "cuda11.4 on cpu: 8 cells" in done.stdout
        assert "cuda11.4 is compiled from source: about 12 core-hours" in done.stdout
        assert "build it with: harness images build cuda11.4 --yes" in done.stderr


LOOK = "ls /opt/libraries; ls /usr/local/cuda /usr/bin/g++-9 2>/dev/null || true"


@pytest.mark.docker
@pytest.mark.parametrize(
    ("argument", "value", "step", "sentence"),
    [
        ("CUDA_SHA256", "0" * 64, "/opt/build/fetch", "is not the file that CUDA_SHA256 pins"),
        ("TORCHVISION_COMMIT", "0000000", "refs/tags/v0.10.0", ""),
    ],
)
def test_a_changed_source_fails_at_its_own_step(
    engine: Engine, recipe: recipes.Recipe, argument: str, value: str, step: str, sentence: str
) -> None:
    output = output_of(engine, replace(recipe, build_args=recipe.build_args | {argument: value}))
    *_, last = (line for line in output.splitlines() if line.startswith("Step "))
    assert step in last
    assert sentence in output


@pytest.mark.docker
def test_a_broken_build_goes_on_at_the_step_that_broke(engine: Engine, recipe: recipes.Recipe) -> None:
    output_of(engine, replace(recipe, build_args=recipe.build_args | {"TORCHVISION_COMMIT": "0000000"}))
    try:
        output = output_of(engine, recipe)
    finally:
        engine._client.images.remove(recipe.tag)
    steps = re.split(r"^Step ", output, flags=re.MULTILINE)
    reused = [step for step in steps if "---> Using cache" in step]
    assert any("--target torch_cpu" in step for step in reused)
    assert any("dist/torch-*.whl" in step for step in reused)


@pytest.mark.docker
def test_an_earlier_build_is_the_compiler_s_cache(engine: Engine, recipe: recipes.Recipe) -> None:
    """As docker/cuda11.4/README.md says: the stage `pytorch`, tagged, serves a build with other arguments."""
    tag, dockerfile = "detection-harness/compiled:test", "docker/cuda11.4/Dockerfile"

    def compiled(**arguments: str) -> str:
        given = recipe.arguments | arguments
        image, _ = engine._client.images.build(
            path=str(ROOT),
            dockerfile=dockerfile,
            target="pytorch",
            tag=tag,
            buildargs=given,
            network_mode="host",
            rm=True,
        )
        shown = engine._client.containers.run(image, ["ccache", "--show-stats"], remove=True).decode()
        hits = re.search(r"(?:cache hit \(direct\)|Hits:)\s+(\d+)", shown)
        assert hits, shown
        return hits.group(1)

    try:
        before = compiled()
        assert int(compiled(COMPILER_CACHE=tag, ARCHITECTURES="6.1;7.5")) > int(before)
    finally:
        engine._client.images.remove(tag)
