"""The check of a connected machine, against servers on loopback: what holds is said, each planted fault is found.

It runs whole, in a copy of the repository whose pins are those of what the servers have.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.paths import ROOT
from tests.integration.commands import copied
from tests.integration.downloading import wait_until
from tests.integration.servers import FileServer, serving
from tests.integration.wheels import serving_folder, wheel
from tests.needs import programs
from tests.online.index import Locked, locked

#: Where nothing listens.
NOWHERE = "http://127.0.0.1:9"
CHECKPOINT, CUDNN, MANIFEST = b"a checkpoint", b"an archive" * 10_000, b'{"schemaVersion": 2}'
#: Their torch.lock has no hashes here.
UNHASHED = ("cpu", "cuda11.8")
DOWNLOADED = "bases,locks,missing-hashes,cudnn,checkpoints"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def started(folder: Path, root: Path = ROOT, /, **variables: str) -> "subprocess.Popen[str]":
    """Start the check of the repository at `root`, where every place that is not named is nowhere."""
    places = {"ONLINE_REGISTRY": NOWHERE, "ONLINE_INDEX": f"{NOWHERE}/simple", "ONLINE_WHEEL_INDEX": f"{NOWHERE}/whl"}
    places |= {"ONLINE_CUDNN_URL": f"{NOWHERE}/cudnn.tgz", "HARNESS_WEIGHTS_URL": f"{NOWHERE}/models/"}
    environment = {
        **os.environ,
        **places,
        "OUT": str(folder),
        "PYTHONPATH": str(root),
        "UV_NO_CONFIG": "1",
        **variables,
    }
    command, pipe = [sys.executable, "-m", "tests.online"], subprocess.PIPE
    return subprocess.Popen(command, cwd=root, env=environment, stdout=pipe, stderr=pipe, text=True)


def check(folder: Path, root: Path = ROOT, /, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the check to its end."""
    with started(folder, root, **variables) as process:
        printed, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess([], process.returncode, printed, errors)


