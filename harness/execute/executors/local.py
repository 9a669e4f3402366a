"""Executes cells in a process of this interpreter, under a watchdog for time and memory."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from harness.documents.log import Log
from harness.execute.executors.base import ExitReport
from harness.host import own
from harness.host.gpus import HostGpu
from harness.host.interruptions import held_back
from harness.host.looking import Looker
from harness.paths import ROOT
from harness.progress import OnLine

#: How often the watchdog looks: seldom enough not to show in a measurement beside it.
WATCH_INTERVAL_S = 0.2
#: Becomes the interpreter with these arguments, to be killed as soon as its parent ends, however that ends: prctl(2),
#: PR_SET_PDEATHSIG, which an exec keeps. Python calls nothing safely between fork and exec where there are threads.
TIED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):  # else it has ended already
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class LocalExecutor:
    """The environment `local`: python -m runner as a child of this process, in a session of its own.

    It does not outlive this process, nor the thread that started it, which waits for its end.
    """

    name = "local"
    image = None

    def __init__(
        self,
        images: Path | None = None,
        weights: Path | None = None,
        gpu: HostGpu | None = None,
        memory_bytes: int | None = None,
        runner_root: Path = ROOT,
        code: Path | None = None,
    ):
        assets = (("--images", images), ("--weights", weights), ("--code", code))
        self._folders = [text for flag, path in assets if path for text in (flag, path)]
        self.gpu, self._memory_bytes = gpu, memory_bytes
        visible = {} if gpu is None else {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": gpu.key}
        self._environment = {**os.environ, **visible, **own.variables()}
        self._runner_root = runner_root

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        """Execute the job; see Executor.run."""
        started = time.monotonic()
        tied = [sys.executable, "-I", "-S", "-c", TIED, str(os.getpid())]
        command = [*tied, "-m", "runner", job_path.resolve(), output_dir.resolve(), *self._folders]
        with Log(output_dir / "log.txt") as log:
            process = None
            try:
                with held_back():  # or what has just been started would be lost
                    process = subprocess.Popen(
                        command,
                        cwd=self._runner_root,  # python -m looks here first
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=log,
                        env=self._environment,
                        start_new_session=True,
                    )
                with Watchdog(process, started + timeout_s, self._memory_bytes) as watchdog:
                    for line in process.stdout or ():
                        log.write(line)
                        on_line(line.decode(errors="replace").rstrip("\n"))
                    has_ended(process, waiting=True)
                    kill_session(process)  # what it has left would compute beside the next cell
                    exit_code = process.wait()
            finally:
                if process:
                    with held_back():  # a terminal that is closed says so twice, by the shell and by the system
                        _end(process)
        return ExitReport(
            exit_code=exit_code,
            timed_out=watchdog.timed_out,
            out_of_memory=watchdog.out_of_memory,
            wall_seconds=time.monotonic() - started,
        )


class Watchdog(Looker):
    """Kills a process that passes its deadline (time.monotonic) or its resident memory limit, while its block runs.

    Of one that has ended it kills what it started and left, which may hold its output open for ever.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", deadline: float, memory_bytes: int | None):
        super().__init__(WATCH_INTERVAL_S)
        self.timed_out = self.out_of_memory = False
        self._process, self._deadline, self._memory_bytes = process, deadline, memory_bytes

    def look(self) -> bool:
        """Kill the process where it has passed a limit, and note which, or what it left; see Looker."""
        if has_ended(self._process):
            kill_session(self._process)
            return False
        self.timed_out = time.monotonic() >= self._deadline
        self.out_of_memory = self._memory_bytes is not None and resident(self._process.pid) > self._memory_bytes
        if self.timed_out or self.out_of_memory:
            kill_session(self._process)
            return False
        return True


def resident(pid: int) -> int:
    """Return the resident memory of the process in bytes, 0 once it has ended. The runner itself starts no children."""
    try:
        resident_bytes: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return resident_bytes


def kill_session(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and whatever it started, unless it was waited for: its number may be another's by then."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def has_ended(process: "subprocess.Popen[bytes]", *, waiting: bool = False) -> bool:
    """Tell whether the process has ended, or wait until it has; its number stays its own until Popen.wait frees it."""
    how = os.WEXITED | os.WNOWAIT | (0 if waiting else os.WNOHANG)
    try:
        return process.returncode is not None or os.waitid(os.P_PID, process.pid, how) is not None
    except ChildProcessError:  # it was waited for a moment ago, or by the kernel, where SIGCHLD is ignored
        return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    kill_session(process)
    if process.stdout:
        process.stdout.close()
    process.wait()
