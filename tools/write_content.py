"""Writes the table of docs/content.md anew by simulation, a minute or less; a test tells when it needs it."""

from collections.abc import Iterator

from harness.paths import ROOT
from tools.content import COSTS, SCENARIOS, TRIALS, fingerprint, held

PAGE = ROOT / "docs" / "content.md"
BEGIN, END = "<!-- content -->\n", "<!-- end of content -->\n"


def rows(trials: int) -> Iterator[list[str]]:
    """Yield the table's rows, its head first."""
    yield ["pictures", *(f"{name}: held" for name in COSTS), *(f"{name}: median width" for name in COSTS)]
    for number, scenario in enumerate(SCENARIOS):
        seen = held(number, trials)
        shares = [*seen.covered.values(), *seen.widths.values()]
        yield [scenario.name, *(f"{100 * share:.1f} %" for share in shares)]


def page(text: str, trials: int = TRIALS) -> str:
    """Return the page with its table replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    head, *body = rows(trials)
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]
    note = f"{trials} trials a line. <!-- sources {fingerprint()} -->\n\n"
    return before + BEGIN + note + "\n".join(lines) + "\n" + END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
