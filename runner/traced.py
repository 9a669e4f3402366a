"""The trace that torch's profiler keeps, as a file for Perfetto: whole, of bounded size, or not there and why."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

from runner.contract.profile import TRACE
from runner.errors import said

#: Bytes of the trace before it is packed. A viewer takes long over more, and so would writing it.
LARGEST = 48 << 20
#: What parts of it are called, until it is whole.
PART = ".trace"


def write(profiler: Any, folder: Path) -> Optional[str]:
    """Leave what a profiler of torch saw in the folder as TRACE. Returns None, or why there is none."""
    raw, packed = folder / f"{PART}.json", folder / f"{PART}.json.gz"
    try:
        _remove(folder, TRACE)  # an earlier process's
        profiler.export_chrome_trace(str(raw))
        size = raw.stat().st_size
        if size > LARGEST:
            return f"the trace has {size >> 20} MB, and at most {LARGEST >> 20} are kept"
        packed.write_bytes(gzip.compress(_plain(raw.read_bytes()), mtime=0))
        packed.replace(folder / TRACE)
    except ValueError:  # a disk that is full cuts it off, and the profiler says nothing
        return "the trace was not written as a whole: is the disk full?"
    except (OSError, RuntimeError) as error:
        return f"the trace can't be written: {said(error)}"
    else:
        return None
    finally:
        _remove(folder, f"{PART}*")  # newer versions of the profiler leave a part of a name of its own


def _plain(content: bytes) -> bytes:
    """Return the trace without the place where it was written. Raises ValueError where it is no whole JSON."""
    trace = json.loads(content)
    trace.pop("traceName", None)
    return json.dumps(trace, separators=(",", ":")).encode()


def _remove(folder: Path, names: str) -> None:
    with suppress(OSError):
        for path in folder.glob(names):
            path.unlink()
