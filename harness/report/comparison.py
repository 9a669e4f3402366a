"""A comparison as tables: what was not alike, first, then each model with both verdicts and what is to be said."""

from collections.abc import Iterator, Sequence

from harness.catalogue import displays
from harness.documents.agreement import ApDifference
from harness.documents.comparison import Clock, Comparison, Estimate, ModelComparison, SideName, Unlike
from harness.report import render
from harness.report.table import EVERYWHERE, FULL, Column, Table
from harness.text import GAP, count, escaped, percent

CLOCKS: dict[Clock, str] = {"wall": "wall time", "cpu": "CPU time", "instructions": "instructions"}
#: The headings of a side's figure and of the ratio.
HEADINGS: dict[Clock, tuple[str, str]] = {
    "wall": ("{} ms", "B / A"),
    "cpu": ("{} CPU ms", "B / A CPU time"),
    "instructions": ("{} million instructions", "B / A instructions"),
}
NOT_RECORDED = "not recorded"
#: What it means that a model is one thing by wall time and another by CPU time, where that says something.
MEANING = {
    ("slower", "equivalent"): "it computes as much, but waits longer or on fewer CPUs at once",
    ("faster", "equivalent"): "it computes as much, on more CPUs at once or with less waiting",
    ("equivalent", "slower"): "it takes as long, but computes more: with more CPUs at once",
    ("equivalent", "faster"): "it takes as long, but computes less: on fewer CPUs at once",
    ("slower", "faster"): "it computes less, but on fewer CPUs at once or with more waiting",
    ("faster", "slower"): "it computes more, but on more CPUs at once",
}


def comparison_tables(found: Comparison) -> list[Table]:
    """Return the tables of a comparison: what was not alike, if anything, and the models."""
    named = displays(each.model for each in found.models)
    return [*_unlike_tables(found, named), _models_table(found, named)]


def markdown(found: Comparison) -> str:
    """Return the comparison as Markdown, for a pull request say."""
    return "\n".join([f"**{escaped(headline(found))}**\n", *map(render.markdown, comparison_tables(found))])


def headline(found: Comparison) -> str:
    """Say in a sentence what came out on the clocks that count."""
    counts: dict[str, int] = {}
    for each in found.models:
        said = {known.verdict for clock in found.on if (known := each.on(clock))}
        verdict = said.pop() if len(said) == 1 else "different by each clock" if said else "unknown"
        counts[verdict] = counts.get(verdict, 0) + 1
    clocks = " and ".join(CLOCKS[clock] for clock in found.on)
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    return f"B beside A by {clocks}, within {percent(found.margin)}: {told}"


def side(name: SideName) -> str:
    """Return what a side is called."""
    knobs = [f"{knob}={value}" for knob, value in name.knobs.items()]
    return ", ".join(filter(None, [name.run, name.environment, *knobs]))


def _unlike_tables(found: Comparison, named: dict[str, str]) -> list[Table]:
    if not found.unlike:
        return []
    columns = [
        Column("A", [each.a or NOT_RECORDED for each in found.unlike], "words"),
        Column("B", [each.b or NOT_RECORDED for each in found.unlike], "words"),
    ]
    names = Column("What", [_what(each, found, named) for each in found.unlike])
    return [Table("Not alike", names, [[column] for column in columns], list(_disturbances(found.unlike)))]


def _what(each: Unlike, found: Comparison, named: dict[str, str]) -> str:
    models = {one.model for one in found.models}
    of = f" ({', '.join(named[model] for model in each.models)})" if set(each.models) != models else ""
    return f"{each.what}{of}{', labelled' if each.essential else ''}"


def _disturbances(unlike: Sequence[Unlike]) -> Iterator[str]:
    """Yield a sentence on what makes the verdicts doubtful: who is disturbed, and by what."""
    for each in (each for each in unlike if each.disturbs):
        a, b = each.a or "unknown", each.b or "unknown"
        yield f"disturbed, {each.what}: {a} beside A, {b} beside B; judge by CPU time, or measure again when idle"


def _models_table(found: Comparison, named: dict[str, str]) -> Table:
    names = [_named(each, named) for each in found.models]
    means = [*found.over_models]
    rows = [f"geometric mean{f', {part}' if part else ''}" for part in dict.fromkeys(each.part for each in means)]
    groups = [
        *(_clock(clock, found) for clock in CLOCKS if any(each.on(clock) for each in found.models)),
        [
            Column("A MiB", _filled([_mib(e.memory_a_bytes) for e in found.models], rows), forms=FULL),
            Column("B MiB", _filled([_mib(e.memory_b_bytes) for e in found.models], rows), forms=FULL),
        ],
    ]
    if any(each.detects for each in found.models):
        groups.append([Column("detects", _filled([each.detects_word or GAP for each in found.models], rows))])
        groups.append([Column("AP change", _filled([_ap(each.ap_differences) for each in found.models], rows))])
    title = f"A: {side(found.a)} · B: {side(found.b)}"
    return Table(title, Column("Model", [*names, *rows]), groups, list(_notes(found, named)))


def _filled(values: list[str], rows: Sequence[str]) -> list[str]:
    return [*values, *(GAP for _ in rows)]


