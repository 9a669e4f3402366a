"""The main job from the command line to the table, in real processes and real containers."""

import csv
import io
import json
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from harness.catalogue import environments
from harness.documents.run_folder import Cell, RunFolder
from harness.images import recipes
from harness.images.engine import Engine
from harness.paths import PHOTOGRAPHS, ROOT
from tests.integration.commands import HARNESS, LITE, harness, owned
from tests.leftovers import MADE_HERE

#: One thread: two tests at once with two threads each would wait for one another in every parallel region.
RUN = ["run", "--model", LITE, "--device", "cpu", "--weights", "random", "--threads", "1"]

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]


def cells(run: Path) -> dict[str, Cell]:
    return {cell.job.environment: cell for cell in RunFolder(run).cells()}


@pytest.fixture(scope="module")
def both(cuda102: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run in the published stack's container and in this interpreter."""
    run = tmp_path_factory.mktemp("runs") / "both"
    done = harness(*RUN, "--image", f"{cuda102},local", "--iterations", "3", "--published", "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    return run


@pytest.mark.docker
def test_one_table_holds_both_environments(both: Path) -> None:
    done = harness("report", both, "--published", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    headings = [heading for heading in rows[0] if "(ms)" in heading]
    assert [heading.split()[0] for heading in headings] == ["cuda10.2", "local", *["2021:"] * 5]
    assert rows[1][0] == "SSDlite320 MobileNetV3-Large"
    assert all(float(value) > 0 for value in rows[1][1:])
    assert len(rows) == 2


@pytest.mark.docker
def test_each_cell_observes_its_own_stack(both: Path) -> None:
    old, new = cells(both)["cuda10.2"].result.software, cells(both)["local"].result.software
    assert old is not None
    assert new is not None
    assert (old.torch, old.torchvision, old.cuda, old.cudnn) == ("1.9.0+cu102", "0.10.0+cu102", "10.2", 7605)
    assert old.python.startswith("3.9.")
    assert new.torch.startswith(metadata.version("torch"))
    assert {library.name.split(".")[0] for library in old.shared_libraries} >= {"libtorch_cpu"}


@pytest.mark.docker
def test_what_the_harness_saw_is_on_record(both: Path) -> None:
    old, new = cells(both)["cuda10.2"].execution, cells(both)["local"].execution
    assert old is not None
    assert new is not None
    assert old.image is not None
    assert old.image.id.startswith("sha256:")
    assert old.image.recipe_sha256 == recipes.recipe_sha256(environments()["cuda10.2"])
    assert (old.executor, old.exit_code, new.executor, new.image) == ("docker", 0, "local", None)
    assert old.host.id == new.host.id
    assert not new.pinned
    assert old.pinned == (not old.image.substitutions)


@pytest.mark.docker
def test_both_stacks_hold_the_same_random_weights_and_saw_the_same_pixels(both: Path) -> None:
    old, new = cells(both)["cuda10.2"].result, cells(both)["local"].result
    assert old.weights_sha256 == new.weights_sha256
    assert old.latency is not None
    assert new.latency is not None
    assert [i.name for i in old.latency.inputs] == [i.name for i in new.latency.inputs]
    assert min(old.latency.samples.detections) > 0


@pytest.mark.docker
def test_both_stacks_tell_what_there_was_to_do_in_each_picture(both: Path) -> None:
    for cell in cells(both).values():
        latency = cell.result.latency
        assert latency is not None
        assert latency.contents is not None
        assert [content.name for content in latency.contents] == [each.name for each in latency.inputs]
        samples = latency.samples
        for content in latency.contents:
            assert (content.resized_height, content.resized_width, content.padded_pixels) == (320, 320, 0)
            assert (content.proposals, content.missing_reason) == (None, "the model has one stage, and no proposals")
            assert (content.candidates or 0) >= (content.uncut or 0) >= content.detections > 0
            counts = {n for name, n in zip(samples.image, samples.detections, strict=True) if name == content.name}
            assert counts == {content.detections}


@pytest.mark.docker
def test_the_script_in_the_docs_recomputes_the_table(both: Path) -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    script = text.split("```python\n")[1].split("```")[0]
    assert len(script.strip().splitlines()) <= 5
    table = list(csv.reader(io.StringIO(harness("report", both, "--format", "csv").stdout)))
    for number, cell in enumerate(cells(both).values()):
        path = both / "cells" / cell.job.cell / "result.json"
        done = subprocess.run(["python3", "-c", script, path], capture_output=True, text=True, check=True)
        latency, detections = table[1][1 + 2 * number : 3 + 2 * number]
        assert done.stdout == f"{latency} ms, {detections} detections / image\n"


@pytest.mark.docker
def test_nothing_is_left_behind(both: Path, engine: Engine) -> None:
    assert owned(engine, both) == []
    left = {path.name for path in both.rglob("*") if path.is_file()}
    assert left == {".lock", "plan.json", "table.md", "job.json", "result.json", "execution.json", "log.txt"}


@pytest.mark.docker
def test_an_image_built_on_ours_is_not_taken_for_ours(engine: Engine, cuda102: str, tmp_path: Path) -> None:
    ours = recipes.find(engine, environments()[cuda102])
    assert ours is not None
    (tmp_path / "Dockerfile").write_text(f"FROM {ours.id}\nENV SOMETHING=else\n")
    for _ in engine.build(tmp_path, "Dockerfile", "detection-harness/derived:test", MADE_HERE, {}):
        pass
    found = recipes.find(engine, environments()[cuda102])
    engine._client.images.remove("detection-harness/derived:test")
    assert found == ours


def iterations(of: Cell) -> list[str]:
    assert of.result.latency is not None
    return of.result.latency.samples.image


def test_a_person_s_own_pictures(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("cat.jpg", "coffee.jpg", "README.md"):
        (pictures / name).write_bytes((PHOTOGRAPHS / name).read_bytes())
    run = tmp_path / "run"
    done = harness(*RUN, "--image", "local", "--images", pictures, "--iterations", "3", "--threads", "1", "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    cell = cells(run)["local"]
    assert iterations(cell) == ["cat.jpg", "cat.jpg", "coffee.jpg", "cat.jpg"]
    assert cell.result.software is not None
    assert cell.result.software.threads == 1
    (pictures / "cat.jpg").write_bytes(b"no picture any more")
    again = harness("run", "--resume", run)
    assert "kept" in again.stdout


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = harness(*RUN, "--image", "local", "--dry-run", "--out", tmp_path / "run")
    assert done.returncode == 0
    assert "local on cpu: 1 cell" in done.stdout
    assert "expected time: " in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_passing_the_memory_limit_is_reported(tmp_path: Path) -> None:
    done = harness(*RUN, "--image", "local", "--iterations", "1", "--memory", "100m", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "out_of_memory: the process passed its memory limit" in done.stdout
    result = json.loads(next((tmp_path / "run").glob("cells/*/result.json")).read_text())
    assert result["status"] == "out_of_memory"


def test_help_needs_nothing_but_the_list_of_commands() -> None:
    code = "import sys, harness.cli.app\ntry: harness.cli.app.main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([HARNESS[0], "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    own = {name for name in loaded if name.partition(".")[0] in ("harness", "runner")}
    listing = {f"harness.cli{part}" for part in ("", ".app", ".called", ".group", ".late", ".listed")}
    assert own == listing | {"harness", "harness.errors", "harness.host", "harness.host.interruptions", "harness.text"}
    assert not loaded & {"torch", "torchvision", "pandas", "docker", "numpy", "pydantic"}


def test_a_command_brings_the_slow_packages_that_it_needs(tmp_path: Path) -> None:
    quick = str(ROOT / "results" / "reference" / "quick-1")
    commands = [
        [*RUN, "--image", "local", "--dry-run"],
        ["report", quick],
        ["report", quick, "--published", "-o", str(tmp_path / "page")],
        ["merge", quick, "-o", str(tmp_path / "tables")],
    ]
    code = f"""if True:
        import sys
        from harness.cli.app import main
        slow = {{"docker", "httpx", "pandas", "pyarrow", "scipy"}}
        for command in {commands!r}:
            sys.argv = ["harness", *command]
            try:
                main()
            except SystemExit as ending:
                assert not ending.code, command
            print("with", *sorted(slow & set(sys.modules)), file=sys.stderr)"""
    done = subprocess.run([HARNESS[0], "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    brought = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("with")]
    assert brought == [[], ["scipy"], ["scipy"], ["pandas", "pyarrow", "scipy"]]
