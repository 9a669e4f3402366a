"""harness images: build the images of the Docker environments."""

from rich.console import Console

from harness import images
from harness.catalogue import Environment, environments, pick
from harness.documents import ImageIdentity
from harness.engine import Engine
from harness.errors import BadInput, CannotRunHere
from harness.images import Recipe


def build_images(names: list[str], *, base: str | None, build_args: list[str], no_cache: bool) -> None:
    """Build each named environment's image and print what it is."""
    console = Console()
    chosen = [_docker_environment(name) for name in names]
    arguments = dict(_argument(text) for text in build_args)
    with Engine.connect() as engine:
        for environment in chosen:
            recipe = images.recipe(engine, environment, base, arguments)
            here = None if no_cache else images.built(engine, recipe)
            image = here or build_image(console, engine, recipe, no_cache=no_cache)
            state = "is here already" if here else "is built"
            console.print(f"{environment.name}: {image.tag} {state}", highlight=False)
            for substitution in image.substitutions:
                console.print(f"  not pinned: {substitution}", highlight=False)


def build_image(console: Console, engine: Engine, recipe: Recipe, *, no_cache: bool = False) -> ImageIdentity:
    """Build an image, showing the engine's steps as they come, and return its identity."""
    name = recipe.environment.name
    console.print(f"building the image of {name}, about {recipe.environment.image_gb} GB (once)", highlight=False)
    for line in images.build(engine, recipe, no_cache=no_cache):
        if line.strip():
            console.print(f"  {line.rstrip()}", markup=False, highlight=False, soft_wrap=True)
    image = images.built(engine, recipe)
    if image is None:
        raise CannotRunHere(f"the image of {name} was built but is not found", "build it once more")
    return image


def _docker_environment(name: str) -> Environment:
    environment = pick("environment", name, environments())
    if environment.base is None:
        raise BadInput(f"{name} is no Docker environment", "it needs no image")
    return environment


def _argument(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"the build argument {text!r} has no value", "write NAME=VALUE")
    return name, value
