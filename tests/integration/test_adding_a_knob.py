"""CONTRIBUTING.md says how to add a knob; here somebody follows it, in a copy of the repository."""

import json
import re
import subprocess
import sys
from pathlib import Path

from harness.paths import ROOT
from tests.integration.commands import copied

WHERE = "cuda10.2 on AMD EPYC 7B12, 2 cores"


def blocks() -> tuple[str, str]:
    """Return what the section adds: the field of the contract, and the entry."""
    _, _, rest = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding a knob")
    field, entry = re.findall(r"(?:^    .*\n)+", rest.partition("\n## ")[0], re.MULTILINE)
    return field, entry


def insert(path: Path, before: str, text: str) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count(before) == 1
    path.write_text(source.replace(before, text + before), encoding="utf-8")


def test_following_the_section_gives_a_knob(tmp_path: Path) -> None:
    root, (field, entry) = copied(tmp_path), blocks()
    insert(root / "runner" / "contract" / "job.py", "\n\n@dataclass(frozen=True)\nclass ImageFile", field)
    insert(root / "harness" / "knobs" / "table.py", ")\n#: The knobs that a person chooses", entry)
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.pace", str(tmp_path / "out")],
        cwd=root,
        env={"PYTHONPATH": str(root), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["planned"]["pace"] == 3
    assert [name for name in told["swept"] if name.endswith("--slower")] == [
        "cuda10.2--ssd300_vgg16--quick-1--cpu--r1--slower"
    ]
    assert [label.split(" · ")[-1] for label in told["labels"]] == ["pace: 1", "pace: 2"]
    assert told["conflicts"] == [f"{WHERE}: pace (1 | 2)"]
    assert f"not comparable: {WHERE}: pace (1 | 2); merge fewer runs" in told["merge"]
    assert told["tidy"] == [1, 2]
    assert re.search(r"--pace N +Latency: how fast to go\.", told["help"])
    assert told["keyword"]
    assert told["refused"] == [
        f"--pace {text!r} is no whole number of at least 1; give one such as 2."
        for text in ("brisk", "0", "2.5", "True", "[1]")
    ]
    assert told["works"] == 2
    assert told["runner reads it"]
