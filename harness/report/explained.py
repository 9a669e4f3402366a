"""Explanations written into a folder."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from harness.documents.explanation import Explanation
from harness.errors import ANOTHER_OUT, refused
from harness.report.explanation import markdown


def write(explanations: Sequence[Explanation], remarks: Sequence[str], out: Path) -> Path:
    """Write explain.json, a list of explanations, and explain.md. Returns the folder; raises StorageError."""
    texts = {
        "explain.json": json.dumps([dataclasses.asdict(each) for each in explanations], indent=1, allow_nan=False),
        "explain.md": markdown(explanations, remarks),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise refused(error, str(out), "written", elsewhere=ANOTHER_OUT) from error
    return out
