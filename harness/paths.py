"""Where the harness's own files are, and where it keeps what it fetches and measures."""

import os
import stat
from pathlib import Path

from platformdirs import user_cache_path

PACKAGE = Path(__file__).parent


def _root() -> Path:
    checkout = PACKAGE.parent
    return checkout if (checkout / "docker" / "environments.toml").is_file() else PACKAGE / "shipped"


#: The checkout, or, where the harness is installed without one, what was shipped of it: recipes, pictures, weights,
#: published numbers and the runner's source.
ROOT = _root()
PHOTOGRAPHS = ROOT / "data" / "photographs"
#: The checkpoint that ships with the harness (data/weights/README.md).
SHAPES_WEIGHTS = ROOT / "data" / "weights" / "shapes-ssdlite320.safetensors"


def in_checkout() -> bool:
    """Tell whether the harness runs from a checkout, whose files may be changed, and not from an installed wheel."""
    return PACKAGE.parent == ROOT


def results_folder() -> Path:
    """Return the folder of the runs: HARNESS_RESULTS, or results/ of the checkout, or of the working directory."""
    chosen = os.environ.get("HARNESS_RESULTS")
    if chosen:
        return Path(chosen)
    return (ROOT if in_checkout() else Path.cwd()) / "results"


def data_folder() -> Path:
    """Return the cache folder: HARNESS_DATA, or the platform's own place for caches."""
    chosen = os.environ.get("HARNESS_DATA")
    return Path(chosen) if chosen else user_cache_path("detection-harness")


#: Where all users of a machine may leave a file.
SHARED = (Path("/run/lock"), Path("/tmp"))  # noqa: S108 -- only ever opened without following a link


def locks_folder() -> Path:
    """Return the folder of the devices' locks: HARNESS_LOCKS, or the first one in which all users may write.

    Who asks does not matter, or root and a user would not meet where /run/lock is root's alone.
    """
    chosen = os.environ.get("HARNESS_LOCKS")
    return Path(chosen) if chosen else next(filter(_is_shared, SHARED), SHARED[-1])


def _is_shared(folder: Path) -> bool:
    return folder.is_dir() and bool(folder.stat().st_mode & stat.S_IWOTH)


def weights_folder() -> Path:
    """Return the folder of the checkpoints."""
    return data_folder() / "weights"