def findings(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((folder / "findings.json").read_bytes())
    return found


def wrong(folder: Path) -> dict[str, tuple[str, str]]:
    """Return what neither holds nor is new, by item."""
    settled = ("holds", "new")
    return {
        each["item"]: (each["verdict"], each["seen"]) for each in findings(folder) if each["verdict"] not in settled
    }


@dataclass
class Copy:
    """A copy of the repository, and the server and the index of wheels that have what it pins."""

    root: Path
    server: FileServer
    wheels: str

    def check(self, folder: Path, only: str = DOWNLOADED, **variables: str) -> "subprocess.CompletedProcess[str]":
        url = self.server.url
        places = {"ONLINE_REGISTRY": f"{url}hub", "ONLINE_INDEX": f"{url}simple", "ONLINE_WHEEL_INDEX": ""}
        places |= {"ONLINE_CUDNN_URL": f"{url}cudnn.tgz", "HARNESS_WEIGHTS_URL": f"{url}models/"}
        data = str(folder.with_name(f"{folder.name}-data"))
        return check(folder, self.root, **places, HARNESS_DATA=data, ONLY=only, **variables)

    def locked(self, file: str, project: str) -> Locked:
        """Return what a lock says of a project."""
        return next(each for each in locked((self.root / "docker" / file).read_text()) if each.project == project)

    def change(self, name: str, change: Callable[[str], str]) -> None:
        path = self.root / name
        text = path.read_text()
        assert change(text) != text
        path.write_text(change(text))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Every pin is of what the server has; the bases are at Docker Hub, but for one at a registry of its own."""
    folder = tmp_path_factory.mktemp("online")
    root = copied(folder)
    with serving(FileServer(contents_are_all=True)) as server, serving_folder(folder / "whl") as wheels:
        copy = Copy(root, server, wheels)
        uncertain(copy)
        bases(copy)
        indexes(copy, folder / "whl")
        names = rf"-[0-9a-f]{{8}}\.pth{chr(34)}"
        copy.change(
            "harness/catalogue/models.toml", lambda text: re.sub(names, f'-{digest(CHECKPOINT)[:8]}.pth"', text)
        )
        text = (root / "harness/catalogue/models.toml").read_text()
        server.contents |= dict.fromkeys(re.findall(r'checkpoint = "(.*)"', text), CHECKPOINT)
        server.contents["cudnn.tgz"] = CUDNN
        yield copy


def uncertain(copy: Copy) -> None:
    """However certain the pins are by now, here they are not: two locks lack hashes, and cuDNN its checksum."""
    text = re.sub(r"hashed = false\n", "", (copy.root / "docker/environments.toml").read_text())
    text = re.sub(r'(?<=\n)(base|wheels|cuda) = "\w+( \w+)*: .*"', r'\1 = "agreed: so they say"', text)
    for name in UNHASHED:
        text = re.sub(rf'^(\["?{re.escape(name)}"?\]\n)', r"\1hashed = false\n", text, flags=re.MULTILINE)
        path = copy.root / "docker" / name / "torch.lock"
        path.write_text("".join(f"{each.requirement}\n" for each in locked(path.read_text())))
    (copy.root / "docker/environments.toml").write_text(text)
    path = copy.root / "docker/cuda11.4/Dockerfile"
    path.write_text(re.sub(r"ARG CUDNN_SHA256=.*", "ARG CUDNN_SHA256=", path.read_text()))


def bases(copy: Copy) -> None:
    """Pin the digest of one manifest everywhere; that of cuda11.4 at a registry that is named by host and port."""
    own = f"{copy.server.url.removeprefix('http://')}team/ubuntu:20.04"
    for path in ["docker/environments.toml", *(f"docker/{name}/Dockerfile" for name in environments(copy))]:
        text = (copy.root / path).read_text().replace("ubuntu:20.04@", f"{own}@")
        (copy.root / path).write_text(re.sub(r"@sha256:[0-9a-f]{64}", f"@sha256:{digest(MANIFEST)}", text))
    copy.server.contents[f"sha256:{digest(MANIFEST)}"] = MANIFEST


def environments(copy: Copy) -> dict[str, Any]:
    known = tomllib.loads((copy.root / "docker/environments.toml").read_text())
    return {name: entry for name, entry in known.items() if "base" in entry}


def indexes(copy: Copy, folder: Path) -> None:
    """Serve every locked hash at the ordinary index, and wheels of what a torch.lock names at an index of its own."""
    pages: dict[str, str] = {}
    for path in (copy.root / "docker").glob("*/requirements.lock"):
        for each in locked(path.read_text()):
            links = "".join(f'<a href="x#sha256={sha256}">x</a>' for sha256 in each.sha256s)
            pages[each.project] = pages.get(each.project, "") + links
    copy.server.contents |= {f"simple/{project}/": page.encode() for project, page in pages.items()}
    for path in (copy.root / "docker").glob("*/torch.lock"):
        made = {name: wheel(folder, *name.split("==")) for name in re.findall(r"^\S+==\S+", path.read_text(), re.M)}
        if "--hash" in path.read_text():
            path.write_text("".join(f"{name} \\\n    --hash=sha256:{sha256}\n" for name, sha256 in made.items()))
    copy.change("docker/environments.toml", lambda text: re.sub(r'(?<=wheel_index = ").*(?=")', copy.wheels, text))


@pytest.fixture
def copy(pristine: Copy, tmp_path: Path) -> Iterator[Copy]:
    """The copy and its server, for a test to plant faults in both."""
    contents, kept = dict(pristine.server.contents), tmp_path / "kept"
    for name in ("docker", "harness"):
        shutil.copytree(pristine.root / name, kept / name)
    yield pristine
    pristine.server.contents, pristine.server.gone = contents, set()
    for name in ("docker", "harness"):
        shutil.rmtree(pristine.root / name)
        shutil.copytree(kept / name, pristine.root / name)


@pytest.fixture(scope="module")
def whole(pristine: Copy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a pass in which every pin holds."""
    folder = tmp_path_factory.mktemp("whole") / "report"
    done = pristine.check(folder)
    assert (done.returncode, wrong(folder)) == (0, {}), done.stdout + done.stderr
    assert done.stdout.index("in all") < done.stdout.index("1 of 5: base digests")
    assert done.stdout.endswith("all that was checked holds\n")
    return folder


def test_what_it_proposes_applies_and_completes_the_pins(copy: Copy, whole: Path) -> None:
    programs("git")
    command = ["git", "apply", "-p0", str(whole / "proposed.diff")]
    subprocess.run(command, cwd=copy.root, check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.root)})
    known = environments(copy)
    for name in UNHASHED:
        completed = list(locked((copy.root / "docker" / name / "torch.lock").read_text()))
        assert [len(each.sha256s) for each in completed] == [1, 1]
        assert "hashed" not in known[name]
        assert known[name]["certainty"]["wheels"] == f"single: hashes as {copy.wheels} serves them"
    assert known["cuda11.1"]["certainty"]["wheels"] == "agreed: PyTorch's own index has these hashes"
    assert known["cuda11.4"]["certainty"]["base"] == "verified: resolved at its registry"
    assert known["cpu"]["certainty"]["base"].startswith("agreed")  # a mirror of Docker Hub makes no pin more certain
    assert f"\nARG CUDNN_SHA256={digest(CUDNN)}\n" in (copy.root / "docker/cuda11.4/Dockerfile").read_text()


