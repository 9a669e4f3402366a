"""The parts about what environments pin: base digests, hashes of locks, the hashes that a lock lacks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from harness.catalogue import Environment, docker_environments
from harness.errors import CannotRunHere
from harness.images import lock
from tests.online.check import PLACES, Broken, Pass, Places
from tests.online.findings import pin_of
from tests.online.index import Locked, locked, served
from tests.online.registry import Reference, manifest_digest, parse
from tests.online.web import NotReached

#: Where Docker Hub answers; what answers elsewhere in its name is a mirror, and makes no pin more certain.
HUB = PLACES["ONLINE_REGISTRY"]


def registries(places: Places) -> list[str]:
    """Return the registry of every base."""
    return [parse(str(environment.base), places.hub).server for environment in docker_environments()]


def bases(doing: Pass) -> None:
    """Every base digest at its registry; for one that is gone, what its tag is now is proposed."""
    for base, environments in _by_base().items():
        image = parse(base, doing.check.places.hub)

        def look(image: Reference = image) -> str:
            if not image.digest:
                raise Broken("it names no digest")
            there = manifest_digest(image, image.digest)
            if there == image.digest:
                return there
            gone = "the registry has no such manifest" if there is None else f"what came is {there}"
            raise Broken(f"{gone}; {image.tag} is now {_now(image) or 'not to be had either'}")

        finding = doing.each(base, pin_of(base, image.server), image.server, look)
        if finding is None or finding.verdict == "not reached":
            continue
        for environment in environments:
            if finding.verdict == "broken" and (now := _now(image)):
                lock.rebase(environment, f"{image.name}@{now}", doing.check.draft)
            elif finding.verdict == "holds" and image.server == parse(base, HUB).server:
                lock.certify(environment, doing.check.draft, "base", lock.RESOLVED)


@cache
def _now(image: Reference) -> str | None:
    """Return the digest that the tag has now, None where that can't be had."""
    try:
        return manifest_digest(image, image.tag)
    except NotReached:
        return None


def _by_base() -> dict[str, list[Environment]]:
    found: dict[str, list[Environment]] = {}
    for environment in docker_environments():
        found.setdefault(str(environment.base), []).append(environment)
    return found


@dataclass(frozen=True)
class Lock:
    """A lock of an environment, and the index that has what it locks."""

    environment: Environment
    file: str
    index: str

    @property
    def requirements(self) -> list[Locked]:
        """What it locks."""
        return list(locked((self.environment.folder / self.file).read_text(encoding="utf-8")))


def indexes(places: Places) -> list[str]:
    """Return the index of every lock."""
    return [each.index for each in _locks(places)]


def wheel_indexes(places: Places) -> list[str]:
    """Return the index of every lock of what the ordinary index lacks."""
    return [each.index for each in _locks(places) if each.file == "torch.lock"]


def _locks(places: Places) -> Iterator[Lock]:
    for environment in docker_environments():
        yield Lock(environment, "requirements.lock", places.index)
        if environment.wheel_index:
            yield Lock(environment, "torch.lock", places.wheel_index or environment.wheel_index)


def locks(doing: Pass) -> None:
    """Every hash of every lock at its index. Lines of a torch.lock that have none are for missing_hashes."""
    ask = cache(served)
    for each in _locks(doing.check.places):
        whole = True
        for wanted in each.requirements:
            if not wanted.sha256s and each.file == "torch.lock":
                whole = False
                continue

            def look(index: str = each.index, wanted: Locked = wanted) -> str:
                return _served(wanted, ask(index, wanted.project))

            item = f"{each.environment.name}/{each.file}: {wanted.requirement}"
            finding = doing.each(item, pin_of(wanted.requirement, wanted.sha256s, each.index), each.index, look)
            whole &= finding is not None and finding.verdict == "holds"
        if whole and each.index == each.environment.wheel_index:
            lock.certify(each.environment, doing.check.draft, "wheels", "agreed: PyTorch's own index has these hashes")


def _served(wanted: Locked, there: frozenset[str] | None) -> str:
    """Return how many of the hashes are there. Raises Broken where that is not all of them, or there are none."""
    if not wanted.sha256s:
        raise Broken("the lock has no hash of it")
    if there is None:
        raise Broken(f"the index has no {wanted.project}")
    here = len(wanted.sha256s & there)
    said = f"{here} of {len(wanted.sha256s)} hashes are served"
    if here < len(wanted.sha256s):
        raise Broken(said)
    return said


def missing_hashes(doing: Pass) -> None:
    """The hashes that a torch.lock lacks, as its index serves them: a diff to commit, so they are asked each time."""
    for each in _locks(doing.check.places):
        lacking = [wanted.project for wanted in each.requirements if not wanted.sha256s]
        if each.file != "torch.lock" or not lacking:
            continue

        def look(each: Lock = each, lacking: list[str] = lacking) -> str:
            return _completed(each, lacking, doing.check.draft)

        doing.each(f"{each.environment.name}/{each.file}", "", each.index, look, fine="new")


def _completed(each: Lock, lacking: list[str], draft: lock.Draft) -> str:
    for project in lacking:  # first, since a resolver does not tell an index that is silent from one that lacks it
        if served(each.index, project) is None:
            raise Broken(f"the index has no {project}")
    try:
        lock.own_wheels(each.environment, draft, each.index)
    except CannotRunHere as error:
        raise Broken(str(error)) from error
    return "completed in proposed.diff"
