"""Explanations written into a folder."""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path

from harness import documents
from harness.documents.explanation import Explanation
from harness.report.explanation import markdown
from harness.report.flame import flame_graph, folded
from runner.contract import Profile


def write(
    explanations: Sequence[Explanation],
    remarks: Sequence[str],
    out: Path,
    profiles: Sequence[tuple[Profile, Profile]] = (),
) -> Path:
    """Write explain.json, a list of explanations, explain.md, and what there is to look at of each model's profiles.

    Returns the folder; raises StorageError.
    """
    texts = {
        "explain.json": json.dumps([dataclasses.asdict(each) for each in explanations], indent=1, allow_nan=False),
        "explain.md": markdown(explanations, remarks),
    }
    for each, (a, b) in zip(explanations, profiles, strict=bool(profiles)):
        name = re.sub(r"\W+", "-", each.model).strip("-").lower()
        texts |= {f"{name}-a.folded": folded(a), f"{name}-b.folded": folded(b)}
        texts[f"{name}.svg"] = flame_graph(a, b, f"{each.model}, {each.a} beside {each.b}")
    for name, text in texts.items():
        with documents.replacing(out / name) as part:
            part.write_text(text + "\n", encoding="utf-8")
    return out
