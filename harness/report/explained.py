"""Explanations written into a folder: as documents, as a page, and what viewers of profiles read."""

import dataclasses
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import documents
from harness.documents.explanation import Explanation
from harness.errors import StorageError
from harness.report.explanation import markdown
from harness.report.flame import flame_graph, folded
from runner.contract import Profile

NOT_KEPT = "it was profiled before traces were kept"


@dataclass(frozen=True)
class Profiled:
    """A profile, and where its trace lies, if one was kept."""

    profile: Profile
    trace: Path


#: Of A and of B.
Pair = tuple[Profiled, Profiled]


def write(
    explanations: Sequence[Explanation], remarks: Sequence[str], out: Path, profiles: Sequence[Pair] = ()
) -> list[str]:
    """Write explain.json, a list of explanations, explain.md, explain.html, and what there is of each model's profiles.

    Returns which traces are not there, and why, in a sentence each. Raises StorageError where anything else can't be
    written.
    """
    pairs = list(zip(explanations, profiles, strict=bool(profiles)))
    for name, text in _texts(explanations, remarks, pairs).items():
        with documents.replacing(out / name) as part:
            part.write_text(text + "\n", encoding="utf-8")
    # Last, since they are large: where the disk is full, all else is there.
    return [text for each, pair in pairs for text in _traces(each, pair, out)]


def _texts(
    explanations: Sequence[Explanation], remarks: Sequence[str], pairs: Sequence[tuple[Explanation, Pair]]
) -> dict[str, str]:
    from harness.report import page  # only here: what draws takes a while to import

    texts = {
        "explain.json": json.dumps([dataclasses.asdict(each) for each in explanations], indent=1, allow_nan=False),
        "explain.md": markdown(explanations, remarks),
    }
    drawn: list[tuple[Explanation, str | None]] = [(each, None) for each in explanations]
    if pairs:
        drawn = [(each, drawing(each, a.profile, b.profile)) for each, (a, b) in pairs]
    for each, (a, b) in pairs:
        texts |= {f"{_slug(each)}-a.folded": folded(a.profile), f"{_slug(each)}-b.folded": folded(b.profile)}
    texts |= {f"{_slug(each)}.svg": svg for each, svg in drawn if svg}
    texts["explain.html"] = page.explained_page(drawn, remarks)
    return texts


def drawing(explained: Explanation, a: Profile, b: Profile) -> str:
    """Return both profiles of an explanation as one flame graph."""
    return flame_graph(a, b, f"{explained.model}, {explained.a} beside {explained.b}")


def _traces(explained: Explanation, pair: Pair, out: Path) -> Iterator[str]:
    """Copy the traces of both sides; yield why one is not there."""
    for letter, side in zip("AB", pair, strict=True):
        lacking = f"{explained.model}: there is no trace of {letter}"
        if not side.trace.is_file():
            yield f"{lacking}: {side.profile.trace_missing_reason or NOT_KEPT}"
            continue
        try:
            with documents.replacing(out / f"{_slug(explained)}-{letter.lower()}.trace.json.gz") as part:
                shutil.copyfile(side.trace, part)
        except StorageError as error:
            yield f"{lacking}: {error}".rstrip(".")


def _slug(explained: Explanation) -> str:
    return re.sub(r"\W+", "-", explained.model).strip("-").lower()
