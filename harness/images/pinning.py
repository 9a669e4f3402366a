"""Builds an image whose recipe may still lack a checksum, and pins the checksum on agreement."""

from harness import paths
from harness.documents import ImageIdentity
from harness.images import lock
from harness.images.building import build, consent
from harness.images.engine import Engine
from harness.images.recipes import Recipe, Unpinned
from harness.progress import Progress


def agreed(engine: Engine, recipe: Recipe, progress: Progress, *, no_cache: bool, yes: bool) -> ImageIdentity:
    """Build where somebody agrees, and pin on agreement the checksums that are not known yet.

    Each of these was downloaded once by then. Raises CannotRunHere where nobody agrees or the image can't be built.
    """
    consent(recipe.environment, engine, progress, yes=yes)
    while True:
        try:
            return build(engine, recipe, progress, no_cache=no_cache)
        except Unpinned as unpinned:
            pin = f"{unpinned.argument}={unpinned.sha256}"
            if not paths.in_checkout():  # whose Dockerfile stays as it is
                raise
            progress.say(f"{unpinned.reason}: {pin}")
            trusted = yes or progress.agrees("trust this download and pin it in the Dockerfile?")
            if unpinned.argument in recipe.build_args or not trusted:
                raise
            lock.pin_argument(recipe.environment, unpinned.argument, unpinned.sha256)
            progress.say(f"pinned in {recipe.environment.folder / 'Dockerfile'}")
            no_cache = False
