"""Records `harness report` of a run that ships, on a terminal of 80 columns, for README; a test holds it to be current.

The program is the real one, and each line comes when it came here. A recording that shows the same stays as it is.
"""

import os
import sys

from harness.paths import ROOT
from tools.playing import recording, still
from tools.terminals import session
from tools.write_reference import RUN

RECORDING = ROOT / "docs" / "reference" / "terminal.svg"
COLUMNS = 80
ARGUMENTS = ["report", f"reference/{RUN}"]
#: What would have a person's own terminal, or results, change it.
UNTOLD = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "HARNESS_RESULTS")


def main() -> int:
    """Write the recording, unless the one that is there shows the same."""
    variables = {name: value for name, value in os.environ.items() if name not in UNTOLD} | {"TERM": "xterm-256color"}
    made = session([sys.executable, "-m", "harness", *ARGUMENTS], COLUMNS, ROOT, variables)
    if made.exit_code:
        print(f"{RECORDING.relative_to(ROOT)} stays as it is: the program failed: {made.text}", file=sys.stderr)
        return 1
    svg = recording(" ".join(["harness", *ARGUMENTS]), made, COLUMNS)
    if not RECORDING.exists() or still(svg) != still(RECORDING.read_text(encoding="utf-8")):
        RECORDING.write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
