"""python -m tests.online: run the parts, write build/online-report/, and say what does not hold.

LIST=1 lists the parts; ONLY=PART[,PART] runs some; LIMIT=500 detects in so many images of COCO val2017; OUT=DIR.
Exit status: 0 all of it holds, 1 something does not or was not reached, 2 there is no such part, 3 not connected.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import lock
from harness.catalogue import ROOT
from tests.online.findings import Findings
from tests.online.parts import PARTS, Check, Part, Places
from tests.online.servers import reached


def main() -> int:
    """Run what the environment's variables ask for, and return the exit status."""
    if os.environ.get("LIST"):
        for part in PARTS:
            print(f"{part.name:15} {part.about}: {part.costs}")
        return 0
    names = [name for name in os.environ.get("ONLY", "").split(",") if name]
    chosen = [part for part in PARTS if not names or part.name in names]
    if unknown := set(names) - {part.name for part in PARTS}:
        known = ", ".join(part.name for part in PARTS)
        print(f"test-online: there is no part {sorted(unknown)[0]!r}; known are {known}.", file=sys.stderr)
        return 2
    places = Places()
    absent = _absent(chosen, places)
    if absent == {part.name for part in chosen if part.name != "locks"} and absent:
        hosts = " nor ".join(dict.fromkeys(part.server(places) for part in chosen if part.name in absent))
        print(f"test-online: this machine is not connected, neither {hosts} answers; connect it.", file=sys.stderr)
        return 3
    return _run(chosen, places)


def _absent(chosen: Sequence[Part], places: Places) -> set[str]:
    """Return the parts whose server does not answer; a package index alone may be a mirror, and is no connection."""
    servers = list(dict.fromkeys(part.server(places) for part in chosen))
    with ThreadPoolExecutor(len(servers)) as pool:
        answers = dict(zip(servers, pool.map(reached, servers), strict=True))
    return {part.name for part in chosen if not answers[part.server(places)]}


def _run(chosen: Sequence[Part], places: Places) -> int:
    folder = Path(os.environ.get("OUT") or ROOT / "build" / "online-report")
    limit = int(os.environ["LIMIT"]) if os.environ.get("LIMIT") else None
    check = Check(places, Findings(folder), lock.Draft(), folder, limit)
    for number, part in enumerate(chosen, start=1):
        print(f"{number} of {len(chosen)}: {part.about} ({part.costs})", flush=True)
        part.run(check)
    wrong = check.findings.report([part.name for part in chosen], check.draft)
    print(f"\n{folder / 'report.md'}; what it proposes to change: {folder / 'proposed.diff'}")
    for finding in wrong:
        print(f"{finding.verdict}: {finding.part}: {finding.item}: {finding.seen}")
    print(f"{len(wrong)} of what was checked does not hold" if wrong else "all that was checked holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
