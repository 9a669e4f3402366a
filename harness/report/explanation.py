"""An explanation as text: for a terminal, and as Markdown."""

from collections.abc import Iterator, Sequence

from harness.documents.explanation import Explanation, PlaceDifference, Remaining, Spending, Tried
from harness.text import GAP, percent

#: What each reason means, in words.
WHY = {
    "other work": "other work: larger tensors, or more calls",
    "other kernels": "other kernels",
    "threads waiting": "wall time without CPU time: threads wait, or are fewer",
    "slower": "the same work and kernels, slower",
}
NOTHING = "nothing beyond noise"
#: Of a table of places.
HEADINGS = (
    *("where", "A ms", "B ms", "share", "A CPU ms", "B CPU ms", "A calls", "B calls"),
    *("why", "what differs and bears on it", "operators in A", "in B"),
)


def sentences(explained: Explanation) -> Iterator[str]:
    """Yield what explains a model's difference: a headline, then a line for each place, the largest first."""
    ratio = explained.b_ms / explained.a_ms
    sides = f"{explained.a_ms:.1f} ms in A, {explained.a}; {explained.b_ms:.1f} ms in B, {explained.b}"
    head = f"{explained.model}: {sides}"
    yield f"{head}: {ratio:.2f} times" if explained.beyond_noise else f"{head}: {NOTHING}"
    for each in explained.differences:
        yield f"  {_of_place(each)}"
        if each.a.operators is not None and each.b.operators is not None and each.a.operators != each.b.operators:
            yield f"    {', '.join(each.a.operators) or 'none'} in A, {', '.join(each.b.operators) or 'none'} in B"
        if each.bearing:
            yield f"    what differs and bears on it: {', '.join(each.bearing)}"
    for text in told_below(explained):
        yield f"  {text}"


def told_below(explained: Explanation) -> Iterator[str]:
    """Yield what was tried, and what could not be told."""
    yield from (*map(_of_try, explained.tried), *explained.remarks)


def _of_try(each: Tried) -> str:
    return f"tried {each.what}: B takes {_remaining(each.after)} A's time; before, {_remaining(each.before)} it"


def _remaining(ratio: Remaining | None) -> str:
    if ratio is None:
        return "an unknown multiple (too few processes) of"
    return f"{ratio.ratio:.2f} times ({ratio.low:.2f} to {ratio.high:.2f})"


def _of_place(each: PlaceDifference) -> str:
    times = f"{each.b.ms / each.a.ms:.1f} times" if each.a.ms else "in B alone"
    where = f"{each.where}, {each.what}: {times}, {100 * each.share:.0f} % of the difference"
    return f"{where}; {each.a.ms:.2f} → {each.b.ms:.2f} ms; {WHY[each.why]}"


def markdown(explanations: Sequence[Explanation], remarks: Sequence[str]) -> str:
    """Return explanations as Markdown: a section for each model, with its places and the circumstances that differ."""
    parts = [line for each in explanations for line in _section(each)]
    return "\n".join(["# Where the difference lies", "", *parts, *(f"- {text}" for text in remarks), ""])


def _section(explained: Explanation) -> Iterator[str]:
    head, *_ = sentences(explained)
    yield from (f"## {explained.model}", "", head + ".", "")
    if explained.differences:
        yield _line(HEADINGS)
        yield _line(["---"] * len(HEADINGS))
        yield from (_line(cells(each, quote="`")) for each in explained.differences)
        yield ""
    if explained.circumstances:
        yield from ("| what differs | A | B |", "| --- | --- | --- |")
        yield from (f"| {each.what} | {_cell(each.a)} | {_cell(each.b)} |" for each in explained.circumstances)
        yield ""
    yield from (f"- {text}" for text in told_below(explained))


def cells(each: PlaceDifference, quote: str = "") -> list[str]:
    """Return a place as a row below HEADINGS; operators stand between quotes."""
    a, b = each.a, each.b
    figures = [f"{value:.2f}" for value in (a.ms, b.ms)]
    figures += [percent(each.share, 0), f"{a.cpu_ms:.2f}", f"{b.cpu_ms:.2f}", f"{a.calls:g}", f"{b.calls:g}"]
    words = [WHY[each.why], ", ".join(each.bearing) or GAP]
    return [f"{each.where}, {each.what}", *figures, *words, _operators(a, quote), _operators(b, quote)]


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _operators(spending: Spending, quote: str) -> str:
    return ", ".join(f"{quote}{name}{quote}" for name in spending.operators) if spending.operators else GAP


def _cell(text: str | None) -> str:
    return GAP if text is None else text.replace("|", "\\|")
