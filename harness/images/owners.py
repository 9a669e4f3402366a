"""Whose a container is, and which ones were left behind by a harness that was killed."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.documents.run_folder import is_held
from harness.host.machine import host_id
from harness.images.containers import LABEL

if TYPE_CHECKING:
    from harness.images.engine import Engine

#: Labels of a container: the lock file of its run, and the machine on which that lies.
OWNER, HOST = f"{LABEL}.owner", f"{LABEL}.host"
#: What stands for a machine that has no id.
NO_HOST = "unknown"


def labels(lock: Path) -> dict[str, str]:
    """Return the labels of a container that is an orphan once nobody holds the lock."""
    return {OWNER: str(lock.resolve()), HOST: host_id() or NO_HOST}


def remove_orphans(engine: "Engine", own: Path) -> int:
    """Remove the containers of runs that were killed, and return how many they were.

    They are those whose run no process holds any more, and those that an earlier process left of the run whose lock
    file is `own`: the caller holds it, and has started nothing yet. What can't be judged is left alone.
    """
    hosts = engine.labelled(HOST)
    orphans = [name for name, lock in engine.labelled(OWNER).items() if is_orphan(lock, hosts.get(name), own)]
    for container_id in orphans:
        engine.remove(container_id)
    return len(orphans)


def is_orphan(owner: str, host: str | None, own: Path) -> bool:
    """Tell by its labels whether a container's run was killed, or is the one of `own`, before that starts any.

    It can't be judged where its lock is a file of another machine, of an unknown one, or of a container with files of
    its own, which may share the engine; where it is gone, as that of a run that was moved; and where this user may not
    look at it.
    """
    lock, here = Path(owner), host_id() or NO_HOST
    if lock == own.resolve():
        return host in (None, here)  # None: by an earlier version
    judged = host == here != NO_HOST and lock.is_absolute() and lock.name == own.name and lock.is_file()
    return judged and is_held(lock) is False
