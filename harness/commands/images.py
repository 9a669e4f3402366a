"""harness images: list, build, verify and prune the images of the Docker environments."""

import dataclasses
import json
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from harness import images, verify
from harness.catalogue import Environment, environments, pick
from harness.documents import ImageIdentity
from harness.engine import Engine
from harness.errors import BadInput, CannotRunHere
from harness.images import Recipe
from harness.report.table import GAP


def list_images(as_json: bool) -> None:
    """Print every Docker environment and its image."""
    with Engine.connect() as engine:
        rows = [_listed(engine, environment) for environment in environments().values() if environment.base]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Environment", "State", "Size", "Recipe"):
        table.add_column(heading, justify="right" if heading == "Size" else "left")
    for row in rows:
        state = "not built" if row["image"] is None else "pinned" if row["pinned"] else "not pinned"
        size = f"{row['size_bytes'] / 1e9:.1f} GB" if row["image"] else f"about {row['about_gb']} GB"
        table.add_row(row["environment"], state, size, row["image"]["tag"].partition(":")[2] if row["image"] else GAP)
    Console().print(table)


def _listed(engine: Engine, environment: Environment) -> dict[str, Any]:
    identity = images.find(engine, environment)
    image = engine.image(identity.id) if identity else None
    return {
        "environment": environment.name,
        "title": environment.title,
        "hashed": environment.hashed,
        "about_gb": environment.image_gb,
        "size_bytes": image.size_bytes if image else None,
        "pinned": not identity.substitutions if identity else None,
        "image": dataclasses.asdict(identity) if identity else None,
    }


def verify_images(names: list[str]) -> bool:
    """Start each image and print what differs from its environment's pins. Returns whether nothing does."""
    console, pinned = Console(), True
    with Engine.connect() as engine:
        for environment in map(_docker_environment, names):
            image = images.find(engine, environment)
            if image is None:
                raise CannotRunHere(
                    f"the image of {environment.name} is not built", f"run: harness images build {environment.name}"
                )
            found = verify.differences(engine, environment, image)
            console.print(f"{environment.name}: {image.tag} is {'not ' if found else ''}pinned", highlight=False)
            for difference in found:
                console.print(f"  {difference}", markup=False, highlight=False)
            pinned &= not found
    return pinned


def prune_images(*, every: bool, yes: bool) -> None:
    """Show the images that the harness built and no longer uses, ask, and remove them."""
    console = Console()
    with Engine.connect() as engine:
        found = images.outdated(engine, every=every)
        for image in found:
            name = next(iter(image.tags), image.id)
            console.print(
                f"{name}, {image.size_bytes / 1e9:.1f} GB with shared layers", highlight=False, soft_wrap=True
            )
        if not found:
            console.print("there is nothing to remove")
        elif yes or typer.confirm(f"remove {'these' if len(found) > 1 else 'this'}?"):
            for image in found:
                engine.remove_image(image)
            console.print(f"{len(found)} removed", highlight=False)


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
