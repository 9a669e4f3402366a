"""Which Docker engine is meant, as Docker's own command line decides it, and why it can't be reached."""

import grp
import hashlib
import json
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from harness.errors import CannotRunHere, reason_of

DEFAULT_URL = "unix:///var/run/docker.sock"
WITHOUT = "measure without it: --image local"
#: What Docker's client raises where something answers that is no engine, or not as one does.
ODD_ANSWERS = (ValueError, LookupError, TypeError, AttributeError)
ANOTHER_CONTEXT = "choose another context (docker context use default)"


@dataclass(frozen=True)
class Endpoint:
    """Where an engine is: its URL, and of a Docker context its name and the folder of its certificates, if any."""

    url: str
    context: str | None = None
    certificates: Path | None = None
    verify: bool = True

    def __str__(self) -> str:
        return f"{self.url} (the Docker context {self.context})" if self.context else self.url

    @property
    def another(self) -> str:
        """How to choose another one."""
        return ANOTHER_CONTEXT if self.context else "set DOCKER_HOST"

    @property
    def socket(self) -> Path | None:
        """The socket's file, of an engine on this machine."""
        kind, _, path = self.url.partition("://")
        return Path(path) if kind in ("unix", "http+unix") else None


def current() -> Endpoint:
    """Return the engine that DOCKER_HOST names, else DOCKER_CONTEXT, else the current context, else the default one.

    Raises CannotRunHere where that context or Docker's configuration is not usable, and where an engine is reached by
    SSH.
    """
    host, config = os.environ.get("DOCKER_HOST"), _config()
    name = None if host else os.environ.get("DOCKER_CONTEXT") or str(config.get("currentContext") or "")
    chosen = _of_context(name) if name and name != "default" else Endpoint(host or DEFAULT_URL)
    if chosen.url.strip().lower().startswith("ssh://"):
        raise CannotRunHere(
            f"the Docker engine at {chosen} is reached by SSH, and can't mount the folders of this machine",
            f"run the harness on that one, {chosen.another}, or {WITHOUT}",
        )
    return chosen


def _folder() -> Path:
    """Return the folder of Docker's configuration; of a user without a home it is nowhere."""
    home = os.environ.get("HOME") or _of_user("pw_dir") or os.devnull
    return Path(os.environ.get("DOCKER_CONFIG") or Path(home) / ".docker")


def _of_user(field: str) -> str | None:
    """Return what the system knows of this user, None where it does not know it at all."""
    try:
        return str(getattr(pwd.getpwuid(os.geteuid()), field))
    except KeyError:
        return None


def _config() -> dict[str, object]:
    """Return Docker's configuration. Raises CannotRunHere where its own client, which reads it too, would stumble."""
    path = _folder() / "config.json"
    config = _json(path)
    parts = [config, *map(config.get, ("auths", "proxies", "HttpHeaders"))] if isinstance(config, dict) else [config]
    if any(part is not None and not isinstance(part, dict) for part in parts):
        raise CannotRunHere(
            f"{path} is no configuration of Docker", f"mend it, choose another folder (DOCKER_CONFIG), or {WITHOUT}"
        )
    return config if isinstance(config, dict) else {}


def _of_context(name: str) -> Endpoint:
    # docs: docker context export; a context lies under the hash of its name.
    place = hashlib.sha256(name.encode(errors="replace")).hexdigest()
    context = _json(_folder() / "contexts" / "meta" / place / "meta.json")
    endpoint = context.get("Endpoints") if isinstance(context, dict) else None
    engine = endpoint.get("docker") if isinstance(endpoint, dict) else None
    if not isinstance(engine, dict) or not isinstance(engine.get("Host"), str) or not engine["Host"]:
        raise CannotRunHere(
            f"the Docker context {name} is chosen, and {_folder()} has no usable one of that name",
            f"{ANOTHER_CONTEXT}, or {WITHOUT}",
        )
    certificates = _folder() / "contexts" / "tls" / place / "docker"
    verify = not engine.get("SkipTLSVerify")
    return Endpoint(engine["Host"], name, certificates if certificates.is_dir() else None, verify)


def _json(path: Path) -> object:
    """Return what a JSON file holds, None where it can't be read, as Docker does."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    except RecursionError:
        return []  # of more levels than Docker's client reads


def unreachable(endpoint: Endpoint, error: Exception, said: str) -> CannotRunHere:
    """Return why no engine is at hand: by the system's own error among the causes, else as the client `said`.

    Where the system has no part in it, starting an engine would not help: it answered, or its address is none.
    """
    cause = _system_error(error)
    if isinstance(cause, PermissionError) and endpoint.socket:
        return _forbidden(endpoint, endpoint.socket)
    if cause is None:
        return CannotRunHere(
            f"the Docker engine at {endpoint} can't be used ({said})", f"{endpoint.another}, or {WITHOUT}"
        )
    reason = f"no Docker engine answers at {endpoint} ({reason_of(cause)})"
    return CannotRunHere(reason, f"start one, {endpoint.another}, or {WITHOUT}")


def _system_error(error: BaseException) -> OSError | None:
    """Return the error of the system that led to this one. Libraries hand it on as a cause, or as an argument."""
    waiting: list[object] = [error]
    for cause in waiting:
        if isinstance(cause, OSError) and (cause.errno is not None or isinstance(cause, TimeoutError)):
            return cause
        if isinstance(cause, BaseException):
            waiting += [cause.__cause__, *cause.args]
            waiting += [] if cause.__cause__ else [cause.__context__]
    return None


def _forbidden(endpoint: Endpoint, socket: Path) -> CannotRunHere:
    steps = _steps(socket)
    way = f"{', '.join(steps[:-1])} and {steps[-1]}" if len(steps) > 1 else "".join(steps)
    remedy = f"{way}; or {WITHOUT}" if way else WITHOUT
    return CannotRunHere(f"this user may not use the Docker socket {endpoint}", remedy)


def _steps(socket: Path) -> list[str]:
    """Return what lets this user use a socket that it may not use yet, as far as the socket itself tells."""
    try:
        seen = socket.stat()
        group = grp.getgrgid(seen.st_gid)
    except (OSError, KeyError):  # its folder is closed to this user, or its group has no name
        return []
    if seen.st_uid == os.geteuid():
        return [] if seen.st_mode & stat.S_IWUSR else [f"give its owner the right to it (chmod u+rw {socket})"]
    if seen.st_gid == 0:
        return ["have the engine give it to a group (dockerd --group docker)", "join that group", "log in anew"]
    here = seen.st_gid in {os.getegid(), *os.getgroups()}
    open_to_group = bool(seen.st_mode & stat.S_IWGRP)
    if here and open_to_group:
        return []  # what keeps this user out is none of the socket's own rights
    return [
        *([] if here or _of_user("pw_name") in group.gr_mem else [f"join its group ({group.gr_name})"]),
        *([] if open_to_group else [f"let that group in (chmod g+rw {socket})"]),
        *([] if here else ["log in anew"]),
    ]
