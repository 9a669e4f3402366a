"""A module of a person's own code, from its source and from nowhere else.

Its folder stands last on the path, so that nothing of it takes the place of a module that torch or the runner needs;
what would be hidden by that is refused.
"""

import importlib
import importlib.util
import platform
import sys
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import torch
import torchvision

from runner.contract import Code
from runner.errors import JobError
from runner.own.blame import below, lies_in, line, words, wrong


def imported(code: Code, folder: Path) -> ModuleType:
    """Return the module, from the source in the folder. Raises JobError where it can't be imported."""
    sys.path_hooks.insert(0, _finder_in(folder))
    runner_root = Path(__file__).resolve().parent.parent  # in a clone, it holds more than the runner
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != runner_root]
    _require_own(code.module.partition(".")[0], folder)
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    try:
        return importlib.import_module(code.module)
    except ModuleNotFoundError as error:
        raise missing(code, str(error.name), folder) from error
    except SyntaxError as error:
        place = f"{below(error.filename, folder)}, line {error.lineno}"
        raise wrong(
            f"{place}, can't be read by Python {platform.python_version()}: {error.msg}",
            "write it for that version, or choose an environment with a newer one",
        ) from error
    except ImportError as error:
        if error.name is None or _is_in(folder, error.name):  # its own mistake
            raise
        raise wrong(
            f"{code.module} can't be imported{line(error, folder)}: {words(error)}",
            f"write it for torch {torch.__version__} and torchvision {torchvision.__version__}, or choose another "
            "environment",
        ) from error


class _FromSource(SourceFileLoader):
    """Compiles source anew: what Python made of it earlier is not what the folder's hash is of, and none is left."""

    def path_stats(self, path: Any) -> Any:
        """Find no time by which compiled code could be told to be of this source."""
        raise OSError(f"{path} is compiled anew")


def _finder_in(folder: Path) -> Callable[[str], Any]:
    """Return the hook of sys.path_hooks that finds modules in the folder, and leaves all others to Python."""
    usual = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        if folder not in (Path(path), *Path(path).parents):
            raise ImportError(f"{path} is not in {folder}")
        return usual(path)

    return hook


def _require_own(top: str, folder: Path) -> None:
    """Raise JobError where the module's first name is one of the environment's own, which would come first."""
    try:
        first = importlib.util.find_spec(top)
    except ValueError:  # such as __main__, which has no specification
        raise _clash(top) from None
    # A folder without __init__.py has no origin, and is a module only where nothing else of its name is found.
    if first is not None and first.origin is not None and not lies_in(first.origin, folder):
        raise _clash(top)


def require_no_clash(folder: Path) -> None:
    """Raise JobError where code of the folder has the name of a module that was imported from elsewhere."""
    for path in folder.iterdir():
        name = path.stem if path.suffix == ".py" else path.name
        module = sys.modules.get(name)
        is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
        is_module = is_module and not name.startswith("__")  # __main__ is nobody's import
        if is_module and module is not None and not lies_in(getattr(module, "__file__", None), folder):
            raise _clash(name)


def _clash(name: str) -> JobError:
    return wrong(
        f"the environment has a module {name} of its own, which comes before the one in the folder of --code",
        "rename that one",
    )


def _is_in(folder: Path, name: str) -> bool:
    """Tell whether a module, or the package that it is of, is one of the folder's."""
    top = name.partition(".")[0]
    return (folder / top).is_dir() or (folder / f"{top}.py").is_file()


def missing(code: Code, name: str, folder: Path) -> JobError:
    """Return the error for a module that is not there: the detector's own, or one that its code imports."""
    top = name.partition(".")[0]
    if code.module == name or code.module.startswith(f"{name}."):
        return wrong(f"the folder of --code has no module {code.module}", "name one that it has")
    if _is_in(folder, name):
        return wrong(f"{code.module} imports {name}, which the folder of --code does not have", "complete the folder")
    if importlib.util.find_spec(top) is not None:
        return wrong(
            f"{code.module} imports {name}, which the environment's {top} does not have",
            "choose an environment with another version of it",
        )
    return wrong(
        f"{code.module} imports {name}, which the environment does not have",
        "copy its source into the folder of --code, or choose an environment that has it: an image has what its "
        "docker/NAME/requirements.in lists, local what is installed in the harness's own Python",
    )
