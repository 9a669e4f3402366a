"""The documents of a run: what they hold, and how they are read and written."""

from harness.documents.execution import Execution, Host, ImageIdentity
from harness.documents.files import read, replacing, schema, unreadable, write
from harness.documents.plan import Plan, PlannedCell

__all__ = [
    "Execution",
    "Host",
    "ImageIdentity",
    "Plan",
    "PlannedCell",
    "read",
    "replacing",
    "schema",
    "unreadable",
    "write",
]
