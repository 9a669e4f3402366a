"""Why two sides differ, in Python."""

from harness import explaining
from harness.api.checked import Names, RunName, Telling, checked, names_of, run_name
from harness.documents.explanation import Explanation as Explanation
from harness.explaining import Explained as Explained
from harness.progress import Silent

SILENT = Silent()


@checked
def explain(a: RunName, b: RunName, *, models: Names = (), progress: Telling = SILENT) -> Explained:
    """Explain where B is slower or faster than A, as `harness explain` does, by profiles that were measured.

    a, b: runs that were measured with `profile=True`, or parts of them, such as "latest:cuda10.2@threads=1".
    models: those to be explained, by default all that both sides have.

    The answer has `models`, an explanation each, and `remarks`. Raises BadInput where a side does not exist or has no
    profile.
    """
    return explaining.explain(run_name(a), run_name(b), names_of(models), progress)
