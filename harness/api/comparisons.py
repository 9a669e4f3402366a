"""Two sides of runs compared, as a value."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from harness import comparing
from harness.api.checked import Flag, RunName, Telling, Text, Where, checked, recorded, run_name
from harness.api.shown import Shown, frame_of
from harness.comparing import settling
from harness.documents.comparison import Clock, Comparison, Estimate, Unlike
from harness.preflight.checks import Preflight
from harness.progress import Silent
from harness.report import comparison as report
from harness.report.writing import write_comparison

SILENT = Silent()
CLOCKS: Sequence[Clock] = ("wall", "cpu", "instructions")
MODEL = ("model", "part", "clock", "unit", "a", "b")
UNITS: dict[Clock, str] = {"wall": "ms", "cpu": "ms", "instructions": "millions"}
BESIDE = ("unpaired_reason", "pictures", "detects", "memory_a_bytes", "memory_b_bytes")


@dataclass(frozen=True, repr=False, eq=False)
class Comparisons(Shown):
    """B beside A, model by model.

    `models` has a row for each model, part of it (such as "threads: 2") and clock ("wall", "cpu", "instructions"): a
    and b in the row's unit ("ms", or "millions" of instructions), ratio (B / A) with its 95 % interval (low, high) and
    90 % one (narrow_low, narrow_high), whether processes were paired by round, how many there were, verdict
    (equivalent, faster, slower, ambiguous), the one corrected for several, slower_p (of fail_on), more_repeats, and
    what stands beside it. What is unknown is missing; a clock that is not known has no row, and `document` says why.
    `over_models` has the geometric means over several models of a part, `unlike` what was not alike. `fails` and
    `ambiguous` are what exit codes 1 and 6 say; `notes` are those of the command line's tables. `settled_in` is the
    folder of the further repeats, None without any.
    """

    models: pd.DataFrame
    over_models: pd.DataFrame
    unlike: pd.DataFrame
    fails: bool
    ambiguous: bool
    notes: list[str]
    document: Comparison
    settled_in: Path | None

    def markdown(self) -> str:
        """Return it as `harness compare --markdown` prints it."""
        return report.markdown(self.document)

    def _title(self) -> str:
        return report.headline(self.document)

    def _lines(self) -> list[str]:
        return self.notes

    def _frames(self) -> Iterator[pd.DataFrame]:
        if len(self.unlike):
            yield self.unlike[["what", "a", "b"]]
        yield self.models[["model", "part", "clock", "ratio", "low", "high", "verdict"]]


@checked
def compare(
    a: RunName,
    b: RunName,
    *,
    margin: Text = "3%",
    fail_on: Text | None = None,
    on: Text = "wall",
    allow: Flag = False,
    settle: Flag = False,
    max_time: Text | None = None,
    out: Where | None = None,
    progress: Telling = SILENT,
) -> Comparisons:
    """Tell whether B is faster or slower than A, or equivalent, model by model, as `harness compare` does.

    a, b: runs, or parts of one as texts: "RUN:ENV", "RUN@threads=1".
    margin: a share such as "3%", less than which makes no difference. fail_on: the share beyond which `fails` says that
    one is slower. on: wall, cpu or both, the clock that `fails` and `ambiguous` follow.
    allow: also what was not measured alike, labelled.
    settle: measure more repeats, by turns, until nothing is ambiguous; max_time: for at most so long, such as "10m".
    out: a folder for report.html and report.md.

    Raises BadInput where nothing can be compared, or what must be alike is not; with settle, as `harness.run` does.
    """
    call = recorded(compare, locals())
    most_s = comparing.most_seconds(max_time, settle=settle)
    asked, sides = comparing.asked(margin, fail_on, on, allow=allow), (run_name(a), run_name(b))
    more = None
    if settle:
        with Preflight() as preflight:
            done = settling.settled(*sides, asked, most_s, call, preflight, progress)
        if done.interrupted:
            raise done.interrupted
        found, more = done.comparison, done.folder
    else:
        found = comparing.compared(*sides, asked, progress)
    if out is not None:
        write_comparison(found, comparing.folders(*sides), Path(out))
    return comparisons(found, more.path if more else None)


def comparisons(found: Comparison, settled_in: Path | None = None) -> Comparisons:
    """Return a comparison as a value."""
    columns = [each.name for each in fields(Estimate)]
    return Comparisons(
        models=frame_of(_rows(found), (*MODEL, *columns, *BESIDE, "detects_causes")),
        over_models=frame_of(
            ({"part": each.part, "clock": each.clock, "models": each.models} | asdict(each.estimate))
            for each in found.over_models
        ),
        unlike=frame_of(map(asdict, found.unlike), [each.name for each in fields(Unlike)]),
        fails=found.fails,
        ambiguous=found.ambiguous,
        notes=[note for table in report.comparison_tables(found) for note in table.notes],
        document=found,
        settled_in=settled_in,
    )


def _rows(found: Comparison) -> Iterator[dict[str, Any]]:
    for each in found.models:
        beside = {name: getattr(each, name) for name in BESIDE} | {"detects_causes": ", ".join(each.detects_causes)}
        for clock in CLOCKS:
            if known := each.on(clock):
                named = dict(zip(MODEL, (each.model, each.part, clock, UNITS[clock], *each.means(clock)), strict=True))
                yield named | asdict(known) | beside
