"""A host's noise, really measured, in four processes: the least that can be compared."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest

import harness
from harness import noise
from harness.catalogue import protocols
from harness.host import machine
from harness.plan import grid
from runner.contract import Stopping
from tests.command_line import told, told_json
from tests.integration.commands import LITE

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

BRIEF = replace(protocols()[noise.PROTOCOL], measure=Stopping("count", 8, 8))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """What doctor --noise --json prints; what it keeps stays for the tests of this module."""
    folder = tmp_path_factory.mktemp("noise")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "MOST", noise.FEWEST)
        patch.setattr(grid, "protocols", lambda: {BRIEF.name: BRIEF})
        patch.setattr(machine, "host_id", lambda: "a1b2c3d4")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("HARNESS_RESULTS", str(folder / "results"))
        patch.setenv("DOCKER_HOST", f"unix://{folder}/none.sock")
        yield told_json("doctor", "--noise", "600")


def test_four_processes_say_how_noisy_a_host_is(measured: dict[str, object]) -> None:
    assert (measured["model"], measured["processes"], measured["failed"]) == (LITE, 4, 0)
    found = harness.doctor().noise
    assert found is not None
    assert json.loads(json.dumps(asdict(found))) == measured
    assert found.cpu is not None
    for scatter in (found.wall, found.cpu):
        assert 0 < scatter.neighbours < scatter.neighbours_at_most
        assert scatter.samples
    assert [one.repeats for one in found.smallest] == [3, 5, 10, 20]
    assert sorted(one.difference for one in found.smallest)[::-1] == [one.difference for one in found.smallest]
    cells = harness.open_run("latest").planned
    assert cells["status"].tolist() == ["ok"] * 4


def test_what_disturbs_is_seen_or_has_a_reason(measured: dict[str, object]) -> None:
    frame = harness.doctor().disturbances
    assert {"other load", "governor", "turbo", "clocks", "CPU quota", "steal", "thermal throttling"} <= set(
        frame["name"]
    )
    assert (frame.seen.isna() == frame.missing_reason.notna()).all()


def test_a_plan_cites_it(measured: dict[str, object]) -> None:
    said = told("run", "--image", "local", "--model", LITE, "--weights", "random", "--device", "cpu", "--dry-run")
    assert "this host sees 3 % with " in said
    assert "noise     this host sees 3 % with " in told("doctor")
