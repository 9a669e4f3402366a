"""What becomes of the knob of CONTRIBUTING.md, "Adding a knob", in a copy of the repository that has it: as JSON."""

import inspect
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import harness
from harness import plan
from harness.analysis.labels import conflicts, labels_of
from harness.analysis.merging import tidy
from harness.analysis.series import latency_series
from harness.catalogue import Environment
from harness.cli.listed import app
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput, HarnessError
from harness.execute.work import same_work
from harness.plan import Request, make_variant, sweep
from harness.preflight.checks import Preflight, Target
from runner.contract import Dataset, Result
from runner.contract.serialise import from_dict, to_dict
from tests.samples import job, ok_result, run_folder, software


class AnyHost(Preflight):
    """A host that can run everything."""

    def obstacle(self, environment: Environment, target: Target) -> HarnessError | None:
        return None


def cell(out: Path, pace: int) -> Cell:
    """Return a cell that was measured at a pace, as it is read from its run."""
    of = job(variant=make_variant(pace=pace))
    at = f"2026-01-02T03:04:0{pace}.000+00:00"
    result = ok_result(of, started_at=at, software=software(numerics={"pace": str(pace)}))
    (read,) = run_folder(out / f"run-{pace}", result).cells()
    return read


def planned() -> Any:
    """Return the variant of the job that a person's choice is planned as."""
    request = Request(["local"], ["ssd300_vgg16"], weights="random", device="cpu", variant=make_variant(pace="3"))
    made, _ = plan.make(request, [], AnyHost(), lambda *_: None)
    return to_dict(made.cells[0].job.variant)


def swept(out: Path) -> list[str]:
    """Return the cells of a sweep."""
    dataset = Dataset("some", "0" * 64, [1], [1], ["1.jpg"])
    run_folder(out / "pass", ok_result(job(suite="accuracy", dataset=dataset, images=[]), latency=None))
    return [each.job.cell for each in sweep.plan(RunFolder(out / "pass")).cells]


def refusal(**chosen: object) -> str:
    """Return the sentence that refuses a value."""
    try:
        make_variant(**chosen)
    except BadInput as error:
        return str(error)
    return "nothing"


def main(out: Path) -> None:
    """Print it."""
    cells = [cell(out, pace) for pace in (1, 2)]
    series = [latency_series(each) for each in cells]
    runs = [str(out / f"run-{pace}") for pace in (1, 2)]
    cli = CliRunner()
    told = {
        "planned": planned(),
        "swept": swept(out),
        "labels": list(labels_of(series).values()),
        "conflicts": conflicts(series),
        "merge": str(cli.invoke(app, ["merge", *runs, "--out", str(out / "merged")]).exception),
        "tidy": tidy(runs, allow=True)["pace"].unique().tolist(),
        "help": cli.invoke(app, ["run", "--help"]).output,
        "keyword": "pace" in inspect.signature(harness.run).parameters,
        "refused": [refusal(pace=value) for value in ("brisk", 0, 2.5, True, [1])],
        "works": len({same_work(replace(each.job, cell="")) for each in cells}),
        "runner reads it": from_dict(Result, to_dict(cells[0].result)) == cells[0].result,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
