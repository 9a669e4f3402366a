"""harness images: list, build, lock, verify and prune the images of the Docker environments."""

import json

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from harness.catalogue import environments
from harness.cli.console import say, say_row
from harness.cli.live import progress_on
from harness.images import chosen, listing, lock, recipes
from harness.images.engine import Engine
from harness.text import GAP


def list_images(as_json: bool) -> None:
    """Print every Docker environment and its images."""
    with Engine.connect() as engine:
        rows = listing.rows(engine)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Environment", "State", "Size", "Tag", "Substituted"):
        table.add_column(
            heading, justify="right" if heading == "Size" else "left", no_wrap=heading == "Tag", overflow="fold"
        )
    for row in rows:
        pinned_base = environments()[row["environment"]].base
        image = row["image"] or {"tag": GAP, "base": pinned_base, "build_args": {}}
        state = "not built" if row["image"] is None else "pinned" if row["pinned"] else "not pinned"
        size = f"{row['size_bytes'] / 1e9:.1f} GB" if row["image"] else f"about {row['about_gb']} GB"
        tag = image["tag"].rpartition(":")[2]
        replaced = [image["base"].rpartition("/")[2]] if image["base"] != pinned_base else []
        replaced += [f"{name}={value}" for name, value in image["build_args"].items()]
        say_row(table, [row["environment"], state, size, tag, ", ".join(replaced)])
    Console().print(table)


def verify_images(names: list[str]) -> bool:
    """Start each image and print what differs from its environment's pins. Returns whether nothing does."""
    console, pinned = Console(), True
    with Engine.connect() as engine:
        for image in chosen.verified(engine, names):
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
        found = recipes.outdated(engine, every=every)
        for image in found:
            name = next(iter(image.tags), image.id)
            say(console, f"{name}, {image.size_bytes / 1e9:.1f} GB with shared layers")
        if not found:
            say(console, "there is nothing to remove")
        elif yes or typer.confirm(f"remove {'these' if len(found) > 1 else 'this'}?"):
            for image in found:
                engine.remove_image(image)
            say(console, f"{len(found)} removed")


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
