"""The images of the Docker environments: identified by content, built when they are missing."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from harness import paths
from harness.catalogue import Environment, docker_environments
from harness.documents import ImageIdentity
from harness.errors import CannotRunHere
from harness.images.containers import LABEL, Image
from harness.paths import ROOT
from harness.text import count

if TYPE_CHECKING:
    from harness.images.engine import Engine

#: How long a registry may take to answer whether a base can be had.
REGISTRY_TIMEOUT_S = 4.0


def recipe_sha256(environment: Environment) -> str:
    """Return the hash over docker/NAME and runner/: every file's path and content."""
    digest = hashlib.sha256()
    for path in sorted([*_files(environment.folder), *_files(ROOT / "runner")]):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def tag_of(environment: Environment, recipe: str) -> str:
    """Return the tag of the image without substitutions; every other tag of the recipe starts with it."""
    return f"detection-harness/{environment.name}:{recipe[:12]}"


@dataclass(frozen=True)
class Recipe:
    """What an image is built from: an environment's folder, a base, and build arguments beyond the base."""

    environment: Environment
    base: str
    build_args: dict[str, str]

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments handed to the engine; the pinned base is the Dockerfile's own default."""
        return self.build_args | ({} if self.base == self.environment.base else {"BASE": self.base})

    @property
    def tag(self) -> str:
        """The tag, by content; substituted arguments give another image, so another tag."""
        name = tag_of(self.environment, recipe_sha256(self.environment))
        if not self.arguments:
            return name
        return name + "-" + hashlib.sha256(json.dumps(self.arguments, sort_keys=True).encode()).hexdigest()[:6]


def find(engine: "Engine", environment: Environment) -> ImageIdentity | None:
    """Return the image built from the recipe as it is now: the tagged one, or that with the fewest substitutions."""
    identities = variants(engine, environment)
    if environment.tag:
        return next((identity for identity in identities if identity.tag.endswith(f":{environment.tag}")), None)
    return next(iter(identities), None)


def variants(engine: "Engine", environment: Environment) -> list[ImageIdentity]:
    """Return what every image is that was built from the recipe as it is now, as `held` does."""
    return [identity for identity, _ in held(engine, environment)]


def held(engine: "Engine", environment: Environment) -> list[tuple[ImageIdentity, Image]]:
    """Return every image built from the recipe as it is now, those with the fewest substitutions first."""
    recipe = recipe_sha256(environment)
    labelled = engine.images({f"{LABEL}.environment": environment.name, f"{LABEL}.recipe": recipe})
    # An image that somebody built on top of ours inherits its labels, but not its tag.
    own = [image for image in labelled if any(tag.startswith(tag_of(environment, recipe)) for tag in image.tags)]
    known = [(_identity(environment, image), image) for image in own]
    return sorted(known, key=lambda pair: len(pair[0].substitutions))


def outdated(engine: "Engine", *, every: bool = False) -> list[Image]:
    """Return the images that the harness built and no longer uses; with `every`, those in use, too.

    What somebody built on top of one carries a tag of another name and is not among them.
    """
    built = engine.images({f"{LABEL}.environment": None})  # first: what somebody builds from now on is in use
    used = {identity.id for stack in docker_environments() for identity in variants(engine, stack)}
    own = [image for image in built if all(tag.startswith("detection-harness/") for tag in image.tags)]
    return [image for image in own if every or image.id not in used]


def available_base(engine: "Engine", environment: Environment) -> str | None:
    """Return the base that the image can be built on: the pinned one, else its stand-in, else None."""
    assert environment.base is not None  # noqa: S101 -- only Docker environments come here
    if engine.image(environment.base) or engine.digest(environment.base, REGISTRY_TIMEOUT_S):
        return environment.base
    if environment.standin and engine.image(environment.standin):
        return environment.standin
    return None


def without_base(environment: Environment) -> str:
    """Return what helps where there is no base to build the image on; a clone alone can make a stand-in."""
    other = "make a stand-in with: make standin-bases"
    if not paths.in_checkout():
        other = f"build on another with: harness images build {environment.name} --base IMAGE"
    return f"connect to a registry, or {other}"


