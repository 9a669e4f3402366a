"""All access to Docker: the one module that imports docker-py. It is handed in wherever an engine is needed."""

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from docker.auth import resolve_repository_name
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.tls import TLSConfig
from requests.exceptions import RequestException

import docker
from harness.errors import CannotRunHere
from harness.host.gpus import TOOLKIT_REMEDIES
from harness.host.interruptions import held_back
from harness.images import endpoint
from harness.images.containers import ContainerReport, ContainerSpec, Image, Traits, arguments, follow
from harness.images.endpoint import ODD_ANSWERS
from harness.progress import OnLine

#: The HTTP status of an engine that is already doing what it was asked for.
CONFLICT = 409
#: Every container and image of the harness carries labels under this prefix; nothing else is ever removed.
LABEL = "detection-harness"


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the engine refuses, or that it went away, into a sentence. Raises CannotRunHere."""
    try:
        yield
    except (DockerException, RequestException, *ODD_ANSWERS) as error:
        reason = f"the Docker engine did not do what it was asked for: {_short(error)}"
        raise CannotRunHere(reason, _remedy(error)) from error


class Engine(AbstractContextManager["Engine"]):
    """A Docker engine that answers."""

    def __init__(self, client: docker.DockerClient):
        self._client = client
        info = client.info()
        self.version: str = info["ServerVersion"]
        #: Where the engine keeps its images, a path on its own host.
        self.root = Path(info.get("DockerRootDir") or "/")
        security = " ".join(info.get("SecurityOptions") or [])
        self.traits = Traits(
            rootless="name=rootless" in security,
            selinux="name=selinux" in security,
            nvidia_runtime="nvidia" in (info.get("Runtimes") or {}),
            nvidia_hook=shutil.which("nvidia-container-runtime-hook") is not None,
            cdi_devices=[device["ID"] for device in info.get("DiscoveredDevices") or []],
            limits_memory=bool(info.get("MemoryLimit", True)),
        )
        self._silent_registries: set[str] = set()

    @classmethod
    def connect(cls, timeout_s: int = 5) -> "Engine":
        """Connect to the engine that Docker's own command line would use: see endpoint.current().

        Raises CannotRunHere where none answers within `timeout_s`.
        """
        where = endpoint.current()
        try:
            client = _client(where, timeout_s)
            engine = cls(client)
        except (DockerException, RequestException, *ODD_ANSWERS) as error:
            raise endpoint.unreachable(where, error, _short(error)) from error
        # What follows, a build above all, may take its time; only the first answer must be quick.
        client.api.timeout = None  # type: ignore[assignment]  # as requests has it: no limit
        return engine

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @_answering()
    def image(self, reference: str) -> Image | None:
        """Return the image that a tag, digest or id names, if the engine holds it."""
        try:
            return _image(self._client.images.get(reference))
        except ImageNotFound:
            return None

    @_answering()
    def images(self, labels: Mapping[str, str | None]) -> list[Image]:
        """Return the images that carry all of these labels (None: with any value), newest first."""
        wanted = [key if value is None else f"{key}={value}" for key, value in labels.items()]
        found = self._client.images.list(filters={"label": wanted})
        return [_image(image) for image in sorted(found, key=lambda i: i.attrs["Created"], reverse=True)]

    def remove_image(self, image: Image) -> None:
        """Remove an image with all its tags. Raises CannotRunHere where a container still uses it."""
        try:
            self._client.images.remove(image.id, force=len(image.tags) > 1)
        except ImageNotFound:
            return
        except DockerException as error:
            name = next(iter(image.tags), image.id)
            raise CannotRunHere(f"the image {name} can't be removed: {_short(error)}", "end what uses it") from error

    def digest(self, reference: str, timeout_s: float) -> str | None:
        """Return the digest that a registry has for the reference, None where none answers within `timeout_s`.

        Nothing is pulled. A registry that did not answer once is not asked again.
        """
        registry, _ = resolve_repository_name(reference.partition("@")[0])
        if registry in self._silent_registries:
            return None
        answer: list[str] = []

        def ask() -> None:
            with suppress(DockerException, RequestException):
                answer.append(str(self._client.images.get_registry_data(reference).id))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(timeout_s)
        if asking.is_alive():
            self._silent_registries.add(registry)
        return next(iter(answer), None)

    def pull(self, reference: str) -> Iterator[str]:
        """Pull an image, yielding a line for each of its layers. Raises CannotRunHere where it can't be had."""
        try:
            for event in self._client.api.pull(reference, stream=True, decode=True):
                if "error" in event:
                    raise CannotRunHere(f"{reference} can't be pulled: {_short(event['error'])}", "")
                if not event.get("progressDetail"):  # which comes many times a second
                    yield " ".join(filter(None, (event.get("id"), event.get("status"))))
        except (DockerException, RequestException) as error:
            raise CannotRunHere(f"{reference} can't be pulled: {_short(error)}", _remedy(error)) from error

    def build(
        self,
        context: Path,
        dockerfile: str,
        tag: str,
        labels: dict[str, str],
        build_args: dict[str, str],
        *,
        no_cache: bool = False,
    ) -> Iterator[str]:
        """Build an image, yielding the engine's output line by line as it comes.

        The network is the host's, as a base behind a proxy or a registry on loopback needs it.
        Raises CannotRunHere with the failing step's own words.
        """
        try:
            for event in self._client.api.build(
                path=str(context),
                dockerfile=dockerfile,
                tag=tag,
                labels=labels,
                buildargs=build_args,
                nocache=no_cache,
                network_mode="host",
                rm=True,
                forcerm=True,
                decode=True,
            ):
                if "error" in event:
                    raise CannotRunHere(
                        f"the image {tag} can't be built: {_short(event['error'])}",
                        "mend the failing step, shown above, and build again",
                    )
                yield from str(event.get("stream") or event.get("status") or "").splitlines()
        except (DockerException, RequestException) as error:
            raise CannotRunHere(f"the image {tag} can't be built: {_short(error)}", _remedy(error)) from error

    def run(self, spec: ContainerSpec, timeout_s: float, log: Path, on_line: OnLine) -> ContainerReport:
        """Run a container to its end and remove it, whatever happens.

        Both of its streams go to `log`, its standard output also to `on_line`. Raises CannotRunHere where it
        can't be started, and where the engine stops answering.
        """
        container: Container | None = None
        timed_out = threading.Event()
        timer = threading.Timer(timeout_s, lambda: _kill(container, timed_out) if container else None)
        try:
            with held_back():  # or what the engine has just created would be lost
                container = self._client.containers.create(**arguments(spec, self.traits))
            with closing(container.attach(stream=True, logs=True, demux=True)) as output:
                container.start()
                timer.start()
                follow(output, log, on_line)
            exit_code = int(container.wait()["StatusCode"])
            container.reload()
            killed_for_memory = bool(container.attrs["State"]["OOMKilled"]) and exit_code != 0
        except (DockerException, RequestException) as error:
            raise _cannot_start(spec, error) from error
        finally:
            timer.cancel()
            if container:
                _remove(container)
        return ContainerReport(str(container.id), exit_code, timed_out.is_set(), killed_for_memory)

    @_answering()
    def labelled(self, label: str) -> dict[str, str]:
        """Return the label's value on each container, running or not, that carries it, by container id."""
        found = self._client.containers.list(all=True, ignore_removed=True, filters={"label": label})
        return {str(container.id): container.labels[label] for container in found}

    @_answering()
    def remove(self, container_id: str) -> None:
        """Remove a container, unless it is gone already."""
        with suppress(NotFound):
            _remove(self._client.containers.get(container_id))


