"""What was found, kept after each item, so that an interrupted check goes on where it was."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from harness.documents import replacing
from harness.errors import BadDocument
from harness.images.lock import Draft
from harness.text import escaped

Verdict = Literal["holds", "broken", "not reached"]
MARKS: dict[Verdict, str] = {"holds": "ok", "broken": "BROKEN", "not reached": "not reached"}


@dataclass(frozen=True)
class Finding:
    """One item of a part: what was checked (a pin, by its value), what came of it, and what was seen."""

    part: str
    item: str
    verdict: Verdict
    seen: str


class Findings:
    """The findings in a folder. What held is not asked again; the rest is."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._path = folder / "findings.json"
        self.found: list[Finding] = []
        if self._path.is_file():
            try:
                self.found = [Finding(**entry) for entry in json.loads(self._path.read_bytes())]
            except (ValueError, TypeError) as error:
                raise BadDocument(f"{self._path} is not usable: {error}", "delete it and begin again") from error

    def held(self, part: str, item: str) -> Finding | None:
        """Return what an earlier check found where this very item held."""
        return next((f for f in self.found if (f.part, f.item, f.verdict) == (part, item, "holds")), None)

    def add(self, finding: Finding) -> None:
        """Keep a finding in place of an earlier one of its item."""
        others = [f for f in self.found if (f.part, f.item) != (finding.part, finding.item)]
        self.found = [*others, finding]
        with replacing(self._path) as path:
            path.write_text(json.dumps([asdict(f) for f in self.found], indent=1) + "\n", encoding="utf-8")

    def report(self, parts: Iterable[str], draft: Draft) -> list[Finding]:
        """Write report.md and proposed.diff of these parts, and return their findings that do not hold."""
        shown = [finding for part in parts for finding in self.found if finding.part == part]
        lines = [f"| {f.part} | {escaped(f.item)} | {MARKS[f.verdict]} | {escaped(f.seen)} |" for f in shown]
        table = ["| part | item | verdict | seen |", "| :--- | :--- | :--- | :--- |", *lines]
        with replacing(self._folder / "report.md") as path:
            path.write_text("\n".join(["# What a connected machine found", "", *table, ""]), encoding="utf-8")
        with replacing(self._folder / "proposed.diff") as path:
            path.write_text("\n".join([*draft.differences(), ""]), encoding="utf-8")
        return [finding for finding in shown if finding.verdict != "holds"]