def _clock(clock: Clock, found: Comparison) -> list[Column]:
    """Return the columns of a clock: figures, the ratio with its interval, the verdict."""
    parts = dict.fromkeys(each.part for each in found.over_models)
    means = [
        next((e.estimate for e in found.over_models if (e.part, e.clock) == (part, clock)), None) for part in parts
    ]
    estimates = [*(each.on(clock) for each in found.models), *means]
    heading, ratio = HEADINGS[clock]
    figures = [
        Column(
            heading.format(letter),
            _filled([_figure(each.means(clock)[n]) for each in found.models], list(parts)),
            forms=EVERYWHERE if clock == "wall" else FULL,
        )
        for n, letter in enumerate("AB")
    ]
    return [
        *figures,
        Column(ratio, [_ratio(each) for each in estimates]),
        Column(f"by {CLOCKS[clock]}", [each.verdict if each else GAP for each in estimates], "names"),
    ]


def _named(each: ModelComparison, named: dict[str, str]) -> str:
    return ", ".join(filter(None, (named[each.model], each.part)))


def _ratio(each: Estimate | None) -> str:
    return f"{each.ratio:.3f} ({each.low:.3f} to {each.high:.3f})" if each else GAP


def _figure(value: float | None) -> str:
    return GAP if value is None else f"{value:.4g}"


def _mib(value: int | None) -> str:
    return GAP if value is None else f"{value / (1 << 20):.0f}"


def _ap(changes: Sequence[ApDifference]) -> str:
    boxes = next((each for each in changes if each.iou == "bbox"), None)
    if boxes is None:
        return GAP
    interval = (
        "" if boxes.low is None or boxes.high is None else f" ({100 * boxes.low:+.2f} to {100 * boxes.high:+.2f})"
    )
    return f"{100 * boxes.difference:+.2f}{interval}"


def _notes(found: Comparison, named: dict[str, str]) -> Iterator[str]:
    yield (
        f"B / A with its 95 % interval over fresh processes; equivalent: the 90 % interval lies within "
        f"{percent(found.margin)}; figures are geometric means over pictures and processes"
    )
    for each in found.models:
        yield from _notes_on(each, found, named)
    if found.host_noise:
        yield found.host_noise
    yield from (f"not compared: {text}" for text in found.left_out)
    if found.fail_on is not None:
        yield _failure(found, named)


def _notes_on(each: ModelComparison, found: Comparison, named: dict[str, str]) -> Iterator[str]:
    name = _named(each, named)
    if each.unpaired_reason:
        welch = "a drift of the machine can't be told from a difference (Welch's interval)"
        yield f"{name}: not paired by round, since {each.unpaired_reason}: {welch}"
    if each.pictures_left_out:
        yield f"{name}: {count(each.pictures, 'picture')} that both sides have; {each.pictures_left_out} left out"
    if each.detects_sentence:
        yield f"{name}: detections {each.detects_sentence}"
    if each.cpu is None:
        yield f"{name}: no CPU time, {each.cpu_missing_reason}"
    elif each.cpu.verdict != each.wall.verdict:
        yield f"{name}: {_differing(each.wall, each.cpu)}"
    doubts: dict[str, list[str]] = {}
    for clock, word in CLOCKS.items():
        if (known := each.on(clock)) and (doubt := _doubt(clock, known, found)):
            doubts.setdefault(doubt, []).append(word)
    yield from (f"{name}, {' and '.join(words)}: {doubt}" for doubt, words in doubts.items())


def _differing(wall: Estimate, cpu: Estimate) -> str:
    said = f"{wall.verdict} by wall time, {cpu.verdict} by CPU time"
    if meaning := MEANING.get((wall.verdict, cpu.verdict)):
        return f"{said}: {meaning}"
    decided = "CPU time decides what wall time can't" if wall.verdict == "ambiguous" else "wall time decides"
    return f"{said}: {decided}"


def _doubt(clock: Clock, known: Estimate, found: Comparison) -> str | None:
    """Return what is to be known of a verdict, if anything."""
    if known.verdict == "ambiguous":
        if known.more_repeats is None:
            return "no number of repeats in reach settles it"
        return f"{count(known.more_repeats, 'more repeat')} a side would settle it at the variance seen"
    if known.corrected != known.verdict and clock in found.on:
        models = count(sum(each.on(clock) is not None for each in found.models), "comparison")
        return f"{known.verdict} by itself, {known.corrected} corrected for {models} (Holm)"
    if known.verdict == "equivalent" and not known.low <= 1 <= known.high:
        direction = "slower" if known.ratio > 1 else "faster"
        return f"equivalent, and {direction} by {percent(abs(known.ratio - 1), 1)}"
    return None


def _failure(found: Comparison, named: dict[str, str]) -> str:
    limit = percent(found.fail_on or 0.0)
    slower = [
        _named(each, named)
        for each in found.models
        if any((known := each.on(clock)) and known.slower_p is not None and known.slower_p < 0.05 for clock in found.on)
    ]
    if slower:
        return f"slower by more than {limit}: {', '.join(slower)}"
    return f"none is shown to be slower by more than {limit}"