def _client(where: endpoint.Endpoint, timeout_s: int) -> docker.DockerClient:
    if where.context is None:
        return docker.from_env(timeout=timeout_s)
    tls = None
    if where.certificates:
        ca, cert, key = (str(where.certificates / f"{name}.pem") for name in ("ca", "cert", "key"))
        tls = TLSConfig(client_cert=(cert, key), ca_cert=ca, verify=where.verify)
    return docker.DockerClient(base_url=where.url, tls=tls or False, timeout=timeout_s)


def _remove(container: Container) -> None:
    try:
        container.remove(force=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != CONFLICT:  # somebody else is removing it already
            raise


def _kill(container: Container, timed_out: threading.Event) -> None:
    timed_out.set()
    with suppress(DockerException, RequestException):
        container.kill()


def _image(image: Any) -> Image:
    return Image(
        id=image.id,
        tags=image.tags,
        digests=image.attrs.get("RepoDigests") or [],
        labels=image.labels or {},
        size_bytes=image.attrs.get("Size", 0),
    )


def _cannot_start(spec: ContainerSpec, error: Exception) -> CannotRunHere:
    # The engine reports every failure of the NVIDIA toolkit as a plain 500, so its words are all there is to go by.
    said = str(error.explanation) if isinstance(error, APIError) else ""
    for words, remedy in TOOLKIT_REMEDIES.items():
        if words in said:
            return CannotRunHere(f"the Docker engine can't hand a GPU to a container ({words})", remedy)
    return CannotRunHere(f"the container of {spec.image} can't be run: {_short(error)}", _remedy(error))


def _remedy(error: Exception) -> str:
    """Return what mends an engine that did not answer; of one that refused, its own words say what there is to say."""
    return "" if isinstance(error, APIError) else "see whether the engine runs still (docker info)"


def _short(error: Exception | str) -> str:
    text = str(error.explanation) if isinstance(error, APIError) and error.explanation else str(error)
    kind = f"{type(error).__name__}: " if isinstance(error, ODD_ANSWERS) else ""
    return kind + " ".join(text.split())[:200]
