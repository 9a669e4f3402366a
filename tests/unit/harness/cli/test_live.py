import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from harness.cli.live import Live, progress_on
from harness.cli.live_cells import LiveCells, parse
from harness.cli.plain import Plain
from harness.documents import PlannedCell
from harness.execute import expected
from harness.plan import describe
from harness.progress import Progress, Silent
from harness.text import duration
from runner.contract import Job
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
    progress = progress_on(console)
    for sentence in [*describe.sentences(planned), expected.sentence(expected.Expected([12.0, None]))]:
        progress.say(sentence)
    with progress.cells([12.0, None]) as display:
        display.waiting(1, job(), "waiting for CPU 0, held by alice")
        on_line = display.started(1, job())
        on_line(json.dumps({"event": "iteration", "phase": "measured", "done": 1, "planned": 2, "wall_ms": 1.5}))
        on_line("chatter")
        display.finished(1, ok_result(job()), reused=False)
    assert "local: skipped, no torch here" in out.getvalue()
    assert "expected time: about 12 s, not counting 1 of unknown length\n" in out.getvalue()
    assert "[1/2] cuda10.2 SSD300 VGG16: waiting for CPU 0, held by alice\n" in out.getvalue()
    assert "[1/2] cuda10.2 SSD300 VGG16: 10.0 ms (3 iterations, 7 detections an image)\n" in out.getvalue()


def screen(width: int, of: Job) -> list[str]:
    """Return the lines that a terminal of this width was shown while a cell ran and when it had ended."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    with Live(console).cells([6000.0, 45.0]) as display:
        on_line = display.started(1, of)
        on_line(json.dumps({"event": "iteration", "phase": "measured", "done": 19, "planned": 22, "wall_ms": 14521.5}))
    display.finished(1, ok_result(of), reused=False)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", out.getvalue()).replace("\r", "\n").splitlines()


def test_how_far_a_measurement_is_that_ends_by_what_it_sees_is_open_until_it_knows() -> None:
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    display = LiveCells(console, [600.0])
    with display.progress:
        on_line = display.started(1, job())
        for done, planned in ((90, None), (150, 467)):
            phase = "warmup" if planned is None else "measured"
            event = {"event": "iteration", "phase": phase, "done": done, "planned": planned, "wall_ms": 50.0}
            on_line(json.dumps(event))
            display.progress.refresh()
    assert "warmup 90, 50 ms" in out.getvalue()
    assert "measured 150/467, 50 ms" in out.getvalue()


HELD = "waiting for CPU 0, held by alice since 12:31:05 UTC, run 20261128-123000-quick-1-ab12, process 4711"


@pytest.mark.parametrize(
    ("width", "shown"), [(160, HELD), (80, "waiting for CPU 0, held by alice since 12:31:05 UTC"), (50, HELD[:17])]
)
def test_a_cell_that_waits_says_so_until_it_starts(width: int, shown: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    display = LiveCells(console, [60.0, 60.0])
    with display.progress:
        display.waiting(1, job(), "waiting for CPU 0, held by another process")
        display.waiting(1, job(), HELD)
        display.progress.refresh()
        waiting, start = out.getvalue(), len(out.getvalue())
        display.started(1, job())
        display.progress.refresh()
    assert waiting.endswith(f" {shown}") or f" {shown} " in waiting.splitlines()[-1]
    assert "1 of 2, about 2 min left" in waiting
    last = out.getvalue()[start:].rpartition("loading the model")[0]
    assert last.rpartition("cuda10.2")[2].count("waiting") == 0
    assert max(len(line) for line in re.split(r"[\r\n]|\x1b\[[0-9;?]*[a-zA-Z]", out.getvalue())) <= width


LONGEST = "fasterrcnn_mobilenet_v3_large_320_fpn"
WORDS = {"cells", "cuda10.2", *LONGEST.split("_"), "measured", "19/22", "14522", "ms", "1", "of", "2"}
WORDS |= {"about", "1", "h", "40", "min", "left", "loading", "the", "model"}
LASTING = "[1/2] cuda10.2 Faster R-CNN MobileNetV3-Large 320 FPN: 10.0 ms (3 iterations, 7 detections an image)"


@pytest.mark.parametrize("width", [120, 80, 60, 50, 40])
def test_no_line_breaks_within_a_word(width: int) -> None:
    shown = [line.rstrip() for line in screen(width, job(LONGEST)) if line.strip()]
    assert max(map(len, shown)) <= width
    kept = [line for line in shown if not re.search(r"^(cells|cuda10\.2)\b|\u2501", line)]
    assert " ".join(dict.fromkeys(kept)) == LASTING
    for line in set(shown) - set(kept):
        words = set(re.split(r"[ _,\u2026\u2501\u2578\u257a]+", line)) - {""}
        assert words <= WORDS, line
    assert any("measured 19/22, 14522 ms" in line for line in shown)
    assert any("1 of 2" in line for line in shown)


def test_a_wide_terminal_shows_everything() -> None:
    text = "\n".join(screen(100, job(LONGEST)))
    assert f"cuda10.2 {LONGEST} " in text
    assert "1 of 2, about 1 h 40 min left" in text
    assert "\u2026" not in text


def test_an_environment_s_name_is_no_markup() -> None:
    odd = replace(job(), environment="[red]x[/y]")
    text = "\n".join(screen(120, odd))
    assert "[red]x[/y] ssd300_vgg16" in text
    assert "[1/2] [red]x[/y] SSD300 VGG16: 10.0 ms" in text
    out = io.StringIO()
    (skipped, _) = describe.sentences(plan(PlannedCell(odd, named=True, skipped="no [b]torch[/b] here")))
    progress_on(Console(file=out, width=40)).say(skipped)
    assert "[red]x[/y]: skipped, no [b]torch[/b] here" in out.getvalue()


@pytest.mark.parametrize(
    ("terminal", "variables", "kind"),
    [
        (True, {}, Live),
        (False, {}, Plain),
        (True, {"NO_COLOR": "1"}, Plain),
        (True, {"TERM": "dumb"}, Plain),
    ],
)
def test_a_terminal_is_shown_what_moves_and_a_log_what_stays(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, variables: dict[str, str], kind: type[Plain]
) -> None:
    for name, value in {"NO_COLOR": "", "TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    assert type(progress_on(Console(file=io.StringIO(), force_terminal=terminal))) is kind


def test_silence_fills_every_role() -> None:
    silent: Progress = Silent()
    silent.say("a sentence")
    with silent.working("x"), silent.downloads() as on_bytes, silent.build() as build, silent.cells([None]) as cells:
        on_bytes("file", 1, None)
        build.at("1/1 RUN", "line")
        build.ended("1/1 RUN", None)
        build.failed("1/1 RUN", ["line"])
        cells.waiting(1, job(), "waiting for CPU 0")
        cells.started(1, job())("line")
        cells.finished(1, ok_result(job()), reused=False)
    assert not silent.agrees("really?")
