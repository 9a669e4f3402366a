"""The documents of a run: what they hold, and how they are read and written."""

from harness.documents.files import (
    Execution,
    Host,
    ImageIdentity,
    Plan,
    PlannedCell,
    read,
    replacing,
    schema,
    unreadable,
    write,
)

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