def test_what_held_is_not_asked_again_and_is_proposed_again(copy: Copy, whole: Path) -> None:
    before, asked = (whole / "proposed.diff").read_text(), copy.server.requests
    done = copy.check(whole)
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.server.requests == asked + 1  # whether it is there at all
    assert (whole / "proposed.diff").read_text() == before


def test_a_changed_pin_is_looked_at_again(copy: Copy, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(whole, folder)
    shutil.copytree(f"{whole}-data", f"{folder}-data")
    old, new = digest(MANIFEST), digest(b"another manifest")
    copy.change(
        "docker/environments.toml", lambda text: text.replace(f"bullseye@sha256:{old}", f"bullseye@sha256:{new}")
    )
    file, wanted = "cpu/requirements.lock", copy.locked("cpu/requirements.lock", "mpmath")
    copy.change(f"docker/{file}", lambda text: text.replace(min(wanted.sha256s), "0" * 64))
    copy.change(
        "docker/cuda11.4/Dockerfile", lambda text: text.replace("CUDNN_SHA256=\n", f"CUDNN_SHA256={'1' * 64}\n")
    )
    done = copy.check(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    found = wrong(folder)
    assert set(found) == {
        f"python:3.9-slim-bullseye@sha256:{new}",
        f"{file}: {wanted.requirement}",
        f"{copy.server.url}cudnn.tgz",
    }
    many = len(wanted.sha256s)
    assert found[f"{file}: {wanted.requirement}"] == ("broken", f"{many - 1} of {many} hashes are served")
    assert found[f"{copy.server.url}cudnn.tgz"][0] == "broken"
    assert f"python:3.9-slim-bullseye@sha256:{old}" not in {each["item"] for each in findings(folder)}


def test_each_planted_fault_is_found(copy: Copy, tmp_path: Path) -> None:
    """A digest that is gone, hashes that are gone or were never there, a project that is gone, a truncated file."""
    contents, models = copy.server.contents, tomllib.loads((copy.root / "harness/catalogue/models.toml").read_text())
    truncated, gone = models["ssd300_vgg16"]["checkpoint"], models["fcos_resnet50_fpn"]["checkpoint"]
    gone_base = f"hub/v2/library/debian/manifests/sha256:{digest(MANIFEST)}"
    contents |= {truncated: CHECKPOINT[:-1], "hub/v2/library/debian/manifests/trixie-slim": b"{}"}
    copy.server.gone = {gone_base, f"models/{gone}", "simple/jinja2/"}
    file, bare = "cuda10.2/requirements.lock", copy.locked("cuda10.2/requirements.lock", "psutil").requirement
    copy.change(f"docker/{file}", lambda text: re.sub(rf"({re.escape(bare)})( \\\n.*)+", r"\1", text))
    copy.change("docker/cpu/torch.lock", lambda text: re.sub(r"^torch==.*", "torch==9.9.9+cpu", text))
    folder = tmp_path / "report"
    done = copy.check(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    found = wrong(folder)
    assert {verdict for verdict, _ in found.values()} == {"broken"}
    said = {item: seen for item, (_, seen) in found.items()}
    debian = next(item for item in said if item.startswith("debian:"))
    assert said.pop(debian) == f"the registry has no such manifest; trixie-slim is now sha256:{digest(b'{}')}"
    assert said.pop(f"{file}: {bare}") == "the lock has no hash of it"
    jinja = [item for item in said if "jinja2==" in item]
    assert {said.pop(item) for item in jinja} == {"the index has no jinja2"}
    assert "torch==9.9.9+cpu" in said.pop("cpu/torch.lock")
    assert "came with SHA-256" in said.pop(truncated)
    assert "HTTP 404" in said.pop(gone)
    assert said == {}
    diff = (folder / "proposed.diff").read_text()
    assert f'+base = "debian:trixie-slim@sha256:{digest(b"{}")}"' in diff
    assert f"+ARG BASE=debian:trixie-slim@sha256:{digest(b'{}')}" in diff


def test_servers_that_are_not_there_are_one_finding_of_a_part(copy: Copy, tmp_path: Path) -> None:
    index = f"{NOWHERE}/simple"
    done = check(
        tmp_path, copy.root, ONLY="bases,locks,missing-hashes", ONLINE_REGISTRY=copy.server.url, ONLINE_INDEX=index
    )
    assert done.returncode == 1, done.stdout + done.stderr
    unreached = {f"{each['part']}: {each['seen']}" for each in findings(tmp_path) if each["verdict"] == "not reached"}
    assert unreached == {f"{part}: {NOWHERE} does not answer" for part in ("locks", "missing-hashes")}
    assert {each["part"] for each in findings(tmp_path) if each["verdict"] == "holds"} == {"bases"}


def test_a_copy_of_a_checkpoint_that_changed_is_found(copy: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    assert copy.check(folder, "checkpoints").returncode == 0
    damaged = sorted((tmp_path / "report-data" / "weights").glob("*.pth"))[0]
    damaged.write_bytes(CHECKPOINT[:-1])
    shutil.rmtree(folder)
    assert copy.check(folder, "checkpoints").returncode == 1
    ((item, (verdict, seen)),) = wrong(folder).items()
    assert (item, verdict) == (damaged.name, "broken")
    assert digest(CHECKPOINT[:-1]) in seen


def test_an_interrupted_download_goes_on(copy: Copy, tmp_path: Path) -> None:
    server = copy.server
    server.break_offs = [50_000]
    server.may_break_off.clear()
    with started(tmp_path, copy.root, ONLY="cudnn", ONLINE_CUDNN_URL=f"{server.url}cudnn.tgz") as process:
        wait_until(lambda: any(part.stat().st_size for part in tmp_path.glob("*.part")))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    server.may_break_off.set()
    assert process.returncode == 130
    assert errors == "test-online: interrupted; the same command goes on\n"
    assert (tmp_path / "report.md").is_file()
    done = check(tmp_path, copy.root, ONLY="cudnn", ONLINE_CUDNN_URL=f"{server.url}cudnn.tgz")
    assert (done.returncode, wrong(tmp_path)) == (0, {}), done.stdout + done.stderr
    assert re.fullmatch(r"bytes=[1-9]\d*-", str(server.ranges[-1]))


@pytest.mark.parametrize("resolver", ["", "import socket, time\nsocket.getaddrinfo = lambda *a, **k: time.sleep(60)\n"])
def test_without_a_connection_it_says_so_soon(tmp_path: Path, resolver: str) -> None:
    """Also where a resolver that is not there lets each name wait; the stand-in waits in its place."""
    (tmp_path / "sitecustomize.py").write_text(resolver)
    began = time.monotonic()
    done = check(tmp_path / "report", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert time.monotonic() - began < 10
    assert (done.returncode, done.stdout) == (3, "")
    hosts = r"none of 127\.0\.0\.1:9, .*images\.cocodataset\.org.* answers"
    assert re.fullmatch(rf"test-online: this machine is not connected: {hosts}; connect it\.\n", done.stderr)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("content", ["[{]", '[{"part": "bases", "item": "x", "verdict": "holds", "seen": "before"}]'])
def test_findings_that_are_garbage_are_a_sentence(copy: Copy, tmp_path: Path, content: str) -> None:
    (tmp_path / "findings.json").write_text(content)
    done = copy.check(tmp_path, "bases")
    assert done.returncode == 4
    assert "findings.json is not usable" in done.stderr
    assert "delete it and begin again" in done.stderr
