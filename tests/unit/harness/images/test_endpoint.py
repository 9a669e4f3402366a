"""Which engine is meant, and what its sentence says where it can't be reached. Real sockets: tests/integration."""

import grp
import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from harness.errors import CannotRunHere
from harness.images import endpoint
from harness.images.endpoint import Endpoint


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Docker's configuration, with no variable that says otherwise."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def context(config: Path, name: str, host: str, **more: object) -> str:
    """Make a context as docker context create does, and return the hash that it lies under."""
    place = hashlib.sha256(name.encode()).hexdigest()
    folder = config / "contexts" / "meta" / place
    folder.mkdir(parents=True)
    document = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, **more}}}
    (folder / "meta.json").write_text(json.dumps(document))
    return place


def choose(config: Path, name: str) -> None:
    (config / "config.json").write_text(json.dumps({"currentContext": name, "auths": {}}))


def test_without_a_choice_it_is_the_default_socket(config: Path) -> None:
    assert endpoint.current() == Endpoint("unix:///var/run/docker.sock")
    choose(config, "default")
    assert endpoint.current() == Endpoint("unix:///var/run/docker.sock")


def test_the_nearest_choice_wins(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(config, "away", "tcp://192.0.2.1:2376")
    context(config, "rootless", "unix:///run/user/1/docker.sock")
    choose(config, "away")
    assert endpoint.current() == Endpoint("tcp://192.0.2.1:2376", "away")
    monkeypatch.setenv("DOCKER_CONTEXT", "rootless")
    assert endpoint.current() == Endpoint("unix:///run/user/1/docker.sock", "rootless")
    assert endpoint.current().socket == Path("/run/user/1/docker.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert endpoint.current().context is None
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.2:2375")
    assert endpoint.current() == Endpoint("tcp://192.0.2.2:2375")


def test_the_certificates_of_a_context_go_with_it(config: Path) -> None:
    place = context(config, "away", "tcp://192.0.2.1:2376", SkipTLSVerify=True)
    folder = config / "contexts" / "tls" / place / "docker"
    folder.mkdir(parents=True)
    choose(config, "away")
    assert endpoint.current() == Endpoint("tcp://192.0.2.1:2376", "away", folder, verify=False)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "{",
        "[]",
        '{"Endpoints": {}}',
        '{"Endpoints": {"docker": {"Host": ["a"]}}}',
        '{"Endpoints": {"docker": {"Host": ""}}}',
    ],
)
def test_a_context_that_is_not_usable_is_named(config: Path, text: str | None) -> None:
    place = context(config, "away", "tcp://192.0.2.1:2376")
    choose(config, "away")
    file = config / "contexts" / "meta" / place / "meta.json"
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(CannotRunHere, match=r"the Docker context away is chosen, and .* has no usable one"):
        endpoint.current()


def test_an_engine_behind_ssh_is_refused_with_its_reason(config: Path) -> None:
    context(config, "away", "ssh://me@example.invalid")
    choose(config, "away")
    with pytest.raises(CannotRunHere, match=r"example\.invalid \(the Docker context away\) is reached by SSH"):
        endpoint.current()


def test_the_system_s_own_words_are_found_among_the_causes() -> None:
    wrapped = RuntimeError("can't connect", ValueError("aborted", ConnectionRefusedError(111, "Connection refused")))
    found = endpoint.unreachable(Endpoint("tcp://192.0.2.1:1", "away"), wrapped, "what the client said")
    assert found.reason == (
        "no Docker engine answers at tcp://192.0.2.1:1 (the Docker context away) (Connection refused)"
    )
    assert "choose another context" in found.remedy
    other = endpoint.unreachable(Endpoint("tcp://192.0.2.1:1"), RuntimeError("too old"), "too old")
    assert other.reason == "the Docker engine at tcp://192.0.2.1:1 can't be used (too old)"
    assert other.remedy == "set DOCKER_HOST, or measure without it: --image local"
    silent = endpoint.unreachable(Endpoint("unix:///a"), RuntimeError(TimeoutError("timed out")), "")
    assert silent.reason == "no Docker engine answers at unix:///a (timed out)"


@pytest.mark.parametrize(
    "text", ["[1]", "[" * 100_000, '{"proxies": "http://x"}', '{"auths": 5}', '{"HttpHeaders": ["a"]}', '"x"']
)
def test_a_configuration_over_which_the_client_would_stumble_is_named(config: Path, text: str) -> None:
    (config / "config.json").write_text(text)
    with pytest.raises(CannotRunHere, match=r"config\.json is no configuration of Docker; mend it, "):
        endpoint.current()


@pytest.mark.parametrize("text", ["{broken", "\0", '{"currentContext": null}', ""])
def test_a_configuration_that_docker_passes_over_is_passed_over(config: Path, text: str) -> None:
    (config / "config.json").write_text(text)
    assert endpoint.current() == Endpoint("unix:///var/run/docker.sock")


def test_a_context_of_no_possible_name_is_named(config: Path) -> None:
    (config / "config.json").write_text(json.dumps({"currentContext": "\ud800"}))
    with pytest.raises(CannotRunHere, match="has no usable one of that name"):
        endpoint.current()


OTHER_USER, DAEMON = 4711, 1
SOCKET = "/run/some.sock"


@pytest.mark.parametrize(
    ("owner", "group", "mode", "groups", "remedy"),
    [
        (OTHER_USER, DAEMON, 0o660, set(), "join its group (DAEMON) and log in anew; or"),
        (OTHER_USER, DAEMON, 0o600, set(), "join its group (DAEMON), let that group in (chmod g+rw "),
        (OTHER_USER, DAEMON, 0o600, {DAEMON}, "let that group in (chmod g+rw "),
        (OTHER_USER, DAEMON, 0o660, {DAEMON}, "measure without it"),  # its own rights are not what is in the way
        (OTHER_USER, 0, 0o660, set(), "have the engine give it to a group (dockerd --group docker), join that group"),
        (None, DAEMON, 0o000, set(), "give its owner the right to it (chmod u+rw "),
    ],
)
def test_who_may_not_use_the_socket_is_told_what_lets_them_in(
    owner: int | None,
    group: int,
    mode: int,
    groups: set[int],
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [mode | stat.S_IFSOCK, 0, 0, 1, os.geteuid() if owner is None else owner, group, 0, 0, 0, 0]
    monkeypatch.setattr(Path, "stat", lambda path: os.stat_result(values))
    monkeypatch.setattr(os, "getegid", lambda: 4712)
    monkeypatch.setattr(os, "getgroups", lambda: list(groups))
    refusal = PermissionError(13, "Permission denied")
    found = endpoint.unreachable(Endpoint(f"unix://{SOCKET}"), RuntimeError("aborted", refusal), "")
    assert found.reason == f"this user may not use the Docker socket unix://{SOCKET}"
    assert found.remedy.startswith(remedy.replace("DAEMON", grp.getgrgid(DAEMON).gr_name))
    assert found.remedy.endswith("measure without it: --image local")
