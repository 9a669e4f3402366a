"""The extra `demo`: PyAV, which decodes and encodes, and supervision, which draws; imported once they are needed."""

import importlib
from importlib.util import find_spec
from types import ModuleType

from harness.errors import CannotRunHere

#: What each module is called where it is installed from.
DISTRIBUTIONS = {"av": "av", "supervision": "supervision", "cv2": "opencv-python-headless"}


INSTALL = "install it: pip install 'detection-harness[demo]', in a clone .venv/bin/pip install -e '.[demo]'"


def require_installed() -> None:
    """Look for all of it without importing it. Raises CannotRunHere where one is missing."""
    for module, name in DISTRIBUTIONS.items():
        if find_spec(module) is None:
            raise CannotRunHere(f"a demo needs {name}, which is not installed", INSTALL)


def needed(module: str) -> ModuleType:
    """Return a module of the extra. Raises CannotRunHere where it is missing, or broken."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = DISTRIBUTIONS[module]
        raise CannotRunHere(f"a demo needs {name}, which can't be imported ({error})", INSTALL) from error
