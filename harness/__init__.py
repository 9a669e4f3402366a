"""The host side: plans cells, executes them in pinned environments, reports what they left behind.

`import harness` gives its Python face, docs/python.md: harness.run, harness.load and what stands below. Each name is
imported when it is first asked for, so that the import itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from harness.api.agreements import Agreements as Agreements
    from harness.api.comparisons import Comparisons as Comparisons
    from harness.api.comparisons import compare as compare
    from harness.api.data import data_fetch as data_fetch
    from harness.api.data import data_list as data_list
    from harness.api.data import data_verify as data_verify
    from harness.api.demo import Demo as Demo
    from harness.api.demo import demo as demo
    from harness.api.explained import Explained as Explained
    from harness.api.explained import Explanation as Explanation
    from harness.api.explained import explain as explain
    from harness.api.host import Chosen as Chosen
    from harness.api.host import Examined as Examined
    from harness.api.host import choose as choose
    from harness.api.host import doctor as doctor
    from harness.api.host import models as models
    from harness.api.host import published_check as published_check
    from harness.api.images import images_build as images_build
    from harness.api.images import images_list as images_list
    from harness.api.images import images_lock as images_lock
    from harness.api.images import images_prune as images_prune
    from harness.api.images import images_verify as images_verify
    from harness.api.measuring import open_run as open_run
    from harness.api.measuring import reproduce as reproduce
    from harness.api.measuring import resume as resume
    from harness.api.measuring import run as run
    from harness.api.reproduced import Reproduced as Reproduced
    from harness.api.results import agree as agree
    from harness.api.results import gallery as gallery
    from harness.api.results import load as load
    from harness.api.results import merge as merge
    from harness.api.results import page as page
    from harness.api.results import score as score
    from harness.api.results import tables as tables
    from harness.api.run import MeasuredCell as MeasuredCell
    from harness.api.run import Run as Run
    from harness.api.scores import Scores as Scores
    from harness.api.tables import TextTable as TextTable
    from harness.cli.live import progress_on as progress_on
    from harness.errors import BadDocument as BadDocument
    from harness.errors import BadInput as BadInput
    from harness.errors import CannotRunHere as CannotRunHere
    from harness.errors import HarnessError as HarnessError
    from harness.errors import StorageError as StorageError
    from harness.pipeline import Interrupted as Interrupted
    from harness.progress import Progress as Progress
    from harness.progress import Silent as Silent

#: Where each of those names is.
PLACES = {
    "harness.api.agreements": ["Agreements"],
    "harness.api.comparisons": ["Comparisons", "compare"],
    "harness.api.data": ["data_fetch", "data_list", "data_verify"],
    "harness.api.demo": ["Demo", "demo"],
    "harness.api.explained": ["Explained", "Explanation", "explain"],
    "harness.api.host": ["Chosen", "Examined", "choose", "doctor", "models", "published_check"],
    "harness.api.images": ["images_build", "images_list", "images_lock", "images_prune", "images_verify"],
    "harness.api.measuring": ["open_run", "reproduce", "resume", "run"],
    "harness.api.reproduced": ["Reproduced"],
    "harness.api.results": ["agree", "gallery", "load", "merge", "page", "score", "tables"],
    "harness.api.run": ["MeasuredCell", "Run"],
    "harness.api.scores": ["Scores"],
    "harness.api.tables": ["TextTable"],
    "harness.cli.live": ["progress_on"],
    "harness.errors": ["BadDocument", "BadInput", "CannotRunHere", "HarnessError", "StorageError"],
    "harness.pipeline": ["Interrupted"],
    "harness.progress": ["Progress", "Silent"],
}


if not TYPE_CHECKING:  # which would take any name for one of the module's

    def __getattr__(name: str) -> object:
        place = next((place for place, names in PLACES.items() if name in names), None)
        if place is None:
            raise AttributeError(f"module 'harness' has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(place), name))


def __dir__() -> list[str]:
    return sorted([*globals(), *(name for names in PLACES.values() for name in names)])
