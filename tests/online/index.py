"""What a package index serves of a project (PEP 503 and 691), and what a lock asks of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from tests.online.web import NotReached, get

SIMPLE = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A requirement of a lock: its text, NAME==VERSION, the project's name, and the SHA-256 of the files it may be."""

    requirement: str
    project: str
    sha256s: frozenset[str]


def locked(text: str) -> Iterator[Locked]:
    """Yield every requirement of a lock, with hashes or without."""
    without_comments = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\s*\n", " ", without_comments).splitlines():
        if name := re.match(r"\s*([A-Za-z0-9][\w.-]*)", line):
            requirement = line.partition("--hash")[0].strip()
            yield Locked(requirement, name.group(1), frozenset(HASH.findall(line)))


def served(index: str, project: str) -> frozenset[str] | None:
    """Return the SHA-256 of every file of a project that the index serves, None where it has no such project.

    Raises NotReached where no answer comes, or one that names no hash of any file.
    """
    url = f"{index.rstrip('/')}/{re.sub(r'[-_.]+', '-', project).lower()}/"
    answer = get(url, {"Accept": SIMPLE})
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return None
    if not answer.is_success:
        raise NotReached(f"{url}: HTTP {answer.status_code} {answer.reason_phrase}")
    files, sha256s = _of_json(answer, url) if _is_json(answer) else _of_html(answer.text)
    if files and not sha256s:
        raise NotReached(f"{url}: no file there has a SHA-256")
    return frozenset(sha256s)


def _is_json(answer: httpx.Response) -> bool:
    return "json" in answer.headers.get("Content-Type", "")


def _of_json(answer: httpx.Response, url: str) -> tuple[int, set[str]]:
    try:
        files = answer.json()["files"]
        return len(files), {file["hashes"]["sha256"] for file in files if "sha256" in file["hashes"]}
    except (ValueError, KeyError, TypeError) as error:
        raise NotReached(f"{url}: what came is no page of an index") from error


def _of_html(text: str) -> tuple[int, set[str]]:
    return len(re.findall(r"<a\b", text, re.IGNORECASE)), set(re.findall(r"#sha256=([0-9a-f]{64})", text))
