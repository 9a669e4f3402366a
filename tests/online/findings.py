"""What was found, kept after each item, so that an interrupted check goes on where it was."""

import hashlib
import json
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.documents import replacing
from harness.errors import BadDocument
from harness.text import escaped

#: `new` is what nobody had pinned, and the check proposes; `not reached` is neither for nor against a pin.
Verdict = Literal["holds", "new", "broken", "not reached"]
MARKS: dict[Verdict, str] = {"holds": "ok", "new": "new", "broken": "BROKEN", "not reached": "not reached"}


@dataclass(frozen=True)
class Finding:
    """One item of a part: `pin`, a hash of all that was held to (pin_of), what came of it, what was seen, and when."""

    part: str
    item: str
    pin: str
    verdict: Verdict
    seen: str
    on: str

    @property
    def settled(self) -> bool:
        """Whether it need not be looked at again for as long as the pin is the same."""
        return self.verdict in ("holds", "new")


def pin_of(*values: object) -> str:
    """Return a hash of what an item was held to: the pinned values, and where they were asked."""
    return hashlib.sha256(json.dumps(values, default=sorted).encode()).hexdigest()[:16]


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

    def settled(self, part: str, item: str, pin: str) -> Finding | None:
        """Return what an earlier check found where this very item, with this very pin, need not be looked at again."""
        if not pin:
            return None
        return next((f for f in self.found if (f.part, f.item, f.pin) == (part, item, pin) and f.settled), None)

    def add(self, finding: Finding) -> None:
        """Keep a finding in place of an earlier one of its item."""
        self._keep([f for f in self.found if (f.part, f.item) != (finding.part, finding.item)] + [finding])

    def leave(self, part: str, items: Set[str]) -> None:
        """Forget what an earlier check found of items that the part has no longer."""
        self._keep([f for f in self.found if f.part != part or f.item in items])

    def wrong(self, parts: Iterable[str]) -> list[Finding]:
        """Return the findings of these parts that were broken or not reached."""
        return [f for part in parts for f in self.found if f.part == part and not f.settled]

    def report(self, heading: Iterable[str]) -> None:
        """Write report.md: the heading's lines, then every finding, those that need a person first."""
        order = sorted(self.found, key=lambda finding: finding.settled)
        rows = [f"| {f.part} | {escaped(f.item)} | {MARKS[f.verdict]} | {escaped(f.seen)} | {f.on} |" for f in order]
        table = ["| part | item | verdict | seen | on |", "| :--- | :--- | :--- | :--- | :--- |", *rows]
        with replacing(self._folder / "report.md") as path:
            path.write_text("\n".join([*heading, "", *table, ""]), encoding="utf-8")

    def _keep(self, findings: list[Finding]) -> None:
        self.found = findings
        with replacing(self._path) as path:
            lines = ",\n".join(json.dumps(vars(finding)) for finding in findings)
            path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
