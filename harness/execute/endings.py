"""Why a runner's process left no result: by how it ended, and by what it said last."""

import errno
import json
import re
from pathlib import Path

from harness.errors import ANOTHER_OUT, ANOTHER_RESULTS, remedy_of
from harness.execute.executors.base import ExitReport
from harness.text import printable
from runner.contract import Failure, Job, Status

#: Exit status of the runner, as runner/__main__.py defines it.
UNREADABLE_JOB, UNWRITABLE_RESULT = 2, 3
#: How much of the end of a log is looked at, in bytes, and how much of a line is quoted, in characters.
LAST_BYTES, LONGEST = 8192, 300
READ_LOG = "read log.txt in the cell's folder"


def why(cell: Path, job: Job, report: ExitReport, unusable: str | None = None) -> tuple[Status, Failure]:
    """Return the status of a cell without a result, and the failure that says what is known of the reason.

    `unusable` says what is wrong with a result that it left all the same.
    """
    if unusable is not None:
        return "failed", _failure("BadDocument", unusable, READ_LOG)
    said, of_demo = last_words(cell / "log.txt"), job.dataset is not None and job.dataset.follows
    if report.timed_out:
        fewer = "take fewer images (--limit), or more --shards" if job.dataset else "take fewer --iterations"
        fewer = "show fewer --frames" if of_demo else fewer
        ends = f"see whether {job.model.code.name} ever ends, or " if job.model.code else ""
        return "timed_out", _failure("TimedOut", f"the cell took more than {job.timeout_seconds:.0f} s", ends + fewer)
    if report.out_of_memory:
        less = "scale down what is shown" if of_demo else "raise --memory"
        return "out_of_memory", _failure("OutOfMemory", "the process passed its memory limit", less)
    if job.model.code:  # which can end the process with any status
        message = f"the process of {job.model.code.name} ended with exit code {report.exit_code} and left no result"
        return "crashed", _failure("Crashed", _quoting(message, said), READ_LOG)
    if report.exit_code == UNREADABLE_JOB:
        return "failed", _failure("ContractError", _quoting("the runner can't use the job", said), _of_job(job, said))
    if report.exit_code == UNWRITABLE_RESULT:
        remedy = remedy_of(_error(said), ANOTHER_RESULTS if of_demo else ANOTHER_OUT) or READ_LOG
        return "failed", _failure("StorageError", _quoting("the result could not be written", said), remedy)
    message = f"the runner ended with exit code {report.exit_code} and left no result"
    return "crashed", _failure("Crashed", _quoting(message, said), READ_LOG)


def last_words(log: Path) -> str:
    """Return the last line of a log that is no progress, "" where there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - LAST_BYTES))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [printable(line, LONGEST).strip() for line in lines if not _is_event(line)]
    return next(filter(None, reversed(said)), "")


def _is_event(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _of_job(job: Job, said: str) -> str:
    """Return what mends a job that the runner refused before it began."""
    error = _error(said)
    if error.errno == errno.EINVAL and job.variant.cpus:  # what the system says of a CPU that it does not give
        return f"choose other --cpus than {job.variant.cpus}"
    if error.errno:
        return remedy_of(error) or READ_LOG
    if not said:
        return READ_LOG
    if job.environment == "local":
        return "plan the run again"
    return f"build the image again, since its runner may be of another version: harness images build {job.environment}"


def _error(said: str) -> OSError:
    """Return the system's error whose number a line quotes, as Python writes it; one without a number if none."""
    number = re.search(r"\[Errno (\d+)\]", said)
    return OSError(int(number.group(1)), "") if number else OSError()


def _quoting(message: str, said: str) -> str:
    return f"{message}: {said}" if said else message


def _failure(kind: str, message: str, remedy: str) -> Failure:
    return Failure(kind, message, remedy, "infrastructure")
