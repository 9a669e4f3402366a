"""Takes the folders of whoever measured out of a run that is to ship: its plan alone has them, to be executed again."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from harness.paths import ROOT
from runner.contract.privacy import scrubbed


def ship(run: Path, data: Iterable[Path] = ()) -> None:
    """Name by its own name what lies in a folder of data, by its path what lies in this one; the home folder is ~."""
    path = run / "plan.json"
    folders = [ROOT, *(folder.absolute().parent for folder in data)]
    plan = scrubbed(json.loads(path.read_text(encoding="utf-8")), folders)
    path.write_text(json.dumps(plan, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    ship(Path(sys.argv[1]), map(Path, sys.argv[2:]))
