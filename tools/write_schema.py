"""Writes docs/result.schema.json and docs/comparison.schema.json anew; a test holds them to be current."""

import json
from pathlib import Path

from harness.documents import schema
from harness.documents.comparison import Comparison
from harness.paths import ROOT
from runner.contract import Document, Result

SCHEMAS: dict[Path, type[Document]] = {
    ROOT / "docs" / "result.schema.json": Result,
    ROOT / "docs" / "comparison.schema.json": Comparison,
}


def text(kind: type[Document]) -> str:
    """Return the schema of a kind of documents as its file has it."""
    return json.dumps(schema(kind), indent=1) + "\n"


if __name__ == "__main__":
    for path, kind in SCHEMAS.items():
        path.write_text(text(kind), encoding="utf-8")
