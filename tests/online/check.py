"""What the parts of the check share: where they ask, what they found so far, and how one item is looked at."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from harness.data import checkpoints
from harness.data.download import NotTheFile
from harness.errors import BadInput, HarnessError
from harness.images import lock
from harness.paths import ROOT
from harness.text import printable
from tests.online.findings import Finding, Findings, Verdict
from tests.online.web import NotReached, server_of, silent

#: The variables that name another place, each with its own.
PLACES = {
    "ONLINE_REGISTRY": "https://registry-1.docker.io",
    "ONLINE_INDEX": "https://pypi.org/simple",
    "ONLINE_WHEEL_INDEX": "",
    "ONLINE_CUDNN_URL": "",
    "HARNESS_WEIGHTS_URL": checkpoints.WEIGHTS_URL,
}


@dataclass(frozen=True)
class Places:
    """Where to ask; each can be named by a variable, for mirrors and for the tests.

    `hub` stands for Docker Hub. `wheel_index` and `cudnn` are None where the environments and the recipe say it.
    """

    hub: str
    index: str
    wheel_index: str | None
    cudnn: str | None
    weights: str

    @classmethod
    def named(cls) -> "Places":
        """Return the places as the variables name them. Raises BadInput for one that is no URL."""
        hub, index, wheel_index, cudnn, weights = (_url(name, usual) for name, usual in PLACES.items())
        return cls(hub, index, wheel_index or None, cudnn or None, weights)


def _url(name: str, usual: str) -> str:
    text = os.environ.get(name) or usual
    try:
        usable = not text or bool(httpx.URL(text).scheme in ("http", "https") and httpx.URL(text).host)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise BadInput(f"{name}={text} is no http:// or https:// URL", "name one, or leave it out")
    return text


@dataclass(frozen=True)
class Said:
    """How a command of the harness ended: its exit code, what it printed where that was kept, and its last error."""

    code: int
    printed: str
    sentence: str


#: Runs a command of the harness; `kept`: its output is returned rather than shown.
Harness = Callable[[Sequence[str], bool], Said]


def harness(arguments: Sequence[str], kept: bool) -> Said:
    """Run a command of the harness as a person does."""
    command = [sys.executable, "-m", "harness", *arguments]
    out = subprocess.PIPE if kept else None
    with subprocess.Popen(
        command, cwd=ROOT, stdout=out, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        try:
            printed, errors = process.communicate()
        except KeyboardInterrupt:  # which it has got, too, and then it removes its containers
            process.communicate()
            raise
    lines = [line for line in errors.splitlines() if line.strip()]
    sentence = (
        lines[-1].removeprefix("harness: ") if lines else f"the harness ended with exit code {process.returncode}"
    )
    return Said(process.returncode, printed or "", sentence)


@dataclass(frozen=True)
class Check:
    """What a part works with. `limit` is how many images of COCO val2017 are detected in, None for all."""

    places: Places
    findings: Findings
    draft: lock.Draft
    folder: Path
    limit: int | None = None
    harness: Harness = harness


class Broken(Exception):
    """What was found is not what is pinned."""


@dataclass
class Pass:
    """A part as it goes on. `absent` are servers that need not be asked, each with the reason."""

    check: Check
    part: str
    absent: dict[str, str] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    _unasked: int = 0

    def each(
        self, item: str, pin: str, server: str | None, look: Callable[[], str], fine: Verdict = "holds"
    ) -> Finding | None:
        """Look at an item, unless it is settled for this pin; keep, print and return what came of it.

        `look` returns what was seen, and raises Broken where that is not as pinned. `server` is the URL that it asks;
        where that does not answer, neither it nor any other item of the server is looked at: None, and close() says so.
        An item without a pin ("") is looked at each time.
        """
        self.items.add(item)
        if settled := self.check.findings.settled(self.part, item, pin):
            self._say(f"{item}: {settled.verdict}, looked at on {settled.on}")
            return settled
        if server and server_of(server) in self.absent:
            self._unasked += 1
            return None
        try:
            return self.found(item, pin, fine, look())
        except (Broken, NotTheFile) as error:
            return self.found(item, pin, "broken", str(error))
        except (NotReached, HarnessError) as error:
            if server is None or not silent(error):
                return self.found(item, pin, "not reached", str(error))
            self.absent[server_of(server)] = str(error)
            self._unasked += 1
            return None

    def found(self, item: str, pin: str, verdict: Verdict, seen: str) -> Finding:
        """Keep and print a finding, and return it."""
        finding = Finding(self.part, item, pin, verdict, printable(seen, 500), f"{datetime.now(UTC):%Y-%m-%d}")
        self.items.add(item)
        self.check.findings.add(finding)
        self._say(f"{item}: {verdict}: {finding.seen}")
        return finding

    def close(self, *, all_absent: bool) -> None:
        """Say once what was not asked, and forget what earlier checks found of items that are no more."""
        reasons = "; ".join(self.absent.values())
        if all_absent:
            self.found("the part", "", "not reached", reasons)
            return
        if self._unasked:
            self.found(f"{self._unasked} of {len(self.items)} items", "", "not reached", reasons)
        self.check.findings.leave(self.part, self.items)

    def _say(self, text: str) -> None:
        print(f"  {self.part}: {text}", flush=True)


@dataclass(frozen=True)
class Part:
    """A part: what it tells, what it costs and needs beside a network, the servers that it asks, and how it is run."""

    name: str
    about: str
    download_gb: float
    takes: str
    needs: str
    servers: Callable[[Places], list[str]]
    run: Callable[[Pass], None]
