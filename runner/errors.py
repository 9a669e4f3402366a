"""The one error that runner code raises for a cell that can't be measured, and the words of others."""

from typing import Literal

from runner.contract import Failure


class JobError(Exception):
    """A cell can't be measured, for a reason that is known and has a remedy."""

    def __init__(self, message: str, remedy: str, cause: Literal["infrastructure", "model"] = "infrastructure"):
        super().__init__(message)
        self.failure = Failure(kind="JobError", message=message, remedy=remedy, cause=cause)


def said(error: BaseException) -> str:
    """Return what an error says, "" where its class, which may be a person's own, can't."""
    try:
        return str(error)
    except Exception:
        return ""
