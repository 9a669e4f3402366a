"""The extra `demo`: PyAV, which decodes and encodes, and supervision, which draws; imported once they are needed."""

import importlib
from types import ModuleType

from harness.errors import CannotRunHere

#: What each module is called where it is installed from.
DISTRIBUTIONS = {"av": "av", "supervision": "supervision", "cv2": "opencv-python-headless"}


def needed(module: str) -> ModuleType:
    """Return a module of the extra. Raises CannotRunHere where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = DISTRIBUTIONS[module]
        how = "install it: pip install 'detection-harness[demo]', in a clone .venv/bin/pip install -e '.[demo]'"
        raise CannotRunHere(f"a demo needs {name}, which can't be imported ({error})", how) from error
