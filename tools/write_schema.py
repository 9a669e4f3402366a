"""Writes docs/result.schema.json anew from runner/contract; a test holds it to be current."""

import json

from harness.documents import schema
from harness.paths import ROOT
from runner.contract import Result

SCHEMA = ROOT / "docs" / "result.schema.json"


def text() -> str:
    """Return the schema as its file has it."""
    return json.dumps(schema(Result), indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
