"""The parts of the check, the most telling first."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from harness.catalogue import Environment, Model, docker_environments, models
from harness.catalogue.published import accuracy as published_accuracy
from harness.data import checkpoints as checkpoint_files
from harness.data.download import Wanted, fetch
from harness.errors import HarnessError
from harness.images import lock
from harness.paths import ROOT
from tests.online.findings import Finding, Findings
from tests.online.servers import hashes, manifest_digest

#: A full pass by torchvision's own recipe differs from its published AP by rounding and the stack, in points.
FULL_PASS_POINTS = 0.3
DOCKERFILE = ROOT / "docker" / "cuda11.4" / "Dockerfile"
IMAGES = 5000


@dataclass(frozen=True)
class Places:
    """Where to ask; each can be named by a variable, for mirrors and for the tests."""

    registry: str = field(default_factory=lambda: os.environ.get("ONLINE_REGISTRY", "https://registry-1.docker.io"))
    index: str = field(default_factory=lambda: os.environ.get("ONLINE_INDEX", "https://pypi.org/simple"))
    weights: str = field(default_factory=lambda: os.environ.get("HARNESS_WEIGHTS_URL", checkpoint_files.WEIGHTS_URL))


@dataclass(frozen=True)
class Check:
    """What a part works with. `limit` is how many images of COCO val2017 are detected in, None for all."""

    places: Places
    findings: Findings
    draft: lock.Draft
    folder: Path
    limit: int | None

    def each(self, part: str, item: str, look: Callable[[], tuple[bool, str]]) -> Finding:
        """Look at an item, unless it is known to hold; keep, print and return what came of it."""
        if held := self.findings.held(part, item):
            print(f"  {part}: {item}: held before", flush=True)
            return held
        try:
            holds, seen = look()
            finding = Finding(part, item, "holds" if holds else "broken", seen)
        except (httpx.HTTPError, HarnessError) as error:
            finding = Finding(part, item, "not reached", str(error) or type(error).__name__)
        self.findings.add(finding)
        print(f"  {part}: {item}: {finding.verdict}: {finding.seen}", flush=True)
        return finding


@dataclass(frozen=True)
class Part:
    """A part: what it tells, what it needs and costs, the server without which it tells nothing, and how it is run."""

    name: str
    about: str
    costs: str
    server: Callable[[Places], str]
    run: Callable[[Check], None]


def bases(check: Check) -> None:
    """Every base digest at its registry."""
    for base in dict.fromkeys(str(environment.base) for environment in docker_environments()):
        image, _, digest = base.partition("@")

        def look(image: str = image, digest: str = digest) -> tuple[bool, str]:
            served = manifest_digest(check.places.registry, image, digest)
            return served == digest, served or "the registry has no such manifest"

        check.each("bases", base, look)


def locks(check: Check) -> None:
    """Every hash of every lock at its index."""
    for environment in docker_environments():
        for file, index in _locks(environment, check.places):
            for requirement, wanted in locked((environment.folder / file).read_text(encoding="utf-8")):

                def look(
                    index: str = index, requirement: str = requirement, wanted: frozenset[str] = wanted
                ) -> tuple[bool, str]:
                    gone = wanted - hashes(index, requirement.partition("==")[0])
                    return not gone, f"{len(wanted) - len(gone)} of {len(wanted)} hashes are served"

                check.each("locks", f"{environment.name}/{file}: {requirement}", look)


def _locks(environment: Environment, places: Places) -> Iterator[tuple[str, str]]:
    yield "requirements.lock", places.index
    if environment.wheel_index and environment.hashed:
        yield "torch.lock", os.environ.get("ONLINE_WHEEL_INDEX", environment.wheel_index)


def locked(text: str) -> list[tuple[str, frozenset[str]]]:
    """Return each requirement of a lock, NAME==VERSION, with its hashes."""
    whole = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.split() for line in whole.splitlines() if re.match(r"\S+==", line)]
    return [(words[0], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", " ".join(words)))) for words in lines]


def missing_hashes(check: Check) -> None:
    """The hashes that a lock lacks, as its index serves them: a diff to commit."""
    for environment in (each for each in docker_environments() if each.wheel_index and not each.hashed):
        part, item = "missing hashes", environment.name
        try:
            lock.own_wheels(environment, check.draft)  # each time, since the proposal is made of it
            finding = Finding(part, item, "holds", "completed in proposed.diff")
        except HarnessError as error:
            finding = Finding(part, item, "not reached", str(error))
        check.findings.add(finding)
        print(f"  {part}: {item}: {finding.verdict}: {finding.seen}", flush=True)


def cudnn(check: Check) -> None:
    """The checksum of the cuDNN archive that cuda11.4 is built with: the pin, or a proposal for it."""
    text, url = DOCKERFILE.read_text(encoding="utf-8"), cudnn_url()
    pinned = re.findall(r"^ARG CUDNN_SHA256=(\S*)$", text, re.MULTILINE)[0]

    def look() -> tuple[bool, str]:
        with TemporaryDirectory(dir=check.folder) as folder:
            wanted = Wanted(url, pinned, "docker/cuda11.4/Dockerfile", "name a mirror with ONLINE_CUDNN_URL")
            return True, fetch(wanted, Path(folder) / "cudnn.tgz", lambda name, here, size: None)

    finding = check.each("cudnn", url, look)
    if finding.verdict == "holds" and not pinned:
        check.draft.change(DOCKERFILE, text.replace("ARG CUDNN_SHA256=\n", f"ARG CUDNN_SHA256={finding.seen}\n"))


def cudnn_url() -> str:
    """Return where the archive comes from: ONLINE_CUDNN_URL, or the recipe's own place."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    (url,) = re.findall(r"^ARG CUDNN_URL=(\S+)$", text, re.MULTILINE)
    return os.environ.get("ONLINE_CUDNN_URL", str(url))


