"""The report: a summary to read, one to compute with, junit, and what the parts left, packed small enough to send."""

import json
import shutil
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tests.gpu.running import Attempt, Outcomes

#: What is packed at most, before it is compressed, and of one file: all of the report has to stay below 16 MB.
PACKED_BYTES, FILE_BYTES = 12_000_000, 3_000_000
LOG_BYTES = 1_000_000
#: What a report may hold, nvml.json left by a part; of 8 files, some are free for what another part has to leave.
FILES = ("summary.md", "summary.json", "junit.xml", "runs.tar.gz", "log.txt", "nvml.json")
MARKS = {"passed": "ok", "failed": "BROKEN", "skipped": "skipped"}


def clear(folder: Path) -> None:
    """Make the folder, and take out of it what an earlier check left."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def write(folder: Path, ended: Sequence[Outcomes], allowed: set[str]) -> list[str]:
    """Write the report of the parts into the folder, and return a line for each that does not hold and has to."""
    wrong = [_line(each) for each in ended if each.verdict != "holds" and not _may_be_left(each, allowed)]
    left_out = _pack(folder)
    document = {"holds": not wrong, "parts": [asdict(each) for each in ended], "left_out": left_out}
    (folder / "summary.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / "summary.md").write_text("\n".join(_summary(ended, left_out)), encoding="utf-8")
    _shorten(folder / "log.txt")
    return wrong


def _may_be_left(outcomes: Outcomes, allowed: set[str]) -> bool:
    return outcomes.part in allowed and outcomes.verdict in ("skipped", "not reached")


def _line(outcomes: Outcomes) -> str:
    failed = next((test for test in outcomes.tests if test.outcome == "failed"), None)
    reason = f"{failed.name}: {_first_line(failed.reason)}" if failed else outcomes.reason
    return f"{outcomes.verdict}: {outcomes.part}: {reason}"


def _summary(ended: Sequence[Outcomes], left_out: Sequence[str]) -> list[str]:
    lines = ["# What a machine with a GPU found", ""]
    lines += ["| part | verdict | seconds | reason |", "| :--- | :--- | ---: | :--- |"]
    lines += [f"| {each.part} | {each.verdict} | {each.seconds:.0f} | {_cell(each.reason)} |" for each in ended]
    for each in ended:
        if each.tests:
            lines += ["", f"## {each.part}", "", "| test | | seconds | seen |", "| :--- | :--- | ---: | :--- |"]
            lines += [_row(test) for test in each.tests]
    if left_out:
        lines += ["", f"Too large to be packed: {', '.join(left_out)}."]
    return [*lines, ""]


def _row(test: Attempt) -> str:
    seen = [f"{name}: {value}" for name, value in test.seen.items()]
    told = "; ".join([*([_first_line(test.reason)] if test.reason else []), *seen])
    return f"| {test.name} | {MARKS[test.outcome]} | {test.seconds:.1f} | {_cell(told)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _pack(folder: Path) -> list[str]:
    """Pack what the parts left into runs.tar.gz and their junit into one, and return what was too large."""
    work, packed, left_out = folder / "work", 0, []
    suites = ElementTree.Element("testsuites")
    with tarfile.open(folder / "runs.tar.gz", "w:gz") as archive:
        for path in sorted((each for each in work.rglob("*") if each.is_file()), key=lambda each: each.stat().st_size):
            name, size = path.relative_to(work).as_posix(), path.stat().st_size
            if path.name == "junit.xml":
                with suppress(ElementTree.ParseError):
                    suites.extend(ElementTree.parse(path).getroot())
            elif size > FILE_BYTES or packed + size > PACKED_BYTES:
                left_out.append(name)
            else:
                archive.add(path, name)
                packed += size
    ElementTree.ElementTree(suites).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
    shutil.rmtree(work, ignore_errors=True)
    return left_out


def _shorten(log: Path) -> None:
    text = log.read_bytes()
    if len(text) > LOG_BYTES:
        log.write_bytes(text[-LOG_BYTES:])
