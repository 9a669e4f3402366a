"""What the check of a connected machine says before it asks anybody."""

import re

import pytest

from tests.online.__main__ import main
from tests.online.check import PLACES


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONLY", "LIST", "LIMIT", "OUT", *PLACES):
        monkeypatch.delenv(name, raising=False)


def test_the_parts_are_listed_with_what_they_take_and_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIST", "1")
    assert main() == 0
    *parts, together = capsys.readouterr().out.splitlines()
    every = ["bases", "locks", "missing-hashes", "cudnn", "checkpoints", "ap", "images"]
    assert [line.split()[0] for line in parts] == every
    assert all(re.search(r": (a few MB|[\d.]+ GB), .*\b(seconds|minutes?|hours?|day)\b", line) for line in parts)
    assert "needs a Docker engine" in parts[-1]
    sizes = [float(size) for line in parts for size in re.findall(r": ([\d.]+) GB,", line)]
    told = re.fullmatch(r"in all +([\d.]+) GB; what is here already is not fetched again", together)
    assert told and abs(float(told.group(1)) - sum(sizes)) < 0.3


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("ONLY", "base", "there is no part 'base'; did you mean bases?"),
        ("LIMIT", "all", "LIMIT=all is no number of images; write it such as LIMIT=500."),
        ("LIMIT", "0", "LIMIT=0 is no number of images"),
        ("ONLINE_REGISTRY", "registry.example", "ONLINE_REGISTRY=registry.example is no http:// or https:// URL"),
        ("ONLINE_INDEX", "ftp://x/simple", "ONLINE_INDEX=ftp://x/simple is no http:// or https:// URL"),
        ("HARNESS_WEIGHTS_URL", "http://[::1", "HARNESS_WEIGHTS_URL=http://[::1 is no http:// or https:// URL"),
    ],
)
def test_what_it_does_not_know_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, text: str, sentence: str
) -> None:
    monkeypatch.setenv(name, text)
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"test-online: {sentence}")
