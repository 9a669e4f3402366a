"""What a registry answers for a base image, without anything being pulled (distribution.github.io, spec/api)."""

import hashlib
import re
from dataclasses import dataclass

import httpx
from docker.auth import resolve_repository_name
from docker.errors import InvalidRepository
from docker.utils import parse_repository_tag

from harness.errors import BadDocument
from tests.online.web import NotReached, get

HUB = "docker.io"
#: The media types of an index of platforms and of a single image, the OCI's and Docker's.
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
#: Registries on this machine speak plain HTTP, as for an engine.
LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


@dataclass(frozen=True)
class Reference:
    """A base image as a Dockerfile names it: IMAGE:TAG, the URL of its registry, and repository, tag, digest there."""

    name: str
    server: str
    repository: str
    tag: str
    digest: str


def parse(reference: str, hub: str) -> Reference:
    """Return what IMAGE@DIGEST means; one without a registry is of Docker Hub, which is asked at `hub`.

    Raises BadDocument for what names no image.
    """
    image, _, digest = reference.partition("@")
    name, tag = parse_repository_tag(image)
    try:
        host, repository = resolve_repository_name(name)
    except (InvalidRepository, IndexError) as error:
        raise BadDocument(f"the base {reference!r} names no image", "correct docker/environments.toml") from error
    scheme = "http" if LOOPBACK.fullmatch(host) else "https"
    server = hub.rstrip("/") if host == HUB else f"{scheme}://{host}"
    official = host == HUB and "/" not in repository
    return Reference(image, server, f"library/{repository}" if official else repository, tag or "latest", digest)


def manifest_digest(image: Reference, version: str) -> str | None:
    """Return the digest of the manifest that the registry serves for a tag or a digest, None where it has none.

    It is computed from the bytes that came. Raises NotReached where no answer comes, or one that tells nothing.
    """
    url, headers = f"{image.server}/v2/{image.repository}/manifests/{version}", {"Accept": MANIFESTS}
    answer = get(url, headers)
    if answer.status_code == httpx.codes.UNAUTHORIZED and "WWW-Authenticate" in answer.headers:
        token = _token(answer.headers["WWW-Authenticate"], image.repository)
        answer = get(url, headers | {"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # how Docker Hub says that there is no such repository
            return None
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return None
    if not answer.is_success:
        raise NotReached(f"{url}: HTTP {answer.status_code} {answer.reason_phrase}")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise NotReached(f"{url}: a web page came in the place of a manifest")
    return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


def _token(challenge: str, repository: str) -> str:
    """Return the anonymous token that a registry's challenge asks for (distribution.github.io, spec/auth)."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = asked.pop("realm", None)
    if not challenge.lower().startswith("bearer ") or realm is None:
        raise NotReached(f"the registry lets nobody in without a name ({challenge})")
    asked.setdefault("scope", f"repository:{repository}:pull")
    try:
        answer = get(httpx.URL(realm).copy_merge_params(asked))
        said = answer.json()
        return str(said.get("token") or said["access_token"])
    except (httpx.InvalidURL, ValueError, AttributeError, KeyError) as error:
        raise NotReached(f"{realm} gave no token") from error
