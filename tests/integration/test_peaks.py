"""The peak that a row of `make perf` states, of real processes."""

import subprocess
import sys

from harness.paths import ROOT


def test_a_child_of_a_large_parent_states_its_own_peak() -> None:
    code = (
        "import subprocess, sys; held = b'1' * 300_000_000;"
        "print(subprocess.run([sys.executable, '-c', 'from benchmarks.peaks import peak_mb; print(peak_mb())'],"
        " capture_output=True, text=True, check=True).stdout)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < 200
