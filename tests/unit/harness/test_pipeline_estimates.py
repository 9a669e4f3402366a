"""How long it takes is worked out in plain sight: reading earlier runs, or a probe, takes seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import pipeline, repeating
from harness.catalogue import environments
from harness.errors import BadInput
from harness.execute import estimate, run
from harness.execute.expected import ESTIMATING, Expected
from harness.preflight.checks import Preflight
from harness.progress import Silent
from harness.repeating import Repetition
from tests.samples import job, plan

PLAN = plan(job(environment="local"))


class Watching(Silent):
    """Keeps what is said to be under way, and what was when an estimate was asked for."""

    def __init__(self) -> None:
        self.under_way: list[str] = []
        self.seen: list[list[str]] = []

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        self.under_way.append(text)
        yield
        self.under_way.remove(text)

    def estimated(self, *_: object) -> Expected:
        self.seen.append(list(self.under_way))
        return Expected([60.0])


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Watching:
    made = Watching()
    for name in ("from_history", "for_plan"):
        monkeypatch.setattr(estimate, name, made.estimated)
    return made


class Host(Preflight):
    """A host on which everything can run."""

    def obstacle(self, *_: object) -> None:
        return None


def foretold(watching: Watching) -> None:
    pipeline.foretell(PLAN, watching)


def budgeted(watching: Watching) -> None:
    repetition = Repetition("epyc", environments()["local"], PLAN, 1.0)
    with pytest.raises(BadInput, match="takes about 60 s already"):
        repeating.expected(repetition, watching)


@pytest.mark.parametrize("telling", [foretold, budgeted])
def test_a_dry_run_shows_that_it_estimates(watching: Watching, telling: Callable[[Watching], None]) -> None:
    telling(watching)
    assert watching.seen
    assert all(each == [ESTIMATING] for each in watching.seen)


def test_so_does_a_run(watching: Watching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "execute", lambda *_: True)
    pipeline.start(PLAN, Host(), watching, "quick-1", tmp_path / "run")
    assert watching.seen == [[ESTIMATING]]
    assert watching.under_way == []
