"""Builds an image before a person's eyes: the step at work live, a line for each that ended, and why one failed."""

import re
import sys
import time
from collections import deque

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

from harness.catalogue import Environment
from harness.cli.console import said, say
from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.images import recipes
from harness.images.engine import Engine
from harness.images.recipes import Recipe, Unpinned, cost

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

    def __init__(self, console: Console, status: Status):
        self._console, self._status = console, status
        self._step = "sending the recipe"
        self._began = time.monotonic()
        self._cached = False
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.unpinned: tuple[str, str] | None = None

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
        elif pin := UNPINNED.fullmatch(line):
            self.unpinned = (pin.group(1), pin.group(2))
        elif line and not REMARK.match(line):
            self._last.append(line)
        self._status.update(said(self._fitting(" … ".join([self._step[:40], *list(self._last)[-1:]]))))

    def end(self) -> None:
        """Leave a line about the step that ended."""
        took = "cached" if self._cached else f"{time.monotonic() - self._began:.0f} s"
        say(self._console, self._fitting(f"  {took:>6}  {self._step}"))

    def fail(self) -> None:
        """Show the step that failed, whole, and its last lines."""
        say(self._console, f"failed at {self._step}")
        for line in self._last:
            say(self._console, f"  {line}")

    def _fitting(self, line: str) -> str:
        width = self._console.width - 4  # the spinner's
        return line if len(line) <= width else line[: width - 1] + "…"


def agree(console: Console, environment: Environment, engine: Engine, *, yes: bool) -> None:
    """Say what a build from source takes, and ask. Raises CannotRunHere where nobody agrees."""
    if environment.source_build is None:
        return
    say(console, cost(environment, engine))
    if confirmed("build it now?", yes=yes):
        return
    raise CannotRunHere(
        f"the image of {environment.name} is not here, and nobody agreed to build it",
        f"build it with: harness images build {environment.name} --yes",
    )


def confirmed(question: str, *, yes: bool) -> bool:
    """Return whether a person agrees; where nobody sits at a terminal, only `yes` does."""
    return yes or (sys.stdin is not None and sys.stdin.isatty() and typer.confirm(question))


def build(console: Console, engine: Engine, recipe: Recipe, *, no_cache: bool = False) -> ImageIdentity:
    """Build an image and return its identity. Raises CannotRunHere, with the failing step shown, where it can't be."""
    name = recipe.environment.name
    say(console, f"building the image of {name}, about {recipe.environment.image_gb} GB (once)")
    with console.status("") as status:
        steps = Steps(console, status)
        try:
            for line in recipes.build(engine, recipe, no_cache=no_cache):
                steps.see(line)
        except CannotRunHere as error:
            if steps.unpinned:
                raise Unpinned(recipe.environment, *steps.unpinned) from error
            steps.fail()
            raise
        steps.end()
    image = recipes.built(engine, recipe)
    if image is None:
        raise CannotRunHere(f"the image of {name} was built but is not found", "build it once more")
    return image
