"""What registries and package indexes answer about a pin, without anything being pulled or installed."""

import hashlib
import re
from urllib.parse import urljoin

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
#: The media types of an index of platforms and of a single image, Docker's and the OCI's.
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
SIMPLE = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


def reached(url: str) -> bool:
    """Tell whether any HTTP answer comes, whatever it says."""
    try:
        httpx.get(url, timeout=httpx.Timeout(4.0), follow_redirects=False)
    except httpx.HTTPError:
        return False
    return True


def manifest_digest(registry: str, image: str, digest: str) -> str | None:
    """Return the digest of what the registry serves as image@digest, None where it has no such manifest.

    The digest is computed from the bytes that came. Raises httpx.HTTPError where no answer comes, or another one.
    """
    name = image.partition(":")[0]
    repository = name if "/" in name else f"library/{name}"
    url, headers = f"{registry.rstrip('/')}/v2/{repository}/manifests/{digest}", {"Accept": MANIFESTS}
    answer = httpx.get(url, headers=headers, timeout=TIMEOUT, follow_redirects=True)
    if answer.status_code == httpx.codes.UNAUTHORIZED and "WWW-Authenticate" in answer.headers:
        headers["Authorization"] = f"Bearer {_token(answer.headers['WWW-Authenticate'])}"
        answer = httpx.get(url, headers=headers, timeout=TIMEOUT, follow_redirects=True)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    answer.raise_for_status()
    return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


def _token(challenge: str) -> str:
    """Return the anonymous token that a registry's challenge asks for (distribution.github.io, spec/auth)."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    answer = httpx.get(asked.pop("realm"), params=asked, timeout=TIMEOUT)
    answer.raise_for_status()
    said = answer.json()
    return str(said.get("token") or said["access_token"])


def hashes(index: str, project: str) -> set[str]:
    """Return the SHA-256 of every file of a project that a package index serves, in JSON (PEP 691) or HTML (PEP 503).

    Raises httpx.HTTPError where the index does not answer or lacks the project.
    """
    url = urljoin(index.rstrip("/") + "/", re.sub(r"[-_.]+", "-", project).lower() + "/")
    answer = httpx.get(url, headers={"Accept": SIMPLE}, timeout=TIMEOUT, follow_redirects=True)
    answer.raise_for_status()
    if "json" in answer.headers.get("Content-Type", ""):
        return {file["hashes"]["sha256"] for file in answer.json()["files"] if "sha256" in file["hashes"]}
    return set(re.findall(r"#sha256=([0-9a-f]{64})", answer.text))
