"""What the cells of a run are called, and their folders, and that what is planned can be kept."""

import hashlib
import re

from harness.documents.files import unreadable
from harness.documents.plan import Plan
from harness.errors import BadInput

#: How many bytes the name of a cell's folder has at most. Where names are encrypted, a file system takes 143.
LONGEST_NAME = 140
#: How many of them are the name's end, where it has to be shortened.
LAST_PART = 60


def cell_name(*parts: str) -> str:
    """Return the name of a cell, which is its folder's: the parts, without what a folder's name may not hold.

    One that is too long has a hash in place of its middle.
    """
    name = re.sub(r"[^\w.-]", "_", "--".join(parts))
    encoded = name.encode()
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    first = encoded[: LONGEST_NAME - LAST_PART - len(digest) - 2].decode(errors="ignore")
    return f"{first}-{digest}-{encoded[-LAST_PART:].decode(errors='ignore')}"


def is_cell_name(name: str) -> bool:
    """Tell whether a run reads a cell of this name: no folder elsewhere, and none that can't be."""
    return re.fullmatch(r"[\w.-]{1,200}", name) is not None and name not in (".", "..")


def require_readable(plan: Plan) -> None:
    """Raise BadInput where what the plan holds could be written but not read again, or one cell over another."""
    if reason := unreadable(plan):
        raise BadInput(f"the plan can't be kept: {reason}", "rename it")
    builders: dict[str, str] = {}
    for job in (cell.job for cell in plan.cells):
        name, builder = job.cell, job.model.builder
        if not is_cell_name(name):
            raise BadInput(f"the plan can't be kept: no folder can have the name {name!r:.80}", "shorten it")
        if name in builders:
            alike = f"cells of {builders[name]} and of {builder} would share the folder {name}"
            raise BadInput(f"the plan can't be kept: {alike}", "rename one of them, or measure them in two runs")
        builders[name] = builder
