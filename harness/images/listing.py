"""What is here of the Docker environments' images."""

import dataclasses
from typing import Any

from harness.catalogue import Environment, docker_environments
from harness.documents import ImageIdentity
from harness.images import recipes
from harness.images.engine import Engine


def rows(engine: Engine) -> list[dict[str, Any]]:
    """Return a row for each image of a Docker environment, and one for each environment without any."""
    listed = []
    for stack in docker_environments():
        here = recipes.variants(engine, stack)
        listed += [_row(engine, stack, image) for image in here] or [_row(engine, stack, None)]
    return listed


def _row(engine: Engine, environment: Environment, identity: ImageIdentity | None) -> dict[str, Any]:
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
