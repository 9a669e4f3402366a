"""Builds an image: tells of each step of the engine's, and asks before one is compiled."""

import re
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.catalogue import Environment
from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.images import recipes
from harness.images.recipes import Recipe, Unpinned, cost
from harness.progress import BuildDisplay, Progress
from harness.text import printable

if TYPE_CHECKING:
    from harness.images.engine import Engine

STEP = re.compile(r"Step (\d+/\d+) : (.*)")
CACHED = "---> Using cache"
#: The engine's own remarks about containers and layers, which say nothing of the step.
REMARK = re.compile(r"\s*(---> |Removing intermediate container |Successfully )")
#: What a recipe's step prints of a download whose checksum is not pinned yet, before it fails.
UNPINNED = re.compile(r"unpinned: (\w+)=([0-9a-f]{64})")
#: How many lines of a failed step are shown.
LAST_LINES = 15


class Steps:
    """Follows the engine's output line by line."""

    def __init__(self, display: BuildDisplay):
        self._display = display
        self._step = "sending the recipe"
        self._began = time.monotonic()
        self._cached = False
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.unpinned: tuple[str, str] | None = None

    def see(self, line: str) -> None:
        """Take a line in: a new step, or output of the one at work."""
        line = printable(line).rstrip()
        step = STEP.fullmatch(line)
        if step:
            self.end()
            self._step = f"{step.group(1)} {' '.join(step.group(2).split())}"
            self._began, self._cached = time.monotonic(), False
            self._last.clear()
        elif CACHED in line:
            self._cached = True
        elif pin := UNPINNED.fullmatch(line):
            self.unpinned = (pin.group(1), pin.group(2))
        elif line and not REMARK.match(line):
            self._last.append(line)
        self._display.at(self._step, self._last[-1] if self._last else "")

    def end(self) -> None:
        """Tell that the step at work ended."""
        self._display.ended(self._step, None if self._cached else time.monotonic() - self._began)

    def fail(self) -> None:
        """Tell that the step at work failed, and its last lines."""
        self._display.failed(self._step, list(self._last))


def consent(environment: Environment, engine: "Engine", progress: Progress, *, yes: bool) -> None:
    """Say what a build from source takes, and ask. Raises CannotRunHere where nobody agrees."""
    if environment.source_build is None:
        return
    progress.say(cost(environment, engine))
    if yes or progress.agrees("build it now?"):
        return
    raise CannotRunHere(
        f"the image of {environment.name} is not here, and nobody agreed to build it",
        f"build it with: harness images build {environment.name} --yes",
    )


def build(engine: "Engine", recipe: Recipe, progress: Progress, *, no_cache: bool = False) -> ImageIdentity:
    """Build an image and return its identity. Raises CannotRunHere where it can't be; the failing step is told."""
    name = recipe.environment.name
    progress.say(f"building the image of {name}, about {recipe.environment.image_gb} GB (once)")
    with progress.build() as display:
        _follow(recipes.build(engine, recipe, no_cache=no_cache), Steps(display), recipe.environment)
    image = recipes.built(engine, recipe)
    if image is None:
        raise CannotRunHere(f"the image of {name} was built but is not found", "build it once more")
    return image


def _follow(output: Iterator[str], steps: Steps, environment: Environment) -> None:
    try:
        for line in output:
            steps.see(line)
    except CannotRunHere as error:
        if steps.unpinned:
            raise Unpinned(environment, *steps.unpinned) from error
        steps.fail()
        raise
    steps.end()
