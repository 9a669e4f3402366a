"""Whose fault an error is: what a person's own detector raised, and where in its code."""

import platform
import traceback
from pathlib import Path
from typing import Optional

import torch

from runner.contract import Code, Failure
from runner.errors import JobError, said

#: How much of an error's words is quoted, in characters.
LONGEST = 200


def wrong(reason: str, remedy: str) -> JobError:
    """Return the error for what is wrong with the detector, and not with the machine."""
    return JobError(reason, remedy, cause="model")


def failure_of(error: BaseException, code: Code, folder: Optional[Path]) -> Failure:
    """Return the failure of a cell in which a person's own detector raised an error, or tried to end the process."""
    ended = isinstance(error, SystemExit)
    did = f"called sys.exit({words(error)})" if ended else f"raised {type(error).__name__}"
    quoted = "" if ended else words(error)
    return Failure(
        kind=type(error).__name__,
        message=f"{code.name} {did}{line(error, folder)}" + (f": {quoted}" if quoted else ""),
        remedy="mend it: log.txt beside this result has the traceback, and the environment Python "
        f"{platform.python_version()}, torch {torch.__version__}",
        cause="model",
    )


def line(error: BaseException, folder: Optional[Path]) -> str:
    """Return where in the folder the error arose, the deepest such place of its traceback; "" where there is none."""
    places = [
        f" in {below(frame.filename, folder)}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if folder is not None and lies_in(frame.filename, folder.resolve())
    ]
    return places[-1] if places else ""


def below(file: Optional[str], folder: Optional[Path]) -> str:
    """Return a file's path below the folder, its name where it lies elsewhere."""
    path = Path(file or "the module")
    if folder is not None and lies_in(file, folder.resolve()):
        return path.resolve().relative_to(folder.resolve()).as_posix()
    return path.name


def words(error: BaseException) -> str:
    """Return the first line of what the error says."""
    return said(error).strip().partition("\n")[0].strip()[:LONGEST].rstrip(".")


def lies_in(file: Optional[str], folder: Path) -> bool:
    """Tell whether a file lies below the folder."""
    return file is not None and folder in Path(file).resolve().parents


def a(value: object) -> str:
    """Return what a value is, with its article."""
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in tuple('aeiou') else 'a'} {kind}"
