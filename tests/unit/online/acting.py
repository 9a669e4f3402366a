"""A stand-in for the harness's command line, at the seam where the check of a connected machine calls it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.images.lock import Draft
from tests.online.check import Check, Pass, Places, Said
from tests.online.findings import Finding, Findings

FINE = Said(0, "", "")


class ActingHarness:
    """Notes its commands; each is answered by how it begins, and where nothing is planned for it, ends well."""

    def __init__(self, answers: Mapping[str, Said | Callable[[Sequence[str]], Said]]):
        self._answers = answers
        self.commands: list[list[str]] = []

    def __call__(self, arguments: Sequence[str], kept: bool) -> Said:
        self.commands.append(list(arguments))
        for words, answer in self._answers.items():
            if " ".join(arguments).startswith(words):
                return answer if isinstance(answer, Said) else answer(arguments)
        return FINE


def passing(part: str, folder: Path, acting: ActingHarness, limit: int | None = None) -> Pass:
    """Return a pass of a part whose servers all answer, with the acting harness."""
    places = Places("https://hub.example", "https://index.example", None, None, "https://weights.example")
    return Pass(Check(places, Findings(folder), Draft(), folder, limit, acting), part)


def seen(doing: Pass) -> dict[str, Finding]:
    """Return what was found, by item."""
    return {finding.item: finding for finding in doing.check.findings.found}
