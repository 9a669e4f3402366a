"""All access to Docker: the one module that imports docker-py. It is handed in wherever an engine is needed."""

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
from harness.host.interruptions import held_back
from harness.images import endpoint
from harness.images.containers import ContainerReport, ContainerSpec, Image, arguments, follow, traits_of
from harness.images.endpoint import ODD_ANSWERS
from harness.images.refusals import Refusal
from harness.progress import OnLine

#: The HTTP status of an engine that is already doing what it was asked for.
CONFLICT = 409


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the engine refuses, or that it went away, into a sentence. Raises CannotRunHere."""
    try:
        yield
    except (DockerException, RequestException, *ODD_ANSWERS) as error:
        raise refusal(error).to("the Docker engine did not do what it was asked for") from error


def refusal(error: Exception) -> Refusal:
    """Return what docker-py's error says, or what else its client raised."""
    if isinstance(error, APIError):
        return Refusal(str(error.explanation or error))
    kind = f"{type(error).__name__}: " if isinstance(error, ODD_ANSWERS) else ""
    return Refusal(f"{kind}{error}", answered=False)


class Engine(AbstractContextManager["Engine"]):
    """A Docker engine that answers."""

    def __init__(self, client: docker.DockerClient):
        self._client = client
        info = client.info()
        self.version: str = info["ServerVersion"]
        #: Where the engine keeps its images, a path on its own host.
        self.root = Path(info.get("DockerRootDir") or "/")
        self.traits = traits_of(info)
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
            raise endpoint.unreachable(where, error, refusal(error).short) from error
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
        listed = self._client.api.images(filters={"label": wanted})
        newest_first = sorted(listed, key=lambda entry: entry["Created"], reverse=True)
        # One call lists them and another looks at each, between which somebody may remove one.
        looked_at = (self.image(entry["Id"]) for entry in newest_first)
        return [image for image in looked_at if image]

    def remove_image(self, image: Image) -> None:
        """Remove an image with all its tags. Raises CannotRunHere where a container still uses it."""
        try:
            self._client.images.remove(image.id, force=len(image.tags) > 1)
        except ImageNotFound:
            return
        except (DockerException, RequestException) as error:
            name = next(iter(image.tags), image.id)
            raise refusal(error).to(f"the image {name} can't be removed", "end what uses it") from error

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
                    raise Refusal(event["error"]).to(f"{reference} can't be pulled")
                if not event.get("progressDetail"):  # which comes many times a second
                    yield " ".join(filter(None, (event.get("id"), event.get("status"))))
        except (DockerException, RequestException) as error:
            raise refusal(error).to(f"{reference} can't be pulled") from error

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
                    remedy = "mend the failing step, shown above, and build again"
                    raise Refusal(event["error"]).to(f"the image {tag} can't be built", remedy)
                yield from str(event.get("stream") or event.get("status") or "").splitlines()
        except (DockerException, RequestException) as error:
            raise refusal(error).to(f"the image {tag} can't be built") from error

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
            raise refusal(error).to_run(spec.image) from error
        finally:
            timer.cancel()
            if container:
                with held_back():  # or a second interruption, such as the shell's own SIGHUP, would leave it
                    _remove(container)
        return ContainerReport(str(container.id), exit_code, timed_out.is_set(), killed_for_memory)

    @_answering()
    def labelled(self, label: str) -> dict[str, str]:
        """Return the label's value on each container, running or not, that carries it, by container id."""
        containers = self._client.containers.list(all=True, ignore_removed=True, filters={"label": label})
        return {str(container.id): container.labels[label] for container in containers}

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
