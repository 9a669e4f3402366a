"""How registries and package indexes are asked, on loopback: what they answer, and what they do instead."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.servers import FileServer, serving
from tests.online.index import served
from tests.online.registry import Reference, manifest_digest, parse
from tests.online.web import ATTEMPTS, NotReached
from tests.unit.online.acting import ActingHarness, passing, seen

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
A, B = "a" * 64, "b" * 64


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer(contents_are_all=True)) as files:
        yield files


@pytest.fixture
def image(server: FileServer) -> Reference:
    """An image of a registry that the base itself names by host and port."""
    server.contents[f"v2/team/base/manifests/{DIGEST}"] = MANIFEST
    return parse(f"{server.url.removeprefix('http://')}team/base:1@{DIGEST}", hub="http://127.0.0.1:9")


def challenge(server: FileServer, text: str) -> None:
    server.refusals, server.headers_of = [401], {401: {"WWW-Authenticate": text}}


def test_a_registry_is_the_one_that_the_base_names(image: Reference) -> None:
    assert manifest_digest(image, image.digest) == DIGEST
    assert manifest_digest(image, image.tag) is None


def test_a_digest_is_computed_from_the_bytes_that_come(server: FileServer, image: Reference) -> None:
    server.contents[f"v2/team/base/manifests/{DIGEST}"] = b"{}"
    assert manifest_digest(image, image.digest) == f"sha256:{hashlib.sha256(b'{}').hexdigest()}"


def test_a_token_is_asked_for_where_the_registry_wants_one(server: FileServer, image: Reference) -> None:
    server.contents["token"] = b'{"access_token": "open sesame"}'
    challenge(server, f'Bearer realm="{server.url}token?account=nobody",service="here"')
    assert manifest_digest(image, image.digest) == DIGEST
    assert server.authorizations == [None, None, "Bearer open sesame"]
    assert server.paths[1] == "token?account=nobody&service=here&scope=repository%3Ateam%2Fbase%3Apull"


def test_who_gets_no_manifest_for_a_token_is_told_of_none(server: FileServer, image: Reference) -> None:
    """How Docker Hub answers for a repository that is not there."""
    server.contents["token"] = b'{"token": "open sesame"}'
    challenge(server, f'Bearer realm="{server.url}token"')
    server.refusals += [None, 401]
    assert manifest_digest(image, image.digest) is None


@pytest.mark.parametrize(
    ("realm", "token", "reason"),
    [
        ("{}token", b"<html>", "gave no token"),
        ("{}token", b"[]", "gave no token"),
        ("{}token", b'{"expires_in": 60}', "gave no token"),
        ("{}elsewhere", b"", "gave no token"),
        ("http://[::1", b"", "gave no token"),
        ("nonsense", b"", "nonsense"),
    ],
)
def test_a_token_that_can_not_be_had_is_a_sentence(
    server: FileServer, image: Reference, realm: str, token: bytes, reason: str
) -> None:
    server.contents["token"] = token
    challenge(server, f'Bearer realm="{realm.format(server.url)}",service="here"')
    with pytest.raises(NotReached, match=reason):
        manifest_digest(image, image.digest)


@pytest.mark.parametrize("asked", ['Basic realm="members"', "Bearer", 'Bearer service="x"'])
def test_a_registry_for_members_is_a_sentence(server: FileServer, image: Reference, asked: str) -> None:
    challenge(server, asked)
    with pytest.raises(NotReached, match="lets nobody in without a name"):
        manifest_digest(image, image.digest)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_may_do_better_is_asked_again(server: FileServer, image: Reference, status: int) -> None:
    server.refusals = [status, status]
    assert manifest_digest(image, image.digest) == DIGEST
    assert server.requests == 3


def test_the_server_of_tokens_is_asked_again_too(server: FileServer, image: Reference) -> None:
    server.contents["token"] = b'{"token": "open sesame"}'
    challenge(server, f'Bearer realm="{server.url}token"')
    server.refusals += [502]
    assert manifest_digest(image, image.digest) == DIGEST


def test_a_server_is_not_asked_for_ever(server: FileServer, image: Reference) -> None:
    server.refusals, server.headers_of = [503] * 9, {503: {"Retry-After": "0"}}
    with pytest.raises(NotReached, match="HTTP 503"):
        manifest_digest(image, image.digest)
    assert server.requests == ATTEMPTS


def test_a_long_wait_is_not_waited_for(server: FileServer, image: Reference) -> None:
    server.refusals, server.headers_of = [429], {429: {"Retry-After": "3600"}}
    with pytest.raises(NotReached, match="HTTP 429, and to be asked again in 3600 s") as raised:
        manifest_digest(image, image.digest)
    assert raised.value.busy
    assert server.requests == 1


def asked(url: str, project: str) -> str:
    return str(served(url, project))


@pytest.mark.parametrize("busy", [False, True])
def test_a_server_that_falls_silent_on_the_way_is_one_finding(server: FileServer, tmp_path: Path, busy: bool) -> None:
    server.refusals, server.headers_of = [429] * 9, {429: {"Retry-After": "3600"}}
    url = server.url if busy else "http://127.0.0.1:9/"
    doing = passing("locks", tmp_path, ActingHarness({}))
    found = [doing.each(project, "", url, partial(asked, url, project)) for project in "abc"]
    doing.close(all_absent=False)
    assert found == [None] * 3
    assert server.requests == int(busy)
    ((item, finding),) = seen(doing).items()
    assert (item, finding.verdict) == ("3 of 3 items", "not reached")
    assert url in finding.seen


@pytest.mark.parametrize("status", [403, 418])
def test_another_refusal_tells_nothing_of_a_pin(server: FileServer, image: Reference, status: int) -> None:
    server.refusals = [status]
    with pytest.raises(NotReached, match=f"HTTP {status}"):
        manifest_digest(image, image.digest)


def test_a_web_page_is_no_manifest(server: FileServer, image: Reference) -> None:
    """What a hotel's network answers in everybody's name."""
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(NotReached, match="a web page came"):
        manifest_digest(image, image.digest)


@pytest.mark.parametrize("project", ["Typing_Extensions", "typing.extensions"])
def test_a_page_of_an_index_is_read_in_both_forms(server: FileServer, project: str) -> None:
    page = f'<a href="x-1.whl#sha256={A}">x</a><A href="x-2.whl#sha256={B}">x</A>'
    server.contents["simple/typing-extensions/"] = page.encode()
    assert served(f"{server.url}simple/", project) == frozenset((A, B))
    files = [{"hashes": {"sha256": A}}, {"hashes": {"sha256": B}}, {"hashes": {"md5": "c"}}]
    server.contents["simple/typing-extensions/"] = json.dumps({"files": files}).encode()
    server.content_type = "application/vnd.pypi.simple.v1+json"
    assert served(f"{server.url}simple", project) == frozenset((A, B))


def test_a_project_that_an_index_lacks_is_none_and_one_without_files_has_no_hash(server: FileServer) -> None:
    assert served(server.url, "gone") is None
    server.contents["empty/"] = b"<html><body></body></html>"
    assert served(server.url, "empty") == frozenset()


@pytest.mark.parametrize(
    ("page", "kind", "reason"),
    [
        (b'<a href="x-1.whl">x</a>', "text/html", "no file there has a SHA-256"),
        (b'{"files": [{"hashes": {}}]}', "application/json", "no file there has a SHA-256"),
        (b"{", "application/json", "no page of an index"),
        (b'{"error": 1}', "application/json", "no page of an index"),
        (b'{"files": [{}]}', "application/json", "no page of an index"),
        (b"[1]", "application/json", "no page of an index"),
    ],
)
def test_a_page_that_tells_no_hash_is_a_sentence(server: FileServer, page: bytes, kind: str, reason: str) -> None:
    server.contents["x/"], server.content_type = page, kind
    with pytest.raises(NotReached, match=reason):
        served(server.url, "x")
