"""The part that builds: `cpu` and one CUDA image on their real bases, held to their pins."""

from harness.catalogue import Environment, environments
from harness.images import lock, recipes
from tests.online.check import Broken, Pass, Places
from tests.online.findings import pin_of
from tests.online.registry import parse
from tests.online.web import NotReached

#: cuda11.8 is the one CUDA image of wheels of which neither the wheels nor the architectures are verified.
BUILT = ("cpu", "cuda11.8")


def built_on(places: Places) -> list[str]:
    """Return the registries of the bases."""
    return [parse(str(environments()[name].base), places.hub).server for name in BUILT]


def build(doing: Pass) -> None:
    """Build each image on its pinned base, never on a stand-in for it, and start it to compare it with its pins."""
    for name, server in zip(BUILT, built_on(doing.check.places), strict=True):
        environment = environments()[name]

        def look(environment: Environment = environment) -> str:
            return _checked(doing, environment)

        finding = doing.each(name, pin_of(recipes.recipe_sha256(environment), environment.base), server, look)
        if finding and finding.verdict == "holds":
            lock.certify(environment, doing.check.draft, "wheels", "verified: built on its base, and as pinned")
            if environment.architectures:
                lock.certify(environment, doing.check.draft, "architectures", lock.COMPILED)


def _checked(doing: Pass, environment: Environment) -> str:
    done = doing.check.harness(["images", "build", environment.name, "--base", str(environment.base)], False)
    if done.code != 0:
        raise NotReached(f"it was not built: {done.sentence}")
    seen = doing.check.harness(["images", "verify", environment.name], True)
    if seen.code != 0:
        differences = "; ".join(line.strip() for line in seen.printed.splitlines() if line.startswith("  "))
        raise Broken(differences or seen.sentence)
    return "built on its base, and as pinned"
