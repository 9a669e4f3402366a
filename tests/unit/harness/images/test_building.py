"""What a person sees of a build, from an engine's output."""

import io

from rich.console import Console

from harness.cli.live import Live
from harness.images.building import Steps


def shown(lines: list[str], *, failed: bool) -> str:
    out = io.StringIO()
    with Live(Console(file=out, width=60)).build() as display:
        steps = Steps(display)
        for line in lines:
            steps.see(line)
        if failed:
            steps.fail()
        else:
            steps.end()
    return out.getvalue()


def test_each_step_leaves_one_line_that_fits() -> None:
    text = shown(
        ["Step 1/2 : FROM base", " ---> 0123", "Step 2/2 : RUN   one  && " + "x" * 90, " ---> Using cache"],
        failed=False,
    )
    first, second, third = text.splitlines()
    assert first.endswith("s  sending the recipe")
    assert second.endswith("s  1/2 FROM base")
    assert third.startswith("  cached  2/2 RUN one && xxx")
    assert third.endswith("…")
    assert len(third) < 60


def test_a_failed_step_is_shown_whole_with_its_last_lines_only() -> None:
    noise = [f"line {number}" for number in range(100)]
    step = "RUN pip install " + "y" * 90
    lines = ["Step 1/1 : " + step, " ---> Running in 0123", *noise, "\x1b[91mERROR: no [bold]match", "\x1b[0m"]
    text = shown([*lines, "Removing intermediate container 0123"], failed=True)
    assert f"failed at 1/1 {step}\n" in text
    assert text.endswith("  line 98\n  line 99\n  ERROR: no [bold]match\n")
    assert "line 80\n" not in text
