"""Why two sides differ, in Python."""

from dataclasses import replace

from harness import explaining
from harness.api.checked import (
    Flag,
    Names,
    RunName,
    Telling,
    Text,
    Where,
    checked,
    names_of,
    path_of,
    recorded,
    run_name,
)
from harness.documents.explanation import Explanation as Explanation
from harness.explaining import Explained as Explained
from harness.explaining import Question
from harness.progress import Silent
from harness.report.explained import write

SILENT = Silent()


@checked
def explain(
    a: RunName,
    b: RunName,
    *,
    models: Names = (),
    weights: Text = "auto",
    try_: Flag = False,
    out: Where | None = None,
    progress: Telling = SILENT,
) -> Explained:
    """Explain where B is slower or faster than A, as `harness explain` does, by the profiles of both.

    a, b: runs that were measured with `profile=True`, or parts of them, such as "latest:cuda10.2@threads=1"; or two
    environments, such as "cuda10.2@threads=1", which are measured first.
    models: those to be explained, by default all that both runs have. weights: of what is measured.
    try_: of environments, take away from both what may be the cause, and measure what remains.
    out: a folder for explain.json, explain.md and explain.html, and the profiles as flame graphs and as traces.

    The answer has `models`, an explanation each, and `remarks`. Raises BadInput where a side does not exist or has no
    profile, and as `harness.run` does.
    """
    question = Question(run_name(a), run_name(b), names_of(models), weights, try_)
    found = explaining.explain(question, recorded(explain, locals()), progress)
    if place := path_of(out):
        lacking = write(found.models, found.remarks, place, found.profiles)
        found = replace(found, remarks=[*found.remarks, *lacking])
    return found