def checkpoints(check: Check) -> None:
    """Every checkpoint of the catalogue fetched, and held to the digits in its name."""
    for model in models().values():

        def look(model: Model = model) -> tuple[bool, str]:
            return True, f"SHA-256 {checkpoint_files.pretrained(model, lambda name, here, size: None).sha256}"

        check.each("checkpoints", model.checkpoint, look)


def precision(check: Check) -> None:
    """AP of the eight published models on COCO val2017, beside torchvision's AP and the table published in 2021."""
    run = check.folder / (f"accuracy-{check.limit}" if check.limit else "accuracy")
    if not (run / "plan.json").is_file():
        fetched = _harness("data", "fetch", "coco-val2017")
        limit = ["--limit", str(check.limit)] if check.limit else []
        weights = ["--suite", "accuracy", "--dataset", "coco-val2017", "--weights", "pretrained"]
        done = fetched and _harness("run", *weights, "--image", "auto", "--published-models", *limit, "--out", str(run))
    else:
        done = _harness("run", "--resume", str(run))
    scores = sorted(run.glob("cells/*/scores.json"))
    ended = done and bool(scores)
    seen = "every pass was scored" if ended else "see what the harness said"
    check.findings.add(Finding("ap", "the run", "holds" if ended else "not reached", seen))
    for path in scores:
        scored = json.loads(path.read_bytes())
        job = json.loads((path.parent / "job.json").read_bytes())
        model = models()[job["model"]["builder"]]
        for score in scored["scores"]:
            item = f"{model.display}, {score['iou']}, {score['box_rule']}, {score['images']} images"
            check.each("ap", item, lambda score=score, model=model: beside(score, model))  # type: ignore[misc]


def beside(score: dict[str, object], model: Model) -> tuple[bool, str]:
    """Return whether a score of a model lies where it was published, and both in percent.

    All 5000 images have to come within 0.3 points; of a part, the interval over images has to hold the published AP.
    """
    metrics, interval, images = score["metrics"], score["interval"], score["images"]
    assert isinstance(metrics, dict)
    found, published = 100 * float(metrics["AP"]), _published(score, model)
    if published is None:
        return True, f"AP {found:.2f}; nothing is published"
    if images == IMAGES:
        return abs(found - published) <= FULL_PASS_POINTS, f"AP {found:.2f}, published {published:.2f}"
    if not isinstance(interval, dict):
        return False, f"AP {found:.2f} without an interval, published {published:.2f}"
    low, high = 100 * float(interval["low"]), 100 * float(interval["high"])
    return low <= published <= high, f"AP {found:.2f} [{low:.2f}, {high:.2f}], published {published:.2f}"


def _published(score: dict[str, object], model: Model) -> float | None:
    if score["box_rule"] == "truncate-int":
        row = published_accuracy().models.get(model.builder)
        return row["AP"] if row else None
    return {"bbox": model.box_ap, "segm": model.mask_ap, "keypoints": model.keypoint_ap}[str(score["iou"])]


def images(check: Check) -> None:
    """`cpu` and one CUDA image built on their real bases, and held to their pins."""
    for name in ("cpu", "cuda12.6"):

        def look(name: str = name) -> tuple[bool, str]:
            built = _harness("images", "build", name) and _harness("images", "verify", name)
            return built, "built and as pinned" if built else "see what the harness said"

        check.each("images", name, look)


def _harness(*arguments: str) -> bool:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


PARTS: Sequence[Part] = (
    Part("bases", "base digests at their registry", "a few kB, seconds", lambda p: f"{p.registry}/v2/", bases),
    Part("locks", "hashes of the locks at their index", "20 MB, 2 minutes", lambda p: f"{p.index}/pip/", locks),
    Part("missing hashes", "hashes that torch.lock lacks", "1 MB, a minute", lambda p: p.weights, missing_hashes),
    Part("checkpoints", "torchvision's checkpoints", "1.5 GB", lambda p: p.weights, checkpoints),
    Part("cudnn", "the checksum of cuDNN's archive", "1.1 GB", lambda p: cudnn_url(), cudnn),
    Part(
        "ap",
        "AP on COCO val2017",
        "1.1 GB; a minute on a GPU, hours on a CPU (LIMIT=500: a tenth)",
        lambda p: p.weights,
        precision,
    ),
    Part("images", "cpu and cuda12.6 on their real bases", "7 GB, 10 minutes, an engine", lambda p: p.registry, images),
)
