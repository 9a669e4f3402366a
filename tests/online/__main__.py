"""python -m tests.online: run the parts, write build/online-report/, and say what does not hold.

LIST=1 lists the parts; ONLY=PART[,PART] runs some; LIMIT=500 detects in so many images of COCO val2017; OUT=DIR.
Exit status: 0 all of it holds, 1 something does not or was not reached, 2 there is no such part, 3 not connected.
"""

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.catalogue import pick
from harness.catalogue.published import accuracy
from harness.documents import replacing
from harness.errors import BadInput, CannotRunHere, HarnessError, refused
from harness.host import own
from harness.images import lock
from harness.paths import ROOT
from harness.text import suit_streams
from tests.online.check import PLACES, Check, Part, Pass, Places
from tests.online.findings import Findings
from tests.online.parts import PARTS
from tests.online.web import answering, server_of

INTERRUPTED = 130


def main() -> int:
    """Run what the environment's variables ask for, and return the exit status."""
    suit_streams()
    try:
        chosen, limit, places = _chosen(), _limit(), Places.named()
        if os.environ.get("LIST"):
            print("\n".join(_listed(chosen)))
            return 0
        servers = {part.name: sorted({server_of(url) for url in part.servers(places)}) for part in chosen}
        there = _require_a_connection(servers)
        print("\n".join(_listed(chosen)), flush=True)
        return _run(chosen, Check(places, *_kept(), limit), servers, there)
    except HarnessError as error:
        print(f"test-online: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("test-online: interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED


def _chosen() -> list[Part]:
    names = dict.fromkeys(name.strip() for name in os.environ.get("ONLY", "").split(",") if name.strip())
    known = {part.name: part for part in PARTS}
    return [pick("part", name, known) for name in names] or list(PARTS)


def _limit() -> int | None:
    """Return how many images are detected in, None for all of them. Raises BadInput for what is no number."""
    text = os.environ.get("LIMIT", "")
    if text and not (text.isdecimal() and int(text)):
        raise BadInput(f"LIMIT={text} is no number of images", "write it such as LIMIT=500")
    return int(text) if text and int(text) < accuracy().images else None


def _listed(parts: Sequence[Part]) -> Iterator[str]:
    """Yield what each part tells, how much it downloads, how long it takes and what it needs, and the sum."""
    for part in parts:
        size = f"{part.download_gb:.1f} GB" if part.download_gb >= 0.05 else "a few MB"
        needs = f"; needs {part.needs}" if part.needs else ""
        yield f"{part.name:15} {part.about}: {size}, {part.takes}{needs}"
    yield f"{'in all':15} {sum(part.download_gb for part in parts):.1f} GB; what is here already is not fetched again"


def _require_a_connection(servers: dict[str, list[str]]) -> set[str]:
    """Return the servers that answer. Raises CannotRunHere where none does, or a package index alone.

    That one may be a mirror in a closed network, and is no connection unless nothing else was asked for.
    """
    there = answering(server for of_part in servers.values() for server in of_part)
    telling = [server for name in servers if name != "locks" or len(servers) == 1 for server in servers[name]]
    if not there & set(telling):
        hosts = list(dict.fromkeys(server.partition("://")[2] for server in telling))
        said = f"none of {', '.join(hosts)} answers" if len(hosts) > 1 else f"{hosts[0]} does not answer"
        raise CannotRunHere(f"this machine is not connected: {said}", "connect it")
    return there


def _kept() -> tuple[Findings, lock.Draft, Path]:
    folder = Path(os.environ.get("OUT") or ROOT / "build" / "online-report").absolute()
    return Findings(folder), lock.Draft(), folder


def _run(chosen: Sequence[Part], check: Check, servers: dict[str, list[str]], there: set[str]) -> int:
    try:
        check.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error, check.folder, "made", "choose another OUT") from error
    try:
        for number, part in enumerate(chosen, start=1):
            print(f"{number} of {len(chosen)}: {part.about}", flush=True)
            absent = {server: f"{server} does not answer" for server in servers[part.name] if server not in there}
            _run_part(part, Pass(check, part.name, absent), all_absent=len(absent) == len(servers[part.name]))
    finally:
        _write(check)
    return _told(chosen, check)


def _run_part(part: Part, doing: Pass, *, all_absent: bool) -> None:
    """Run a part; what ends it early is a finding of it, and no matter of the others."""
    try:
        if not all_absent:
            part.run(doing)
        doing.close(all_absent=all_absent)
    except HarnessError as error:
        doing.found("the part", "", "not reached", str(error))


def _write(check: Check) -> None:
    """Write what was found, and the changes that follow from it."""
    mirrors = [name for name in PLACES if os.environ.get(name)]
    heading = [
        "# What a connected machine found",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, detection-harness {own.version() or 'not installed'}, {platform.platform()}, "
        f"{check.limit or 'all'} images. "
        + (
            f"Other places were named by {', '.join(mirrors)}." if mirrors else "Everything was asked at its own place."
        ),
    ]
    check.findings.report(heading)
    with replacing(check.folder / "proposed.diff") as path:
        path.write_text("".join(f"{line}\n" for line in check.draft.differences()), encoding="utf-8")


def _told(chosen: Sequence[Part], check: Check) -> int:
    """Say what does not hold and what is proposed, and return the exit status."""
    wrong = check.findings.wrong(part.name for part in chosen)
    print(f"\nwhat was found: {check.folder / 'report.md'}")
    if check.draft.differences():
        print(f"what it proposes: git apply -p0 {check.folder / 'proposed.diff'}, then make generated")
    for finding in wrong:
        print(f"{finding.verdict}: {finding.part}: {finding.item}: {finding.seen}")
    print(f"{len(wrong)} of what was checked does not hold" if wrong else "all that was checked holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
