"""python -m tests.gpu: run the parts within the budget, write build/gpu-report/, and say what does not hold.

LIST=1 lists the parts; ONLY=PART[,PART] runs some; BUDGET=480 is the time in seconds for all of them; OUT=DIR is where
the report goes; ALLOW_SKIP=PART[,PART] may be skipped or not reached.
Exit status: 0 all of it holds, 1 something does not, was skipped or not reached, 2 there is no such part, 3 there is no
GPU or a package is missing, 130 interrupted.
"""

import os
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.gpu.parts import PARTS, Part
from tests.gpu.running import ROOT, Outcomes, run

#: What the runner needs, and pytest.
MODULES = ("torch", "torchvision", "numpy", "psutil", "pynvml", "safetensors", "PIL", "cv2", "pytest")
BUDGET_S = 480.0
#: Kept back to write the report, and what a part has to have left to be worth starting.
REPORT_S, LEAST_S = 10.0, 10.0


class Refusal(Exception):
    """The check can't be run as asked; the exit status, and the sentence that says why."""

    def __init__(self, exit_code: int, sentence: str):
        super().__init__(sentence)
        self.exit_code = exit_code


def main() -> int:
    """Run what the environment's variables ask for, and return the exit status."""
    if os.environ.get("LIST"):
        for part in PARTS:
            print(f"{part.name:15} {part.about}: {part.seconds} s; {part.needs}")
        return 0
    try:
        chosen, allowed, budget_s = _named("ONLY") or list(PARTS), _named("ALLOW_SKIP"), _budget_s()
        _require_a_gpu()
    except Refusal as refusal:
        print(f"test-gpu: {refusal}", file=sys.stderr)
        return refusal.exit_code
    return _check(chosen, {part.name for part in allowed}, budget_s)


def _named(variable: str) -> list[Part]:
    names = [name for name in os.environ.get(variable, "").split(",") if name]
    known = {part.name: part for part in PARTS}
    if unknown := [name for name in names if name not in known]:
        raise Refusal(2, f"there is no part {unknown[0]!r} as {variable} has it; the parts are {', '.join(known)}.")
    return [known[name] for name in names]


def _budget_s() -> float:
    text = os.environ.get("BUDGET") or str(BUDGET_S)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not REPORT_S + LEAST_S <= seconds < float("inf"):
        raise Refusal(2, f"BUDGET={text} is no time for it: write seconds, such as BUDGET={BUDGET_S:.0f}.")
    return seconds


def _require_a_gpu() -> None:
    """Raise Refusal where a package is missing, or neither NVML nor CUDA shows a GPU."""
    if missing := [name for name in MODULES if find_spec(name) is None]:
        raise Refusal(3, f"{sys.executable} lacks {', '.join(missing)}; name a Python that has them with PYTHON=.")
    from runner import nvml, used_gpu

    listed, reason = nvml.listed()
    if not listed and used_gpu.observe() is None:
        raise Refusal(3, f"no NVIDIA GPU can be used here ({reason}); run it on a machine that has one.")


def _check(chosen: Sequence[Part], allowed: set[str], budget_s: float) -> int:
    from tests.gpu import report

    folder = Path(os.environ.get("OUT") or ROOT / "build" / "gpu-report")
    report.clear(folder)
    ended: list[Outcomes] = []
    began, interrupted = time.monotonic(), False
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        try:
            for number, part in enumerate(chosen):
                left_s = began + budget_s - REPORT_S - time.monotonic()
                print(f"{number + 1} of {len(chosen)}: {part.about} (about {part.seconds} s)", flush=True)
                if left_s < LEAST_S:
                    ended.append(Outcomes(part.name, "not reached", reason=f"the {budget_s:.0f} s were over"))
                    continue
                ended.append(run(part, folder, limit_s(part, chosen[number:], left_s), log))
                found = ended[-1]
                print(f"{part.name}: {found.verdict} after {found.seconds:.0f} s", found.reason, flush=True)
        except KeyboardInterrupt:
            interrupted = True
    ended += [Outcomes(part.name, "not reached", reason="interrupted") for part in chosen[len(ended) :]]
    wrong = report.write(folder, ended, allowed)
    for line in wrong:
        print(line)
    print(f"{folder / 'summary.md'}: " + (f"{len(wrong)} of what was checked does not hold" if wrong else "all holds"))
    return 130 if interrupted else 1 if wrong else 0


def limit_s(part: Part, left: Sequence[Part], left_s: float) -> float:
    """Return how long a part may take of what is left for it and those after it: twice its share of the time."""
    return min(left_s, 2 * left_s * part.seconds / sum(each.seconds for each in left))


if __name__ == "__main__":
    sys.exit(main())
