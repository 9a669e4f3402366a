"""Further repeats of what is ambiguous. What measures is stood in for: each cell takes what its side does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import comparing, documents, pipeline
from harness.comparing import settling
from harness.documents import Plan
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.pipeline import Outcome
from harness.progress import Silent
from tests.samples import execution
from tests.unit.harness.sides import OTHER, ROUNDS, process, side, write

NEWER = "cpu-debian13"
ASKED = comparing.asked("3%", None, "wall", allow=False)


class Said(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the cells that were measured, in order."""
    names: list[str] = []

    def measure(folder: RunFolder) -> Outcome:
        for job in (cell.job for cell in folder.plan.cells if cell.job.cell not in names):
            names.append(job.cell)
            ms = 10.0 * (1.2 if job.environment == NEWER else 1.0) * (1 + 0.01 * (job.repeat % 2))
            result = process(
                ms, job.repeat, job.model.builder, environment=job.environment, begun=f"40:{len(names):02d}"
            )
            place = folder.clear(job)
            documents.write(place / "result.json", replace(result, job=job))
            documents.write(place / "execution.json", execution(job))
        return Outcome(folder, [], True, [])

    def start(plan: Plan, preflight: Any, progress: Any, name: str) -> Outcome:
        folder = RunFolder.create(tmp_path / name, name)
        documents.write(folder.path / "plan.json", plan)
        return measure(folder)

    monkeypatch.setattr(pipeline, "start", start)
    monkeypatch.setattr(pipeline, "resume", lambda folder, *_: measure(folder))
    return names


@pytest.fixture
def doubtful(tmp_path: Path) -> tuple[str, str]:
    """A run in which B is slower, but scatters too much to say so, and another model is as fast."""
    noisy = [
        process(ms * by, n, environment=NEWER)
        for n, (ms, by) in enumerate(zip(ROUNDS[:3], (1.0, 1.5, 1.1), strict=True), 1)
    ]
    others = side(ROUNDS[:3], model=OTHER) + side(ROUNDS[:3], model=OTHER, environment=NEWER)
    write(tmp_path / "run", *side(ROUNDS[:3]), *noisy, *others)
    return f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}"


def settle(sides: tuple[str, str], most_s: float | None = None, said: Said | None = None) -> settling.Settled:
    preflight: Any = None
    return settling.settled(*sides, ASKED, most_s, ["compare", "--settle"], preflight, said or Said())


def test_what_is_ambiguous_is_measured_by_turns_until_it_is_not(doubtful: tuple[str, str], measured: list[str]) -> None:
    done = settle(doubtful)
    assert done.folder
    assert not done.comparison.ambiguous
    slower, other = done.comparison.models
    assert (slower.wall.verdict, slower.wall.paired) == ("slower", True)
    assert slower.wall.processes_a == 3 + len(measured) // 2
    assert other.wall.processes_a == 3  # what was clear is not measured again
    letters = "".join(name[0] for name in measured)
    assert letters == ("abba" * len(letters))[: len(letters)]
    assert done.folder.plan.command == ["compare", "--settle"]


def test_it_ends_when_the_time_is_up(doubtful: tuple[str, str], measured: list[str]) -> None:
    said = Said()
    done = settle(doubtful, 0.0, said)
    assert len(measured) == 2
    assert done.comparison.ambiguous
    assert "not settled in time" in said.texts[-1]


def test_what_no_number_in_reach_would_settle_by_two_processes_is_measured_until_more_tell(
    tmp_path: Path, measured: list[str]
) -> None:
    wild = [process(ms, n, environment=NEWER) for n, ms in enumerate((10.0, 300.0), 1)]
    write(tmp_path / "run", *side(ROUNDS[:2]), *wild)
    said = Said()
    done = settle((f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}"), said=said)
    assert len(measured) == 2 * (settling.FEWEST - 2)
    assert done.comparison.ambiguous
    assert said.texts[-1] == "not settled: no number of repeats in reach would"


def test_nothing_is_measured_where_nothing_is_ambiguous(tmp_path: Path, measured: list[str]) -> None:
    write(tmp_path / "run", *side(), *side(by=1.3, environment=NEWER))
    done = settle((f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}"))
    assert (done.folder, measured) == (None, [])


def test_what_was_measured_alike_can_not_be_settled(tmp_path: Path, measured: list[str]) -> None:
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *[process(ms, n, begun="09:00") for n, ms in enumerate((9.0, 12.0, 14.0), 1)])
    with pytest.raises(BadInput, match="what made them differ can't be had again"):
        settle((f"{tmp_path}/a", f"{tmp_path}/b"))
    assert measured == []


def test_an_interruption_leaves_what_was_found_until_then(
    doubtful: tuple[str, str], measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = pipeline.resume

    def interrupted(folder: RunFolder, *others: Any) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folder, "plan", replace(folder.plan, cells=folder.plan.cells[: len(measured) + 3]))
            go_on(folder, *others)
        raise pipeline.Interrupted(folder.path, folder.name)

    monkeypatch.setattr(pipeline, "resume", interrupted)
    said = Said()
    done = settle(doubtful, said=said)
    assert done.interrupted
    assert done.folder
    assert done.comparison.models[0].wall.processes_a == 3 + 2  # rounds that both sides have
    assert said.texts[-1] == "not settled: interrupted"


def test_where_repeats_are_is_said_before_an_error_ends_all(
    doubtful: tuple[str, str], measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*_: Any) -> Any:
        if measured:
            raise BadInput("not comparable: another torch", "measure anew")
        return compared(*_)

    compared = comparing.of_sides
    monkeypatch.setattr(settling, "of_sides", refused)
    said = Said()
    with pytest.raises(BadInput, match="another torch"):
        settle(doubtful, said=said)
    assert said.texts[-1] == f"the further repeats are kept in {tmp_path / 'settle'}"


def test_what_is_clear_by_itself_and_ambiguous_among_several_is_settled_too(
    tmp_path: Path, measured: list[str]
) -> None:
    noisy = (1.12, 1.02, 1.16, 1.05, 1.13)
    results = side() + [
        process(ms * by, n, environment=NEWER) for n, (ms, by) in enumerate(zip(ROUNDS, noisy, strict=True), 1)
    ]
    for model in (OTHER, "retinanet_resnet50_fpn", "fcos_resnet50_fpn", "fasterrcnn_resnet50_fpn"):
        results += side(model=model) + side(model=model, environment=NEWER)
    write(tmp_path / "run", *results)
    done = settle((f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}"))
    assert measured
    assert not done.comparison.ambiguous
