"""Resolves pins anew: base digests at their registry, wheels and their hashes at their index."""

import difflib
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomlkit

from harness import paths
from harness.catalogue import Environment
from harness.documents.files import replacing
from harness.errors import BadDocument, CannotRunHere
from harness.images.engine import Engine
from harness.paths import PACKAGE, ROOT
from harness.progress import Progress

ENVIRONMENTS = ROOT / "docker" / "environments.toml"
DATASETS = PACKAGE / "catalogue" / "datasets.toml"
#: How a base is known once its registry was asked, and architectures once an image was started.
RESOLVED = "verified: resolved at its registry"
COMPILED = "verified: compiled into the installed wheel"
#: How long a registry may take to tell a digest.
REGISTRY_TIMEOUT_S = 20.0
#: What the wheels of every image have to run on.
PLATFORM = "x86_64-manylinux_2_28"


class Draft:
    """Files as they would be: read from the disk, changed in memory, written only when asked to."""

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}

    def text(self, path: Path) -> str:
        """Return the file's text as changed so far."""
        return self._texts[path] if path in self._texts else path.read_text(encoding="utf-8")

    def change(self, path: Path, text: str) -> None:
        """Give the file another text."""
        self._texts[path] = text

    def differences(self) -> list[str]:
        """Return the lines of a unified diff from the disk to the draft."""
        lines: list[str] = []
        for path, text in self._texts.items():
            name = path.relative_to(ROOT).as_posix()
            old = path.read_text(encoding="utf-8").splitlines()
            lines += difflib.unified_diff(old, text.splitlines(), name, name, n=1, lineterm="")
        return lines

    def save(self) -> None:
        """Write every file, each whole or not at all. Raises StorageError."""
        for path, text in self._texts.items():
            with replacing(path, elsewhere="") as part:
                part.write_text(text, encoding="utf-8")


def renew(engine: Engine, environments: list[Environment], progress: Progress, *, write: bool) -> bool:
    """Resolve the environments' pins anew and tell what differs; with `write`, change them.

    Returns whether they are now current. Raises CannotRunHere, once all was told, where any can't be resolved, and at
    once where they can't be changed.
    """
    if write:
        require_checkout()
    draft, unresolved = Draft(), []
    for environment in environments:
        with progress.working(f"resolving the base and the wheels of {environment.name}"):
            unresolved += resolve(engine, environment, draft)
    differences = draft.differences()
    for line in [*differences, *(f"unresolved: {sentence}" for sentence in unresolved)]:
        progress.say(line)
    if write:
        draft.save()
    if unresolved:
        raise CannotRunHere(f"not every pin could be resolved here ({len(unresolved)})", "see the sentences above")
    if not differences:
        progress.say("every pin is current")
    elif not write:
        progress.say("nothing was changed; to change it: harness images lock --write")
    return write or not differences


def require_checkout() -> None:
    """Raise CannotRunHere where the recipes are those of an installed wheel, which stay as they are."""
    if not paths.in_checkout():
        raise CannotRunHere("the recipes of an installed harness are not changed", "pin in a clone of the repository")


def resolve(engine: Engine, environment: Environment, draft: Draft) -> list[str]:
    """Resolve every pin of a Docker environment into the draft. Returns a sentence for each that can't be resolved."""
    parts: list[Callable[[], None]] = [
        lambda: _base(engine, environment, draft),
        lambda: _wheels(environment, draft),
    ]
    if environment.wheel_index:
        parts.append(lambda: own_wheels(environment, draft))
    unresolved = []
    for part in parts:
        try:
            part()
        except CannotRunHere as error:
            unresolved.append(str(error))
    return unresolved


def pin_argument(environment: Environment, name: str, value: str) -> None:
    """Write the value of a build argument that the recipe leaves empty into its Dockerfile.

    Raises CannotRunHere where it can't be changed.
    """
    require_checkout()
    draft = Draft()
    argue(environment, name, value, draft)
    draft.save()


def argue(environment: Environment, name: str, value: str, draft: Draft) -> None:
    """Give a build argument that the recipe leaves empty its value. Raises BadDocument where there is no such one."""
    dockerfile = environment.folder / "Dockerfile"
    text, given = re.subn(rf"^ARG {name}=$", f"ARG {name}={value}", draft.text(dockerfile), flags=re.MULTILINE)
    if not given:
        raise BadDocument(f"{dockerfile} has no empty argument {name}", f"give it this value yourself: {value}")
    draft.change(dockerfile, text)


