"""What a base, a lock and a Retry-After header say, before anybody is asked."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from harness.errors import BadDocument
from tests.online.index import locked
from tests.online.registry import parse
from tests.online.web import _after_s, server_of

HUB = "https://hub"
A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("image", "server", "repository", "tag"),
    [
        ("python:3.13-slim", HUB, "library/python", "3.13-slim"),
        ("library/python:3", HUB, "library/python", "3"),
        ("docker.io/python:3", HUB, "library/python", "3"),
        ("docker.io/library/python:3", HUB, "library/python", "3"),
        ("index.docker.io/team/app:3", HUB, "team/app", "3"),
        ("team/app", HUB, "team/app", "latest"),
        ("quay.io/team/app:1", "https://quay.io", "team/app", "1"),
        ("ghcr.io/a/b/c:1", "https://ghcr.io", "a/b/c", "1"),
        ("registry.example:5000/app", "https://registry.example:5000", "app", "latest"),
        ("registry:5000/app:2", "https://registry:5000", "app", "2"),
        ("localhost/app:2", "http://localhost", "app", "2"),
        ("localhost:5000/app:2", "http://localhost:5000", "app", "2"),
        ("127.0.0.1:5000/app", "http://127.0.0.1:5000", "app", "latest"),
    ],
)
def test_a_base_names_a_registry_a_repository_and_a_tag(image: str, server: str, repository: str, tag: str) -> None:
    found = parse(f"{image}@sha256:{A}", f"{HUB}/")
    assert (found.name, found.digest) == (image, f"sha256:{A}")
    assert (found.server, found.repository, found.tag) == (server, repository, tag)


@pytest.mark.parametrize("base", ["https://quay.io/app:1", "-a.io/app:1"])
def test_what_names_no_image_is_a_sentence(base: str) -> None:
    with pytest.raises(BadDocument, match=r"names no image; correct docker/environments.toml"):
        parse(base, HUB)


def test_every_requirement_of_a_lock_is_read_with_its_hashes_or_without() -> None:
    text = f"""# a comment that names foo==1
--index-url https://somewhere
foo==1 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via bar
bar[extra]==2 --hash=sha256:{A}  # a remark
baz==3 ; python_version < "3.10" \\
    --hash=sha256:{B}
bare==4
mine @ https://somewhere/mine.whl
"""
    found = {each.requirement: (each.project, set(each.sha256s)) for each in locked(text)}
    assert found == {
        "foo==1": ("foo", {A, B}),
        "bar[extra]==2": ("bar", {A}),
        'baz==3 ; python_version < "3.10"': ("baz", {B}),
        "bare==4": ("bare", set()),
        "mine @ https://somewhere/mine.whl": ("mine", set()),
    }


def test_a_wait_is_a_number_of_seconds_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < (_after_s(soon) or 0) <= 30
    assert _after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert _after_s("7") == 7
    assert _after_s(None) is _after_s("soon") is None


def test_a_server_is_scheme_host_and_port() -> None:
    assert server_of("https://a.example/v2/x?y") == server_of("https://a.example:443") == "https://a.example"
    assert server_of("http://127.0.0.1:8/x") == "http://127.0.0.1:8"
