"""The check of a connected machine, against servers on loopback: what holds is said, each planted fault is found."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.catalogue import docker_environments, models
from harness.paths import ROOT
from tests.integration.servers import FileServer, serving
from tests.online.parts import beside, locked

#: Where nothing listens.
NOWHERE = "http://127.0.0.1:9"


def check(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    places = {
        "ONLINE_REGISTRY": NOWHERE,
        "ONLINE_INDEX": f"{NOWHERE}/simple",
        "HARNESS_WEIGHTS_URL": f"{NOWHERE}/models/",
    }
    environment = {**os.environ, **places, "ONLINE_CUDNN_URL": f"{NOWHERE}/cudnn.tgz", "OUT": str(folder), **variables}
    command = [sys.executable, "-m", "tests.online"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def verdicts(folder: Path) -> dict[str, str]:
    return {finding["item"]: finding["verdict"] for finding in json.loads((folder / "findings.json").read_bytes())}


def test_without_a_connection_it_says_so_soon(tmp_path: Path) -> None:
    began = time.monotonic()
    done = check(tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "test-online: this machine is not connected: 127.0.0.1:9 does not answer; connect it.\n"
    assert time.monotonic() - began < 10
    assert not list(tmp_path.iterdir())


def test_the_parts_are_listed_with_what_they_take(tmp_path: Path) -> None:
    done = check(tmp_path, LIST="1")
    assert done.returncode == 0
    assert [line.split("  ")[0] for line in done.stdout.splitlines()][:2] == ["bases", "locks"]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [({"ONLY": "base"}, "there is no part 'base'; did you mean bases?"), ({"LIMIT": "all"}, "LIMIT=all is no number")],
)
def test_what_it_does_not_know_is_a_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    done = check(tmp_path, **variables)
    assert done.returncode == 2
    assert sentence in done.stderr


@pytest.fixture
def registry() -> Iterator[FileServer]:
    """A registry whose every manifest is one JSON text: its bytes have one digest, and no pin is that."""
    with serving(FileServer(content=b"{}")) as server:
        yield server


def test_a_digest_is_of_the_bytes_that_come(tmp_path: Path, registry: FileServer) -> None:
    done = check(tmp_path, ONLY="bases", ONLINE_REGISTRY=registry.url)
    assert done.returncode == 1
    assert set(verdicts(tmp_path).values()) == {"broken"}
    assert f"broken: sha256:{hashlib.sha256(b'{}').hexdigest()}" in done.stdout


def test_a_digest_that_is_gone_is_found_and_what_held_is_not_asked_again(tmp_path: Path, registry: FileServer) -> None:
    bases = list(dict.fromkeys(str(environment.base) for environment in docker_environments()))
    held = [{"part": "bases", "item": base, "verdict": "holds", "seen": "before"} for base in bases[1:]]
    (tmp_path / "findings.json").write_text(json.dumps(held))
    registry.refusals = [404, 404]  # to the first question whether it answers at all, and to the digest
    done = check(tmp_path, ONLY="bases", ONLINE_REGISTRY=registry.url)
    assert done.returncode == 1
    assert verdicts(tmp_path) == {bases[0]: "broken"} | dict.fromkeys(bases[1:], "holds")
    assert "the registry has no such manifest" in (tmp_path / "report.md").read_text()
    assert registry.requests == 2


def test_a_hash_that_an_index_no_longer_serves_is_found(tmp_path: Path) -> None:
    """The first requirement of the first lock is served without one of its hashes, whatever it is called."""
    every = [
        (requirement, hashes)
        for environment in docker_environments()
        for requirement, hashes in locked((environment.folder / "requirements.lock").read_text())
    ]
    gone = sorted(every[0][1])[0]
    links = "".join(f'<a href="x#sha256={each}">x</a>' for _, hashes in every for each in hashes if each != gone)
    with serving(FileServer(content=links.encode())) as index:
        done = check(tmp_path, ONLY="locks", ONLINE_INDEX=index.url, ONLINE_WHEEL_INDEX=index.url)
    assert done.returncode == 1
    requirement, hashes = every[0]
    assert f"{requirement}: broken: {len(hashes) - 1} of {len(hashes)} hashes are served" in done.stdout
    assert "holds" in verdicts(tmp_path).values()


def test_a_checkpoint_that_is_another_file_is_found(tmp_path: Path) -> None:
    with serving(FileServer(content=b"no checkpoint")) as server:
        variables = {"HARNESS_WEIGHTS_URL": server.url, "HARNESS_DATA": str(tmp_path / "data")}
        done = check(tmp_path, ONLY="checkpoints", **variables)
    assert done.returncode == 1
    found = verdicts(tmp_path)
    assert set(found) == {model.checkpoint for model in models().values()}
    assert set(found.values()) == {"not reached"}
    assert "as its name says, and what came was deleted" in done.stdout


def test_the_checksum_of_cudnn_is_proposed_also_when_it_was_fetched_before(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"an archive").hexdigest()
    with serving(FileServer(content=b"an archive")) as server:
        url = f"{server.url}cudnn.tgz"
        for _ in range(2):
            assert check(tmp_path / "new", ONLY="cudnn", ONLINE_CUDNN_URL=url).returncode == 0
            assert f"+ARG CUDNN_SHA256={sha256}" in (tmp_path / "new" / "proposed.diff").read_text()


def test_findings_that_are_garbage_are_a_sentence(tmp_path: Path, registry: FileServer) -> None:
    (tmp_path / "findings.json").write_text("[{]")
    done = check(tmp_path, ONLY="bases", ONLINE_REGISTRY=registry.url)
    assert done.returncode == 4
    assert "findings.json is not usable" in done.stderr
    assert "delete it and begin again" in done.stderr


@pytest.mark.parametrize(
    ("points", "images", "holds"), [(0.1, 5000, True), (-3, 5000, False), (-3, 500, False), (1, 500, True)]
)
def test_an_ap_three_points_low_does_not_hold(points: float, images: int, holds: bool) -> None:
    model = models()["ssd300_vgg16"]
    ap = (model.box_ap + points) / 100
    interval = {"low": ap - 0.02, "high": ap + 0.02}
    score = {"metrics": {"AP": ap}, "interval": interval, "images": images, "iou": "bbox", "box_rule": "float"}
    assert beside(score, model)[0] is holds