def certify(environment: Environment, draft: Draft, pin: str, how: str) -> None:
    """Say how a pin of the environment is known by now, unless it was verified before."""
    known = environment.certainty.get(pin, "")
    if known == how or known.startswith("verified"):
        return
    with _entry(environment, draft) as entry:
        entry["certainty"][pin] = how


def certify_dataset(name: str, draft: Draft, how: str) -> None:
    """Say how the archives of a dataset are known by now, unless they were verified before."""
    tables = tomlkit.parse(draft.text(DATASETS))
    for archive in tables[name]["archives"]:
        if not archive["certainty"].startswith("verified"):
            archive["certainty"] = how
    draft.change(DATASETS, tomlkit.dumps(tables))


def _base(engine: Engine, environment: Environment, draft: Draft) -> None:
    pinned = str(environment.base)
    reference = pinned.partition("@")[0]
    digest = engine.digest(reference, REGISTRY_TIMEOUT_S)
    if digest is None:
        raise CannotRunHere(
            f"the base of {environment.name}, {reference}, is at no registry that answers", "connect to one"
        )
    fresh = f"{reference}@{digest}"
    if fresh != pinned:
        rebase(environment, fresh, draft)


def rebase(environment: Environment, base: str, draft: Draft) -> None:
    """Pin another base, IMAGE@DIGEST as its registry has it, in the recipe and in the entry."""
    dockerfile = environment.folder / "Dockerfile"
    draft.change(dockerfile, draft.text(dockerfile).replace(str(environment.base), base))
    with _entry(environment, draft) as entry:
        entry["base"] = base
        entry["certainty"]["base"] = RESOLVED


def _wheels(environment: Environment, draft: Draft) -> None:
    text = _compile(environment, "requirements.in", "--custom-compile-command", "make lock", "--no-emit-index-url")
    draft.change(environment.folder / "requirements.lock", text)


def own_wheels(environment: Environment, draft: Draft, mirror: str | None = None) -> None:
    """Lock the wheels that only PyTorch's own index serves, in the versions that torch.lock names.

    `mirror` is asked in the index's place. Raises CannotRunHere where a wheel or its hash can't be had there.
    """
    path, index = environment.folder / "torch.lock", str(environment.wheel_index)
    names = re.findall(r"^\S+==\S+", draft.text(path), re.MULTILINE)
    with TemporaryDirectory() as folder:
        wanted = Path(folder) / "torch.in"
        wanted.write_text("\n".join(names), encoding="utf-8")
        options = ["--default-index", mirror or index, "--no-deps", "--no-header", "--no-annotate"]
        text = _compile(environment, str(wanted), *options)
    if text == draft.text(path):
        return
    if bare := re.findall(r"^\S+==\S+(?=\s*$)", text, re.MULTILINE):
        raise CannotRunHere(
            f"the index of {environment.name} has no hash of {' and '.join(bare)}", "name another index"
        )
    draft.change(path, text)
    if not environment.hashed:
        asked = index if mirror in (None, index) else f"a mirror of {index}"
        with _entry(environment, draft) as entry:
            del entry["hashed"]
            entry["certainty"]["wheels"] = f"single: hashes as {asked} serves them"


@contextmanager
def _entry(environment: Environment, draft: Draft) -> Iterator[Any]:
    """Edit the environment's table in environments.toml, whose comments and order stay."""
    entries = tomlkit.parse(draft.text(ENVIRONMENTS))
    yield entries[environment.name]
    draft.change(ENVIRONMENTS, tomlkit.dumps(entries))


def _compile(environment: Environment, requirements: str, *options: str) -> str:
    """Return the lock of a requirements file for the environment's Python, with every hash."""
    try:
        from uv import find_uv_bin
    except ImportError:
        how = "use make lock" if paths.in_checkout() else "pip install uv"
        raise CannotRunHere("uv, which resolves the wheels, is not installed", how) from None
    with TemporaryDirectory() as folder:
        out = Path(folder) / "lock"
        command = [find_uv_bin(), "pip", "compile", "--quiet", "--upgrade", "--generate-hashes", requirements, *options]
        command += ["--python-version", environment.expected["python"], "--python-platform", PLATFORM]
        command += ["--only-binary", ":all:", "--no-python-downloads", "--output-file", str(out)]  # nothing is built
        done = subprocess.run(command, cwd=environment.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = " ".join(done.stderr.split())[:300]
            raise CannotRunHere(f"the wheels of {environment.name} can't be resolved: {reason}", "check the index")
        return out.read_text(encoding="utf-8")
