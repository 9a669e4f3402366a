"""python -m runner.observe OUT: leave OUT/software.json, the stack of this process, without measuring anything."""

import sys
from pathlib import Path

from runner import software
from runner.contract.serialise import write_json

if __name__ == "__main__":
    write_json(Path(sys.argv[1]) / "software.json", software.observe())
