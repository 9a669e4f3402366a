"""harness images: list, build, lock, verify and prune the images of the Docker environments."""

import json
from typing import Any

import typer
from rich.console import Console

from harness.catalogue import environments
from harness.cli.console import print_table, say
from harness.cli.live import progress_on
from harness.images import chosen, listing, lock, recipes
from harness.images.engine import Engine
from harness.report.table import Column, Table
from harness.text import GAP


def list_images(as_json: bool) -> None:
    """Print every Docker environment and its images."""
    with Engine.connect() as engine:
        rows = listing.rows(engine)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    states, sizes, tags, substituted = map(list, zip(*map(_shown, rows), strict=True))
    columns = [
        Column("State", states, "names"),
        Column("Size", sizes),
        Column("Tag", tags, "names"),
        Column("Substituted", substituted, "words"),
    ]
    names = Column("Environment", [row["environment"] for row in rows])
    print_table(Console(), Table("", names, [[column] for column in columns]))


def _shown(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return an image's state, size and tag, and what in it is not the recipe's own."""
    if row["image"] is None:
        return "not built", f"about {row['about_gb']} GB", GAP, ""
    image, pinned_base = row["image"], environments()[row["environment"]].base
    replaced = [image["base"].rpartition("/")[2]] if image["base"] != pinned_base else []
    replaced += [f"{name}={value}" for name, value in image["build_args"].items()]
    state = "pinned" if row["pinned"] else "not pinned"
    return state, f"{row['size_bytes'] / 1e9:.1f} GB", image["tag"].rpartition(":")[2], ", ".join(replaced)


def verify_images(names: list[str]) -> bool:
    """Start each image and print what differs from its environment's pins. Returns whether nothing does."""
    console, pinned, stacks = Console(), True, list(map(chosen.docker_environment, names))
    with Engine.connect() as engine:
        for image in chosen.verified(engine, stacks):
            say(console, f"{image.environment}: {image.tag} is {'not ' if image.differences else ''}pinned")
            for difference in image.differences:
                say(console, f"  {difference}")
            pinned &= not image.differences
    return pinned


def lock_images(names: list[str], *, write: bool) -> bool:
    """Resolve pins anew and print what differs; with `write`, change them. Returns whether they are now current."""
    stacks = chosen.chosen(names)
    with Engine.connect() as engine:
        return lock.renew(engine, stacks, progress_on(Console()), write=write)


def prune_images(*, every: bool, yes: bool) -> None:
    """Show the images that the harness built and no longer uses, ask, and remove them."""
    console = Console()
    with Engine.connect() as engine:
        outdated = recipes.outdated(engine, every=every)
        for image in outdated:
            name = next(iter(image.tags), image.id)
            say(console, f"{name}, {image.size_bytes / 1e9:.1f} GB with shared layers")
        if not outdated:
            say(console, "there is nothing to remove")
        elif yes or typer.confirm(f"remove {'these' if len(outdated) > 1 else 'this'}?"):
            for image in outdated:
                engine.remove_image(image)
            say(console, f"{len(outdated)} removed")


def build_images(names: list[str], *, base: str | None, build_args: list[str], no_cache: bool, yes: bool) -> None:
    """Build each named environment's image and print what it is; one that is compiled only where somebody agrees."""
    progress, arguments = progress_on(Console()), dict(map(chosen.argument, build_args))
    stacks = list(map(chosen.docker_environment, names))
    with Engine.connect() as engine:
        for built in chosen.build(
            engine, stacks, progress, base=base, build_args=arguments, no_cache=no_cache, yes=yes
        ):
            progress.say(f"{built.environment}: {built.image.tag} {'is reused' if built.reused else 'is built'}")
            for substitution in built.image.substitutions:
                progress.say(f"  not pinned: {substitution}")
