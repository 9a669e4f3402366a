"""Runs a command that installs something, for make: python -m tools.installing COMMAND...

An interruption ends the command and all that it started, and a sentence says so in the place of its tracebacks.
It runs before anything is installed, so it imports nothing but the standard library.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from harness.host.interruptions import INTERRUPTED, end_alike, held_back


def main(command: Sequence[str]) -> int:
    """Run the command in a session of its own, which no Ctrl-C reaches, and return its exit code."""
    process = None
    try:
        end_alike()
        with held_back():  # or what has just been started would be lost
            process = subprocess.Popen(command, start_new_session=True)
        return process.wait()
    except KeyboardInterrupt:
        with held_back():
            if process:
                _end(process)
        print("installing was interrupted; the next make goes on with it", file=sys.stderr)
        return INTERRUPTED


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
