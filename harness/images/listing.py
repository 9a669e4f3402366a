"""What is here of the Docker environments' images."""

import dataclasses
from typing import Any

from harness.catalogue import Environment, docker_environments
from harness.documents import ImageIdentity
from harness.images import recipes
from harness.images.containers import Image
from harness.images.engine import Engine


def rows(engine: Engine) -> list[dict[str, Any]]:
    """Return a row for each image of a Docker environment, and one for each environment without any."""
    listed = []
    for stack in docker_environments():
        here = recipes.held(engine, stack)
        listed += [_row(stack, *pair) for pair in here] or [_row(stack, None, None)]
    return listed


def _row(environment: Environment, identity: ImageIdentity | None, image: Image | None) -> dict[str, Any]:
    return {
        "environment": environment.name,
        "title": environment.title,
        "hashed": environment.hashed,
        "about_gb": environment.image_gb,
        "size_bytes": image.size_bytes if image else None,
        "pinned": not identity.substitutions if identity else None,
        "image": dataclasses.asdict(identity) if identity else None,
    }
