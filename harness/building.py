"""Builds an image before a person's eyes: the step at work live, a line for each that ended, and why one failed."""

import re
import time
from collections import deque

from rich.console import Console
from rich.status import Status
from rich.text import Text

from harness import images
from harness.documents import ImageIdentity
from harness.engine import Engine
from harness.errors import CannotRunHere
from harness.images import Recipe

STEP = re.compile(r"Step (\d+/\d+) : (.*)")
CACHED = "---> Using cache"
#: The engine's own remarks about containers and layers, which say nothing of the step.
REMARK = re.compile(r"\s*(---> |Removing intermediate container |Successfully )")
#: How many lines of a failed step are shown.
LAST_LINES = 15


class Steps:
    """Follows the engine's output line by line."""

    def __init__(self, console: Console, status: Status):
        self._console, self._status = console, status
        self._step = "sending the recipe"
        self._began = time.monotonic()
        self._cached = False
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    def see(self, line: str) -> None:
        """Take a line in: a new step, or output of the one at work."""
        line = Text.from_ansi(line).plain.rstrip()
        step = STEP.fullmatch(line)
        if step:
            self.end()
            self._step = f"{step.group(1)} {' '.join(step.group(2).split())}"
            self._began, self._cached = time.monotonic(), False
            self._last.clear()
        elif CACHED in line:
            self._cached = True
        elif line and not REMARK.match(line):
            self._last.append(line)
        self._status.update(Text(self._fitting(" … ".join([self._step[:40], *list(self._last)[-1:]]))))

    def end(self) -> None:
        """Leave a line about the step that ended."""
        took = "cached" if self._cached else f"{time.monotonic() - self._began:.0f} s"
        self._console.print(self._fitting(f"  {took:>6}  {self._step}"), markup=False, highlight=False)

    def fail(self) -> None:
        """Show the step that failed, whole, and its last lines."""
        self._console.print(f"failed at {self._step}", markup=False, highlight=False, soft_wrap=True)
        for line in self._last:
            self._console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)

    def _fitting(self, line: str) -> str:
        width = self._console.width - 4  # the spinner's
        return line if len(line) <= width else line[: width - 1] + "…"


def build(console: Console, engine: Engine, recipe: Recipe, *, no_cache: bool = False) -> ImageIdentity:
    """Build an image and return its identity. Raises CannotRunHere, with the failing step shown, where it can't be."""
    name = recipe.environment.name
    console.print(f"building the image of {name}, about {recipe.environment.image_gb} GB (once)", highlight=False)
    with console.status("") as status:
        steps = Steps(console, status)
        try:
            for line in images.build(engine, recipe, no_cache=no_cache):
                steps.see(line)
        except CannotRunHere:
            steps.fail()
            raise
        steps.end()
    image = images.built(engine, recipe)
    if image is None:
        raise CannotRunHere(f"the image of {name} was built but is not found", "build it once more")
    return image
