import io
import json

import pytest
from rich.console import Console

from harness.display import LiveDisplay, duration, parse, show_cells, show_time
from harness.documents import PlannedCell
from tests.samples import job, ok_result, plan


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45.4, "45 s"), (89, "89 s"), (90, "1 min"), (3599, "59 min"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("line", ["", "torch says hello", "[1, 2]", '"text"', "{"])
def test_chatter_is_no_event(line: str) -> None:
    assert parse(line) == {}


def test_a_run_without_a_terminal_is_one_line_a_cell() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100)
    planned = plan(job(), PlannedCell(job(environment="local"), named=True, skipped="no torch here"))
    show_cells(console, planned)
    show_time(console, [12.0, None])
    with LiveDisplay(console, planned, [12.0, None]).live() as display:
        on_line = display.started(1, job())
        on_line(json.dumps({"event": "iteration", "phase": "measured", "done": 1, "planned": 2, "wall_ms": 1.5}))
        on_line("chatter")
        display.finished(1, ok_result(job()), reused=False)
    assert "local: skipped, no torch here" in out.getvalue()
    assert "expected time: about 12 s, not counting 1 of unknown length\n" in out.getvalue()
    assert "[1/2] cuda10.2 SSD300 VGG16: 10.0 ms (3 iterations, 7 detections an image)\n" in out.getvalue()


def test_the_live_lines_fit_a_narrow_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True)
    longest = job("fasterrcnn_mobilenet_v3_large_320_fpn")
    display = LiveDisplay(console, plan(longest, job()), [600.0, 45.0])
    with display.live():
        on_line = display.started(1, longest)
        on_line(json.dumps({"event": "iteration", "phase": "measured", "done": 19, "planned": 22, "wall_ms": 14521.5}))
    assert "measured 19/22, 14522 ms" in out.getvalue()
    assert "1 of 2, about 10 min left" in out.getvalue()
    assert "…" not in out.getvalue()
