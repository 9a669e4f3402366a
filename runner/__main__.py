"""python -m runner job.json OUT: execute one cell and leave OUT/result.json.

Exit status: 0 measured, 1 not measured (result.json says why), 2 the job can't be read, 3 the result can't be
written. Lines of JSON on standard output are progress, for display only; data travels by file.
"""

import argparse
import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Callable, List, NoReturn, Optional, get_args

from runner.contract import SCHEMA_VERSION, Device, Job
from runner.contract.cpus import parse_cpus
from runner.contract.serialise import ContractError, from_dict, private_dict, write_json
from runner.instructions import counter

MEASURED, NOT_MEASURED, UNREADABLE_JOB, UNWRITABLE_RESULT = range(4)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one job and return the exit status."""
    options = _parse(arguments)
    try:
        job = _chosen(from_dict(Job, json.loads(options.job.read_text(encoding="utf-8"))), options)
        if job.schema_version != SCHEMA_VERSION:
            raise ContractError(f"schema version {job.schema_version}; this runner reads {SCHEMA_VERSION}")
        if job.variant.cpus:
            os.sched_setaffinity(0, parse_cpus(job.variant.cpus))
    except (OSError, ValueError) as error:
        print(f"The job {options.job} can't be used: {error}.", file=sys.stderr)
        return UNREADABLE_JOB
    try:
        _make_writable(options.out)  # rather than find out after the measurement
    except OSError as error:
        return _unwritable(options.out, error)
    _bind_blas(job.variant.blas_threads, job.numerics.threads)
    counter()  # before torch is imported, whose libraries start threads
    # Only now, since torch counts its threads by the affinity when it is imported.
    from runner.job import Folders, execute
    from runner.told import told

    folders = Folders(options.images, options.weights, options.out, options.code)
    result = execute(job, folders, _print_progress if job.model.code is None else _printing_apart())
    try:
        write_json(options.out / "result.json", result, private_dict(result, _folders(options)))
    except OSError as error:
        return _unwritable(options.out, error)
    # An error's words may hold what a terminal obeys.
    for line in told(result):
        print("".join(c if c.isprintable() else " " for c in line), file=sys.stderr)
    return MEASURED if result.status == "ok" else NOT_MEASURED


def _bind_blas(chosen: Optional[int], threads: Optional[int]) -> None:
    """Give a BLAS that has threads of its own, which torch does not set, those that were chosen for it.

    Where nobody chose, it has no more than torch, and what the environment says stays.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):
        if chosen is not None:
            os.environ[variable] = str(chosen)
        elif threads is not None:
            os.environ.setdefault(variable, str(threads))


def _folders(options: argparse.Namespace) -> List[Path]:
    """Return the folders that are nobody's business: what a result names lies in them."""
    given = (options.out, options.images, options.weights, options.code, Path(__file__).parent.parent)
    return [folder for folder in given if folder is not None]


def _make_writable(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(f"user {os.getuid()} may not write there")


def _unwritable(out: Path, error: OSError) -> int:
    print(f"The result can't be written to {out}: {error}.", file=sys.stderr)
    return UNWRITABLE_RESULT


def _chosen(job: Job, options: argparse.Namespace) -> Job:
    """Return the job with the model and the device of the command line, where it names them."""
    # Another model has other thresholds: torchvision's own.
    model = replace(job.model, builder=options.model, thresholds=None, code=None) if options.model else job.model
    return replace(job, model=model, device=options.device or job.device)


def _parse(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="runner", description="Execute one cell and leave OUT/result.json.")
    parser.add_argument("job", type=Path, help="the job.json of the cell")
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder for result.json, made if need be")
    parser.add_argument("--model", metavar="BUILDER", help="another model than the job's")
    parser.add_argument("--device", choices=get_args(Device), help="another device than the job's")
    parser.add_argument("--images", type=Path, help="the folder that holds the job's images")
    parser.add_argument("--weights", type=Path, help="the folder that holds the job's weights")
    parser.add_argument("--code", type=Path, help="the folder that holds the job's own detector")
    options = parser.parse_args(arguments)
    for name in ("job", "out", "images", "weights", "code"):  # a person's own code may go to another folder
        given: Optional[Path] = getattr(options, name)
        setattr(options, name, given and given.absolute())
    return options


def _print_progress(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def _printing_apart() -> Callable[..., None]:
    """Return what prints progress beside a person's own code, whose output goes to standard error from now on."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def progress(event: str, **fields: object) -> None:
        print(json.dumps({"event": event, **fields}), file=stream, flush=True)

    return progress


def _end(status: int) -> NoReturn:
    """End the process at once: all is written, and to free what torch holds takes a second or more.

    Whatever a person's own code has left running, or registered for the end, ends with it.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _end(main())
