"""A part as a process of pytest: its output passed on as it comes, its end by the clock, and what came of it."""

import codecs
import os
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from tests.gpu.parts import HERE, Part

ROOT = Path(__file__).parents[2]
#: How long a part that is told to end may take to write down what it found.
GRACE_S = 5.0
BLOCK_BYTES = 65536

Verdict = Literal["holds", "broken", "skipped", "not ended", "not reached"]
Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Attempt:
    """A test of a part as it went: what was seen in it, and the reason where it did not pass."""

    name: str
    outcome: Outcome
    seconds: float
    seen: dict[str, str]
    reason: str = ""


@dataclass(frozen=True)
class Outcomes:
    """What came of a part; `reason` says why it has another verdict than its tests alone would give it."""

    part: str
    verdict: Verdict
    seconds: float = 0.0
    reason: str = ""
    tests: list[Attempt] = field(default_factory=list)


def run(part: Part, report: Path, limit_s: float, log: IO[str]) -> Outcomes:
    """Run a part for at most `limit_s`; its output goes to the screen and the log. KeyboardInterrupt ends it."""
    folder = work(report, part.name)
    folder.mkdir(parents=True, exist_ok=True)
    junit, began = folder / "junit.xml", time.monotonic()
    process = subprocess.Popen(
        _command(part, junit),
        cwd=ROOT,
        env=_environment(folder, limit_s),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that what it started ends with it, too
    )
    teller = threading.Thread(target=_pass_on, args=(process.stdout, log), daemon=True)
    teller.start()
    try:
        process.wait(limit_s)
        reason = ""
    except subprocess.TimeoutExpired:
        reason = f"it did not end within {limit_s:.0f} s"
    finally:
        _end(process)
        teller.join(GRACE_S)
    return outcomes(part.name, junit, process.returncode, time.monotonic() - began, reason)


def work(report: Path, part: str) -> Path:
    """Return the folder of a part in the folder that is packed at the end."""
    return report / "work" / part


def _environment(folder: Path, limit_s: float) -> dict[str, str]:
    own = {"GPU_CHECK_FOLDER": str(folder), "GPU_CHECK_LIMIT": f"{limit_s:.0f}", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **own, "PYTEST_ADDOPTS": ""}


def _command(part: Part, junit: Path) -> list[str]:
    own = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(ROOT), "--confcutdir", str(HERE)]
    return [sys.executable, "-m", "pytest", *own, f"--junitxml={junit}", str(part.path)]


def _pass_on(output: IO[bytes], log: IO[str]) -> None:
    """Print what comes as it comes: pytest names a test when it begins, and ends the line when that has ended."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while block := os.read(output.fileno(), BLOCK_BYTES):
        text = decoder.decode(block)
        log.write(text)
        with suppress(BrokenPipeError):
            print(text, end="", flush=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the part and whatever it started: first by an interruption, at which pytest writes down what it found."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


def outcomes(name: str, junit: Path, exit_code: int, seconds: float, reason: str) -> Outcomes:
    """Return what came of a part that left this junit; `reason` says why it was ended, where it was."""
    tests = read(junit) if junit.is_file() else []
    found = {test.outcome for test in tests}
    verdict: Verdict = "holds"
    if "failed" in found:
        verdict = "broken"
    elif reason:
        verdict = "not ended"
    elif exit_code != 0 or not tests:
        verdict, reason = "broken", f"pytest ended with {exit_code} after {len(tests)} tests; log.txt says more"
    elif "skipped" in found:
        verdict = "skipped"
        reason = "; ".join(dict.fromkeys(test.reason for test in tests if test.outcome == "skipped"))
    return Outcomes(name, verdict, seconds, reason, tests)


def read(junit: Path) -> list[Attempt]:
    """Return the tests of a file that pytest left, none of one that it could not finish."""
    try:
        return [_test(case) for case in ElementTree.parse(junit).iter("testcase")]
    except ElementTree.ParseError:
        return []


def _test(case: ElementTree.Element) -> Attempt:
    seen = {str(each.get("name")): str(each.get("value")) for each in case.iter("property")}
    name, seconds = str(case.get("name")), float(case.get("time", 0))
    for kind in ("failure", "error"):
        if (found := case.find(kind)) is not None:
            return Attempt(name, "failed", seconds, seen, str(found.get("message")).partition("\nassert ")[0])
    if (skipped := case.find("skipped")) is not None:
        return Attempt(name, "skipped", seconds, seen, str(skipped.get("message")))
    return Attempt(name, "passed", seconds, seen)
