"""Stands in for the runner in the executors' tests: ends the way its job asks. Standard library, Python 3.9."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

job, out = Path(sys.argv[1]), Path(sys.argv[2])
behaviour = json.loads(job.read_text())["behaviour"]
print(json.dumps({"event": "loaded"}), flush=True)
print("a word on standard error", file=sys.stderr, flush=True)
if behaviour in ("success", "model-error"):
    (out / "result.json").write_text("{}")
    sys.exit(int(behaviour == "model-error"))
if behaviour == "leave-a-child":  # which holds the output open
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", out])
if behaviour == "sleep":
    time.sleep(600)
if behaviour == "eat-memory":
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 20) * 16))
        time.sleep(0.05)
if behaviour == "killed":
    if os.getpid() == 1:  # in a container the kernel keeps process 1 from killing itself
        os._exit(128 + signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