def wheels_can_be_had(environment: Environment) -> bool:
    """Tell whether the index that the environment's wheels come from answers; the ordinary one is taken for granted."""
    if environment.wheel_index is None:
        return True
    import httpx

    try:
        return httpx.head(f"{environment.wheel_index}/torch/", timeout=REGISTRY_TIMEOUT_S).is_success
    except httpx.HTTPError:
        return False


def recipe(engine: "Engine", environment: Environment, base: str | None, build_args: dict[str, str]) -> Recipe:
    """Return what to build from: `base`, or without one the pinned base, or its stand-in where it can't be had.

    Raises CannotRunHere where there is no base at all.
    """
    chosen = base or available_base(engine, environment)
    if chosen is None:
        raise CannotRunHere(
            f"the base image of {environment.name}, {environment.base}, is not here and no registry answers for it",
            without_base(environment),
        )
    return Recipe(environment, chosen, build_args)


def build(engine: "Engine", recipe: Recipe, *, no_cache: bool = False) -> Iterator[str]:
    """Pull the base if need be and build, yielding the engine's output. Raises CannotRunHere where a step fails."""
    if engine.image(recipe.base) is None:
        yield from engine.pull(recipe.base)
    base = engine.image(recipe.base)
    labels = {
        f"{LABEL}.environment": recipe.environment.name,
        f"{LABEL}.recipe": recipe_sha256(recipe.environment),
        f"{LABEL}.base": recipe.base,
        f"{LABEL}.base-id": base.id if base else "",
        f"{LABEL}.build-args": json.dumps(recipe.build_args, sort_keys=True),
    }
    dockerfile = (recipe.environment.folder / "Dockerfile").relative_to(ROOT).as_posix()
    yield from engine.build(ROOT, dockerfile, recipe.tag, labels, recipe.arguments, no_cache=no_cache)


def built(engine: "Engine", recipe: Recipe) -> ImageIdentity | None:
    """Return the image of just this recipe, if the engine holds it."""
    image = engine.image(recipe.tag)
    return _identity(recipe.environment, image) if image else None


def _identity(environment: Environment, image: Image) -> ImageIdentity:
    base, arguments = image.labels[f"{LABEL}.base"], json.loads(image.labels[f"{LABEL}.build-args"])
    substitutions = [f"{name} is {value}, not the recipe's own" for name, value in arguments.items()]
    if base != environment.base:
        substitutions.insert(0, f"base image is {base}, not the recipe's own")
    return ImageIdentity(
        tag=next(iter(image.tags), image.id),
        id=image.id,
        digests=image.digests,
        recipe_sha256=image.labels[f"{LABEL}.recipe"],
        base=base,
        build_args=arguments,
        substitutions=substitutions,
        base_id=image.labels.get(f"{LABEL}.base-id") or None,
    )


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


#: The memory that one compiler takes.
COMPILER_GB = 3.0


class Unpinned(CannotRunHere):
    """A build stopped at a download whose checksum nobody has pinned yet: the build argument, and what was found."""

    def __init__(self, environment: Environment, argument: str, sha256: str):
        dockerfile = (environment.folder / "Dockerfile").relative_to(ROOT)
        trusting = f"write ARG {argument}={sha256} into {dockerfile} and build again"
        if not paths.in_checkout():
            trusting = f"build with: harness images build {environment.name} --build-arg {argument}={sha256}"
        super().__init__(
            f"a download of {environment.name} has no pinned checksum yet, and nothing of it was used",
            f"if you trust it, {trusting}",
        )
        self.argument, self.sha256 = argument, sha256


def cost(environment: Environment, engine: "Engine") -> str:
    """Return the sentences that say what compiling the environment on this host takes."""
    build = environment.source_build
    assert build is not None  # noqa: S101 -- only environments that are compiled come here
    compilers = max(1, min(os.cpu_count() or 1, int(psutil.virtual_memory().total / 1e9 / COMPILER_GB)))
    free = f", {shutil.disk_usage(engine.root).free / 1e9:.0f} GB are free" if engine.root.is_dir() else ""
    at_once = f"{count(compilers, 'compiler')} at once"
    return (
        f"{environment.name} is compiled from source: about {build.core_hours:g} core-hours, with {at_once} here about "
        f"{build.core_hours / compilers:.0f} hours; {build.download_gb:g} GB to download; {build.disk_gb:g} GB of disk "
        f"while it is built{free}. The image then takes {environment.image_gb:g} GB."
    )
