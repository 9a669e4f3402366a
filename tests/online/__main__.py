"""python -m tests.online: run the parts, write build/online-report/, and say what does not hold.

LIST=1 lists the parts; ONLY=PART[,PART] runs some; LIMIT=500 detects in so many images of COCO val2017; OUT=DIR.
Exit status: 0 all of it holds, 1 something does not or was not reached, 2 there is no such part, 3 not connected.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from harness.catalogue import pick
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.images import lock
from harness.paths import ROOT
from tests.online.findings import Findings
from tests.online.parts import PARTS, Check, Part, Places
from tests.online.servers import reached


def main() -> int:
    """Run what the environment's variables ask for, and return the exit status."""
    if os.environ.get("LIST"):
        for part in PARTS:
            print(f"{part.name:15} {part.about}: {part.costs}")
        return 0
    try:
        chosen, limit = _chosen(), _limit()
        places = Places()
        _require_a_connection(chosen, places)
        return _run(chosen, places, limit)
    except HarnessError as error:
        print(f"test-online: {error}", file=sys.stderr)
        return error.exit_code


def _chosen() -> list[Part]:
    names = [name for name in os.environ.get("ONLY", "").split(",") if name]
    known = {part.name: part for part in PARTS}
    return [pick("part", name, known) for name in names] or list(PARTS)


def _limit() -> int | None:
    text = os.environ.get("LIMIT", "")
    if text and not text.isdecimal():
        raise BadInput(f"LIMIT={text} is no number of images", "write it such as LIMIT=500")
    return int(text) if text else None


def _require_a_connection(chosen: Sequence[Part], places: Places) -> None:
    """Raise CannotRunHere where no server answers; a package index alone may be a mirror, and is no connection."""
    servers = dict.fromkeys(part.server(places) for part in chosen)
    with ThreadPoolExecutor(len(servers)) as pool:
        answers = dict(zip(servers, pool.map(reached, servers), strict=True))
    telling = [part.server(places) for part in chosen if part.name != "locks" or len(chosen) == 1]
    if not any(answers[server] for server in telling):
        hosts = dict.fromkeys(urlsplit(server).netloc for server in telling)
        said = f"none of {', '.join(hosts)} answers" if len(hosts) > 1 else f"{next(iter(hosts))} does not answer"
        raise CannotRunHere(f"this machine is not connected: {said}", "connect it")


def _run(chosen: Sequence[Part], places: Places, limit: int | None) -> int:
    folder = Path(os.environ.get("OUT") or ROOT / "build" / "online-report")
    folder.mkdir(parents=True, exist_ok=True)
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
