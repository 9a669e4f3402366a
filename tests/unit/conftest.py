"""Unit tests can't reach real machinery: an engine, a process, a network, a driver."""

import socket
import subprocess
from collections.abc import Iterator
from functools import cache

import pynvml
import pytest
import vl_convert

import docker


@pytest.fixture(autouse=True)
def no_real_machinery(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object, **keywords: object) -> None:
        raise AssertionError("a unit test reached for real machinery")

    monkeypatch.setattr(docker, "from_env", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(pynvml, "nvmlInit", forbidden)
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):  # as whoever runs the tests may have set them
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def one_bundle() -> Iterator[None]:
    """Have Vega's own code put together once: it is the same in every page, and takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "javascript_bundle", cache(vl_convert.javascript_bundle))
        yield
