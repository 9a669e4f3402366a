"""The images of the environments that a person names: built, and held against their pins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.catalogue import Environment, docker_environments, environment
from harness.documents import ImageIdentity
from harness.errors import BadInput, CannotRunHere
from harness.images import pinning, recipes, verify
from harness.images.engine import Engine
from harness.progress import Progress


@dataclass(frozen=True)
class Built:
    """The image of an environment, and whether it was here already."""

    environment: str
    image: ImageIdentity
    reused: bool


@dataclass(frozen=True)
class Pinned:
    """The image of an environment, by the label and the tag, and what of it differs from the pins."""

    environment: str
    tag: str
    differences: list[str]


def build(
    engine: Engine,
    stacks: Sequence[Environment],
    progress: Progress,
    *,
    base: str | None,
    build_args: Mapping[str, str],
    no_cache: bool,
    yes: bool,
) -> Iterator[Built]:
    """Build the image of each environment; one that is compiled only where somebody agrees. Raises as agreed."""
    for stack in stacks:
        recipe = recipes.recipe(engine, stack, base, dict(build_args))
        here = None if no_cache else recipes.built(engine, recipe)
        image = here or pinning.agreed(engine, recipe, progress, no_cache=no_cache, yes=yes)
        yield Built(stack.name, image, reused=here is not None)


def verified(engine: Engine, stacks: Sequence[Environment]) -> Iterator[Pinned]:
    """Start each image and tell what differs from its environment's pins. Raises CannotRunHere where it isn't built."""
    for stack in stacks:
        image = recipes.find(engine, stack)
        if image is None:
            raise CannotRunHere(f"the image of {stack.label} is not built", f"run: harness images build {stack.name}")
        yield Pinned(stack.label, image.tag, verify.differences(engine, stack, image))


def chosen(names: Sequence[str]) -> list[Environment]:
    """Return the Docker environments of these names, or all where none is named."""
    return [docker_environment(name) for name in names or [stack.name for stack in docker_environments()]]


def docker_environment(name: str) -> Environment:
    """Return an environment that has an image. Raises BadInput where there is none of the name, or it needs none."""
    stack = environment(name)
    if stack.base is None:
        raise BadInput(f"{name} is no Docker environment", "it needs no image")
    return stack


def argument(text: str) -> tuple[str, str]:
    """Return the name and the value of a build argument. Raises BadInput where it has none."""
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"the build argument {text!r} has no value", "write NAME=VALUE")
    return name, value
